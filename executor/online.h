/* SPDX-License-Identifier: MIT */
/* What online migrations need beyond the steps of all. */
#ifndef EXECUTOR_ONLINE_H
#define EXECUTOR_ONLINE_H

#include <stdbool.h>

#include "engine/cutover.h"
#include "executor/migration_fsm.h"
#include "executor/sides.h"

bool is_online(const struct migration *migration);

/* Sees to it that every database whose base copy is complete is followed. -1 (lasting): one cannot be
 * followed any more; the migration has failed. */
int online_follow(struct work *work, const struct migration_database *rows, size_t count);

/* Brings the named databases to where the source is now, and ends their replication. */
int online_cut_over(struct work *work, const struct sides *sides, struct migration_database *const *rows,
                    size_t count);

/*
 * Ends the replication of one database: slot, publication, helper and sessions are gone, the databases stay.
 * -1: a server cannot be reached; row->replication stays and keeps the migration unsettled.
 */
int online_clean_up_database(struct work *work, const struct sides *sides, struct migration_database *row);
/* The same for all of the migration. */
int online_clean_up(struct work *work);

/* The evidence of one database as JSON; the caller frees, NULL when memory is out. */
char *evidence_to_json(const struct migration_database *row, const char *position_applied,
                       const struct evidence *evidence);

#endif

/* SPDX-License-Identifier: MIT */
/* What online migrations need beyond the steps of all. */
#ifndef EXECUTOR_FOLLOW_ONLINE_H
#define EXECUTOR_FOLLOW_ONLINE_H

#include <stdbool.h>

#include "engine/cutover/cutover.h"
#include "executor/fsm/migration_fsm.h"
#include "executor/sides.h"

/* Sees to it that every database is followed whose base copy is complete and whose cutover has not begun. -1
 * (lasting): one cannot be followed any more; the migration has failed. Trouble that may pass is shown in
 * row->operation. */
int online_follow(struct work *work, struct migration_database *rows, size_t count);
/* The running step of a database, for the client; NULL: none. */
int online_show(struct work *work, struct migration_database *row, const char *text);
/* Puts what databases wait for on the user's side into currentStatus.error, or takes it out again. */
int online_show_waiting(struct work *work, const struct migration_database *rows, size_t count);
/* The same for one whose helper on the target is known to be open. */
int online_follow_one(struct work *work, struct migration_database *row);

/* The one condition under which the cutover of a database begins, or goes on. */
bool cutover_is_due(const struct work *work, const struct migration_database *row);
/* Brings the named databases to where the source is now, and ends their replication. -1 with
 * work->err.waiting: the user has to do something first, and calling it again goes on. */
int online_cut_over(struct work *work, const struct sides *sides, struct migration_database *const *rows,
                    size_t count);

/* Remembers slot, publication and helper of a database before they are made. */
int online_remember(struct work *work, const struct migration_database *row);
/* The replica identities that are to be given back, in new memory; NULL: none are known. */
int online_remembered_identities(struct work *work, const struct migration_database *row,
                                 char **ret_identities);

/*
 * Ends the replication of one database: slot, publication, helper and sessions are gone, the databases stay.
 * -1: a server cannot be reached; row->replication stays and keeps its cleanup pending. A source that is
 * not in "sides" is passed over.
 */
int online_clean_up_database(struct work *work, const struct sides *sides, struct migration_database *row);
/* The client sees that the replication of a database that has ended is still to be removed, and why it could
 * not be, until online_clean_up_database() has succeeded. */
int online_show_pending_cleanup(struct work *work, struct migration_database *row, const struct err *reason);
/* Ends a database that the user has canceled. What cannot be removed from a server now is tried again at the
 * latest at the end of the migration. */
int online_cancel_database(struct work *work, const struct sides *sides, struct migration_database *row);

/* The evidence of one database as JSON; the caller frees, NULL when memory is out. */
char *evidence_to_json(const struct migration_database *row, const char *position_applied,
                       const struct evidence *evidence);
/* Of the stored JSON (NULL: none): why the data cannot be trusted, or NULL. The caller frees. */
char *evidence_losses(const char *json);
/* The message of a database that has succeeded: "before" (may be NULL) is that of its base copy. NULL: there
 * is nothing to say. The caller frees. */
char *evidence_warnings(const char *json, const char *before);

#endif

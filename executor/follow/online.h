/* SPDX-License-Identifier: MIT */
/* Functions that only online migrations need. */
#ifndef EXECUTOR_FOLLOW_ONLINE_H
#define EXECUTOR_FOLLOW_ONLINE_H

#include <stdbool.h>

#include "engine/cutover/cutover.h"
#include "executor/fsm/migration_fsm.h"
#include "executor/servers/sides.h"

/* Ensures that every database is followed whose base copy is complete and whose cutover has not begun. -1
 * (lasting): one can no longer be followed; the migration has failed. Transient trouble is shown in
 * row->operation. */
int online_follow(struct work *work, struct migration_database *rows, size_t count);
/* The running step of a database, for the client; NULL: none. */
int online_show(struct work *work, struct migration_database *row, const char *text);
/* Shows in currentStatus.error what databases wait for the user to do, or clears it. */
int online_show_waiting(struct work *work, const struct migration_database *rows, size_t count);
/* The same for one whose helper schema on the target is known to be open. */
int online_follow_one(struct work *work, struct migration_database *row);

/* The only condition under which the cutover of a database begins or continues. */
bool cutover_is_due(const struct work *work, const struct migration_database *row);
/* Applies all changes of the source to the named databases, and ends their replication. -1 with
 * work->err.waiting: the user must act first, and another call continues. */
int online_cut_over(struct work *work, const struct sides *sides, struct migration_database *const *rows,
                    size_t count);

/* Records slot, publication and helper of a database before they are created. */
int online_remember(struct work *work, const struct migration_database *row);
/* The replica identities to restore, newly allocated; NULL: none are known. */
int online_remembered_identities(struct work *work, const struct migration_database *row,
                                 char **ret_identities);

/*
 * Ends the replication of one database: removes slot, publication, helper and sessions; the databases
 * stay. -1: a server is unreachable; row->replication keeps its cleanup pending. Skips a source that is
 * not in "sides".
 */
int online_clean_up_database(struct work *work, const struct sides *sides, struct migration_database *row);
/* Shows the client that the replication of an ended database has not been removed yet, and why, until
 * online_clean_up_database() succeeds. */
int online_show_pending_cleanup(struct work *work, struct migration_database *row, const struct err *reason);
/* Ends a database that the user has canceled. A cleanup that fails now is retried at the end of the
 * migration at the latest. */
int online_cancel_database(struct work *work, const struct sides *sides, struct migration_database *row);

/* The evidence of one database as JSON; the caller frees, NULL when memory is out. */
char *evidence_to_json(const struct migration_database *row, const char *position_applied,
                       const struct evidence *evidence);
/* Reads the stored JSON (NULL: none): why the data cannot be trusted, or NULL. The caller frees. */
char *evidence_losses(const char *json);
/* The message of a database that has succeeded: "before" (may be NULL) is that of its base copy. NULL: no
 * message. The caller frees. */
char *evidence_warnings(const char *json, const char *before);

#endif

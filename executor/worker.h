/* SPDX-License-Identifier: MIT */
/* What a worker is doing, and what reaches it from outside. */
#ifndef EXECUTOR_WORKER_H
#define EXECUTOR_WORKER_H

#include "executor/executor_parts.h"

/* The worker has claimed a migration; NULL: it has given it back. Its stop tokens are fresh, unless the user
 * has canceled the migration or all is to stop. */
void worker_enter_migration(struct worker *worker, const struct migration *migration);
/* The worker is about to move a database (name NULL: no longer). Its stop token is fresh, unless all is to
 * stop. */
void worker_enter_database(struct worker *worker, const char *name);

/* Of any thread. A wish for all that the worker does; a cancellation, of the migration as a whole or of the
 * database that is being moved; the end of a migration whose life is over. */
void worker_stop(struct worker *worker, enum stop_wish wish);
void worker_pass_cancel(struct worker *worker, const struct migration *migration);
void worker_stop_expired(struct worker *worker);

#endif

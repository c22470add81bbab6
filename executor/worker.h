/* SPDX-License-Identifier: MIT */
/* The current task of a worker, and the requests that reach it from outside. */
#ifndef EXECUTOR_WORKER_H
#define EXECUTOR_WORKER_H

#include "executor/executor_parts.h"

/* The worker has claimed a migration; NULL: it has released it. Its stop tokens are fresh, unless the user
 * has canceled the migration or everything is to stop. */
void worker_enter_migration(struct worker *worker, const struct migration *migration);
/* The worker is about to copy a database (name NULL: no longer). Its stop token is fresh, unless
 * everything is to stop. */
void worker_enter_database(struct worker *worker, const char *name);

/* Any thread may call these: a request for everything that the worker does; a cancellation of the whole
 * migration or of the database that is being copied; the end of a migration that has expired. */
void worker_stop(struct worker *worker, enum stop_kind kind);
void worker_pass_cancel(struct worker *worker, const struct migration *migration);
void worker_stop_expired(struct worker *worker);

/* The migration that the worker has claimed has entered a substate. */
void worker_enter_substate(struct worker *worker, const struct migration *migration);

/* Reads again when the migration expires and has entered its substate, after its instants have been moved.
 * Any thread. */
void worker_read_expiry(struct worker *worker);

#endif

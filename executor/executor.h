/* SPDX-License-Identifier: MIT */
/*
 * The background executor. Worker threads claim migrations from the store and take them from substate to
 * substate (executor/fsm/migration_fsm.c has the table); another thread executes the queued operations on
 * servers and databases; another renews leases. The database is the queue: executor_wake() is only a hint.
 *
 * Handlers see this header, and executor/servers/ for questions to one server.
 */
#ifndef EXECUTOR_EXECUTOR_H
#define EXECUTOR_EXECUTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/metrics/histogram.h"
#include "core/options/options.h"
#include "store/store.h"

struct executor;

/* For /metrics; any thread may read the atomic members. */
struct executor_metrics {
    struct histogram substates[SUB_COUNT]; /* on histogram_of_stages: the time until a substate is left */
    _Atomic uint64_t leases_lost;
};
const struct executor_metrics *executor_metrics(const struct executor *executor);
/* Bytes of rows sent to targets since the start of the process. */
uint64_t executor_copied_bytes(void);

/* Announces new work: a migration, an operation, a decision of the user. Any thread, never blocks. */
void executor_wake(struct executor *executor);
/* Checks an Inaccessible attached server again in the background, unless that happened some seconds ago.
 * Does nothing for other servers. Any thread, never waits for a server. */
void executor_recheck_server(struct executor *executor, const struct server *server);
/* True once the provisioned servers have been started (or marked Inaccessible). */
bool executor_ready(const struct executor *executor);

/* Whether a server of this major can be provisioned here; if not, err lists those that can and how to
 * install more. */
int executor_check_major(const struct executor *executor, int major, struct err *err);
/* The majors that can be provisioned, ascending; returns how many. */
size_t executor_majors(const struct executor *executor, int *ret_majors, size_t max);
/* The major of a server whose PUT names no version: the newest that a pg_dump of this machine can read, so
 * that the server can be the source of a migration; otherwise the newest. 0: no programs are installed. */
int executor_default_major(const struct executor *executor);

#endif

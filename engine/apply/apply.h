/* SPDX-License-Identifier: MIT */
/*
 * Applies the changes of one source database to the target, exactly once: the target transaction that applies
 * changes also writes their end position to the helper (engine/replica/replica.h). While there is a backlog,
 * several source transactions share one target transaction. Statements use libpq's pipeline mode. Where it is
 * safe, one statement each applies the deletes, updates and inserts of many changes, as their net effect.
 *
 * Memory is bounded for transactions of any size. One thread at a time. After a failure, call apply_close(),
 * open again and stream from the position of apply_progress(): the target rolls back unfinished transactions.
 */
#ifndef ENGINE_APPLY_APPLY_H
#define ENGINE_APPLY_APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/catalog/source_settings.h"
#include "engine/pg/endpoint.h"
#include "engine/pg/pg.h"
#include "engine/replica/replica.h"
#include "engine/replication/pgoutput.h"
#include "engine/replication/tables/stale.h"

struct apply;

struct apply_request {
    const struct endpoint *target;
    const char *database;
    const char *name;                 /* of the helper schema */
    const char *encoding;             /* of the text in the changes */
    struct source_settings *settings; /* set on the session; its "money" is chosen. NULL: none */
    /* Looks at a table of the source; may be NULL. "hides_truncate": the stream lacks TRUNCATE (major 10). */
    int (*look)(void *context, uint32_t relation, const char *horizon, struct err *err,
                struct stale_look *ret_look);
    bool hides_truncate;
    /* Returns a session on the source in "encoding", which must stay usable until the call of apply.h
     * returns. It is needed to find tables by identity (engine/apply/relation/apply_match.h). May be NULL. */
    int (*source)(void *context, struct err *err, struct pg **ret_source);
    /* Transactions that commit up to this position are applied change by change in the source's order, each
     * in a target transaction of its own. For use after the target has rejected a change: the applier's order
     * may be the cause. */
    uint64_t careful_until;
    const struct stop *stop;
    /* Called at least once a second while a call waits for the target, to report to the source. May be NULL.
     */
    void (*tick)(void *context);
    void *context; /* of all of them */
};

/* Connects and reads the applied position. Fails without a helper, too. The request's strings must outlive
 * the applier. */
int apply_open(const struct apply_request *request, struct err *err, struct apply **ret_apply);
/* NULL is allowed. The server rolls back uncommitted changes. */
void apply_close(struct apply *apply);

/*
 * Takes one message, which it may shorten, and copies what it needs. Sends and waits for the target when its
 * memory is full. Skips transactions that the target already has. -1: err names the table and column, if one
 * is the cause. The error is not permanent if the target lacks them, because the user may repeat the DDL.
 */
int apply_message(struct apply *apply, struct pgoutput_message *message, struct err *err);
/* Commits all complete transactions and waits for the target. Does nothing inside a source transaction. */
int apply_flush(struct apply *apply, struct err *err);

/* Makes the applied position durable: commits are asynchronous, and a crash of the target could lose them.
 * While the target is busy, one of the next commits does that instead. Cheap without new commits. */
int apply_make_durable(struct apply *apply, struct err *err);

/* Whether a source transaction is open or changes wait for apply_flush(). */
bool apply_is_busy(const struct apply *apply);
/* The progress that the target has committed. */
const struct replica_progress *apply_progress(const struct apply *apply);
/* The durable position, as far as is known without a query. */
uint64_t apply_durable_position(const struct apply *apply);
/* The commit position of the newest source transaction that has begun; 0: none. */
uint64_t apply_begun(const struct apply *apply);
/* When the last applied transaction was committed on the source, in microseconds since 1970. 0: none yet. */
int64_t apply_commit_us(const struct apply *apply);

/* The session on the target, for points (engine/pg/pg_point.h). */
struct pg *apply_session(struct apply *apply);

#endif

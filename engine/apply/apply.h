/* SPDX-License-Identifier: MIT */
/*
 * Applies the changes of one source database to the target, exactly once: the position behind the last
 * applied transaction is written to the helper table (engine/replica/replica.h) in the same target
 * transaction. Several source transactions share one target transaction while there is a backlog. Changes are
 * sent in libpq's pipeline mode; where it is safe, the net effect of many changes of a table goes as one
 * statement each for its deletes, updates and inserts.
 *
 * Memory is bounded whatever the size of a transaction. Belongs to one thread at a time. After a failure:
 * apply_close(), open again, and stream again from apply_request's "progress" position: nothing of an
 * unfinished target transaction is left.
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
    struct source_settings *settings; /* put in force; its "money" is chosen for both sides. NULL: none */
    /* Looks at a table of the source; may be NULL. "hides_truncate": the stream does not tell of every
     * TRUNCATE (major 10). */
    int (*look)(void *context, uint32_t relation, const char *horizon, struct err *err,
                struct stale_look *ret_look);
    bool hides_truncate;
    /* A session on the source, in "encoding", that stays usable until the call of apply.h returns: tables are
     * then found by identity (engine/apply/relation/apply_match.h). May be NULL. */
    int (*source)(void *context, struct err *err, struct pg **ret_source);
    /* Transactions that commit up to there are applied change by change, in the source's order, with one
     * target transaction each: after the target has refused something, which may have been our order. */
    uint64_t careful_until;
    const struct stop *stop;
    /* Called at least once a second while a call waits for the target, so that the source hears from us. May
     * be NULL. */
    void (*tick)(void *context);
    void *context; /* of all of them */
};

/* Connects and reads how far the target is. -1 also when the helper is not there. The request's strings must
 * outlive it. */
int apply_open(const struct apply_request *request, struct err *err, struct apply **ret_apply);
/* NULL is fine. What is not committed is rolled back by the server. */
void apply_close(struct apply *apply);

/*
 * Takes one message, which it may shorten; what is needed of it is copied. May send and wait for the target
 * when its memory is full. Changes of transactions that the target has already are passed over. -1: err names
 * table and column where it is about one; a table or column that the target lacks is an error that is not
 * lasting, as the user may repeat the DDL there.
 */
int apply_message(struct apply *apply, struct pgoutput_message *message, struct err *err);
/* Commits all complete transactions taken so far, and waits until it is done. Inside a source transaction:
 * does nothing. */
int apply_flush(struct apply *apply, struct err *err);

/* Makes what apply_progress() tells survive a crash of the target (commits are asynchronous), unless the
 * target is busy: then one of the next commits does. Cheap when nothing has been committed since the last
 * call. */
int apply_make_durable(struct apply *apply, struct err *err);

/* A source transaction has begun and not ended yet, or something waits for apply_flush(). */
bool apply_is_busy(const struct apply *apply);
/* What the target has committed. */
const struct replica_progress *apply_progress(const struct apply *apply);
/* Everything before it would survive a crash of the target too, as far as is known without asking. */
uint64_t apply_durable_position(const struct apply *apply);
/* Where the newest source transaction that has begun commits; 0: none has. */
uint64_t apply_begun(const struct apply *apply);
/* Source's commit time of the last transaction applied, 0: none since apply_open(). Microseconds since 1970.
 */
int64_t apply_commit_us(const struct apply *apply);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The source's side of one database's online migration: publication, slot and replication stream. All
 * three have the same name; replication_drop() removes what was created here, whatever happened in
 * between.
 */
#ifndef ENGINE_REPLICATION_REPLICATION_H
#define ENGINE_REPLICATION_REPLICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "core/str_list.h"
#include "engine/pg/endpoint.h"
#include "engine/pg/pg.h"

struct replication {
    const struct endpoint *source;
    const char *database;
    const char *name;        /* of slot and publication: lower-case letters, digits, '_', at most 63 bytes */
    const char *lc_monetary; /* the locale of money in the stream; NULL: C */
    bool binary;             /* the stream sends values in binary if their type supports it; 14+ */
    const struct stop *stop;
    /* Replica identities to restore, from remember(); NULL: only the publication has them. */
    const char *identities;
    /* Stores the identities before they are changed, in the JSON format of the publication's comment; may
     * be NULL. Non-zero: nothing is changed, and err says why. */
    int (*remember)(void *context, const char *identities, struct err *err);
    void *context;
};

/*
 * Publishes the tables of the database that the user owns, by name. FOR ALL TABLES would include tables
 * created later, and the application's UPDATE and DELETE on one without a key would fail. So a table
 * created later is not in the publication; the cutover compares the tables of both sides and reports it.
 * Partitioned tables with a primary key are published as a whole (13+): the stream includes their later
 * partitions.
 *
 * A published table without a usable replica identity gets REPLICA IDENTITY FULL, because otherwise the
 * application's UPDATE and DELETE would fail. Its original identity is stored before the change, in the
 * publication's comment (a JSON object from the table's OID to 'd', 'n' or 'i' and the index's OID) and
 * with remember(). The publication takes effect when all tables are done. Tables are locked for a moment
 * each, in attempts of at most two seconds, for one minute in all; tables that are still locked then are
 * not published.
 *
 * ret_notes: one line for each table that got another identity, and for each that is not published and is
 * recopied at the cutover (another owner, unlogged, without columns, locked; with generated columns and
 * without a key on 18). An existing publication of that name is replaced, and the identities that it has
 * recorded are kept.
 */
int replication_publish(const struct replication *replication, struct err *err, struct str_list *ret_notes);

/* A table that was created later. */
struct published_table {
    uint32_t oid;
    bool published;
    char *obstacle; /* why it is not published, for a clause after "as"; or NULL */
};
/* Adds tables to the publication like replication_publish(), and returns after a few seconds at most.
 * Fills the other members of each; a table that is already published stays so. */
int replication_publish_more(const struct replication *replication, struct published_table *tables,
                             size_t count, struct err *err);
void published_tables_done(struct published_table *tables, size_t count);

/* A new slot, and the connection that keeps its snapshot alive until replication_slot_done(). */
struct replication_slot {
    struct pg connection;
    char *snapshot; /* for SET TRANSACTION SNAPSHOT */
    uint64_t
        position; /* the snapshot contains everything committed before it, the stream everything after it */
};
/*
 * Creates the slot, after dropping one of that name from an earlier attempt. PostgreSQL waits for the
 * running transactions: about once a second, "waiting" (may be NULL) gets their number and the start of
 * the oldest.
 */
struct replication_observer {
    void *context;
    void (*waiting)(void *context, const char *text);
};
int replication_create_slot(const struct replication *replication,
                            const struct replication_observer *observer, struct err *err,
                            struct replication_slot *ret_slot);
void replication_slot_done(struct replication_slot *slot);
#define auto_replication_slot __attribute__((cleanup(replication_slot_done)))

/* Ends the session that uses the slot, drops the slot, restores the tables' replica identities (if they
 * are still FULL, and no other migration needs that), and drops the publication. Missing parts are no
 * error, not even a missing database. Limited to 10 s for locks and for the slot to be released;
 * replication->stop ends it earlier, so do not pass one that already requests a stop. After -1 a later
 * call continues. */
int replication_drop(const struct replication *replication, struct err *err);

/* A replication stream. Belongs to one thread at a time. */
struct replication_stream {
    struct pg pg;
    uint64_t server_end; /* the source has sent all transactions that were committed before it */
    uint64_t reported;   /* the position last reported: everything before it is durable on the target */
    int64_t heard_ms;    /* monotonic time of the source's last message */
    int64_t reported_ms; /* monotonic time of Malachite's last report */
    char *buffer;        /* of the last message */
};

/* Starts streaming at "position". "encoding" is that of all text in the changes (the source database's, as
 * in COPY). Text is in the fixed formats of engine/pg/pg.h. */
int replication_stream_open(const struct replication *replication, const char *encoding, uint64_t position,
                            struct err *err, struct replication_stream *ret_stream);
void replication_stream_close(struct replication_stream *stream);

/* Returns the next message that has arrived, without waiting. 1: *ret_bytes (valid until the next call),
 * 0: none at the moment (server_end is current; wait for replication_stream_socket()), -1: the connection
 * is lost. Answers keepalives with the last reported position. A source that shuts down waits until
 * server_end is reported, so a caller that has applied everything must report it soon. */
int replication_stream_next(struct replication_stream *stream, struct err *err, const char **ret_bytes,
                            size_t *ret_len);
/* Reports that everything before "applied" is durable on the target; with "ask" the source answers at
 * once, which updates server_end. Never blocks for longer than a moment. */
int replication_stream_report(struct replication_stream *stream, uint64_t applied, bool ask, struct err *err);
int replication_stream_socket(const struct replication_stream *stream);

/*
 * Flushes everything committed before the call to the WAL on disk, where the stream reads it, and returns
 * the position after it. "control" is an ordinary session (PG_READ) on any database of the source.
 */
int replication_flush_position(struct pg *control, struct err *err, uint64_t *ret_position);
/* The end of the WAL on disk; a cheap query. */
int replication_end_position(struct pg *control, struct err *err, uint64_t *ret_position);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The source's side of one database's online migration: publication, slot, and the stream of changes. All
 * three carry one name; what is created here is removed by replication_drop() whatever happened in between.
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
    const char *lc_monetary; /* in which the stream writes money; NULL: C */
    bool binary;             /* the stream sends values in binary where their type can be; 14+ */
    const struct stop *stop;
    /* Replica identities to give back, as remember() got them; NULL: only the publication knows. */
    const char *identities;
    /* Keeps the identities that are about to be changed, a JSON object as in the publication's comment; may
     * be NULL. Non-zero: nothing is changed, and err says why. */
    int (*remember)(void *context, const char *identities, struct err *err);
    void *context;
};

/*
 * Publishes the tables of the database that the user owns, by name: FOR ALL TABLES would also hold tables
 * that are made later, and the application's UPDATE and DELETE on one of those without a key would fail. A
 * table made later is therefore not in the publication; the cutover compares both sides' tables and tells of
 * it. Partitioned tables with a primary key are published whole (13+): their later partitions are in the
 * stream.
 *
 * A published table without a usable replica identity gets REPLICA IDENTITY FULL, because otherwise the
 * application's UPDATE and DELETE would fail; its own identity is in the publication's comment (a JSON
 * object: key the table's OID, value 'd', 'n' or 'i' and the index's OID) and with remember() before it is
 * changed, and the publication takes effect when all is done. Tables are locked for a moment each, with
 * attempts of two seconds at most, for one minute in all; which of them are still locked then is not
 * published.
 *
 * ret_notes: one line for each table that got another identity, and for each that is not published (of
 * another owner, unlogged, without columns, locked; with generated columns and without a key on 18) and is
 * copied again at the cutover. An existing publication of that name is replaced, and what it has changed is
 * kept in mind.
 */
int replication_publish(const struct replication *replication, struct err *err, struct str_list *ret_notes);

/* A table that was made later. */
struct published_table {
    uint32_t oid;
    bool published;
    char *obstacle; /* why it is not, for a sentence that begins with "as"; or NULL */
};
/* Adds tables to the publication, as replication_publish() does, and returns after a few seconds at most.
 * Fills the rest of each; one that is published already stays so. */
int replication_publish_more(const struct replication *replication, struct published_table *tables,
                             size_t count, struct err *err);
void published_tables_done(struct published_table *tables, size_t count);

/* A new slot, and the connection that keeps its snapshot alive until replication_slot_done(). */
struct replication_slot {
    struct pg connection;
    char *snapshot;    /* for SET TRANSACTION SNAPSHOT */
    uint64_t position; /* the snapshot holds what was committed before it, the stream what comes after */
};
/*
 * Creates the slot; one of that name that is left from an earlier attempt is dropped first. PostgreSQL waits
 * for the transactions that are running: "waiting" (may be NULL) is told about once a second for how many,
 * and since when the oldest runs.
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

/* Ends whoever uses the slot, drops it, gives tables their own replica identity back (where they are still
 * FULL, and no other migration needs it), drops the publication. What is not there is fine, the database
 * itself included. Bounded: 10 s for locks and for the slot to be free; replication->stop ends it earlier, so
 * give it none that says cancel already. After -1 a later call goes on where it was. */
int replication_drop(const struct replication *replication, struct err *err);

/* A stream of changes. Belongs to one thread at a time. */
struct replication_stream {
    struct pg pg;
    uint64_t server_end; /* the source has sent all transactions that were committed before it */
    uint64_t reported;   /* everything before it is safe on the target: what we last said */
    int64_t heard_ms;    /* monotonic: when the source last said anything */
    int64_t reported_ms; /* monotonic: when we last did */
    char *buffer;        /* of the message last read */
};

/* Starts streaming at "position". "encoding": of all text in the changes (the source database's, as COPY
 * uses). Text is in the pinned formats of engine/pg/pg.h. */
int replication_stream_open(const struct replication *replication, const char *encoding, uint64_t position,
                            struct err *err, struct replication_stream *ret_stream);
void replication_stream_close(struct replication_stream *stream);

/* The next message that has arrived, without waiting. 1: *ret_bytes (valid until the next call), 0: none at
 * the moment (server_end is up to date; wait for replication_stream_socket()), -1: the connection is lost.
 * Keepalives are answered with the position last reported. A source that shuts down waits until server_end is
 * reported: whoever has applied everything must report it soon. */
int replication_stream_next(struct replication_stream *stream, struct err *err, const char **ret_bytes,
                            size_t *ret_len);
/* Says that everything before "applied" is safe on the target; with "ask" the source answers at once, which
 * brings server_end up to date. Never blocks for longer than a moment. */
int replication_stream_report(struct replication_stream *stream, uint64_t applied, bool ask, struct err *err);
int replication_stream_socket(const struct replication_stream *stream);

/*
 * Makes sure that what was committed before the call is in the WAL on disk, where the stream finds it, and
 * yields the position behind it. "control" is an ordinary session (PG_READ) on any database of the source.
 */
int replication_flush_position(struct pg *control, struct err *err, uint64_t *ret_position);
/* The end of the WAL on disk; cheap. */
int replication_end_position(struct pg *control, struct err *err, uint64_t *ret_position);

#endif

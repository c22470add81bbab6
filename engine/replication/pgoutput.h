/* SPDX-License-Identifier: MIT */
/*
 * Messages of PostgreSQL's output plugin pgoutput, protocol version 1 (PostgreSQL's manual, "Logical
 * Replication Message Formats"). A parsed message points into the bytes it was parsed from; only the lists
 * of columns are copied. Independent of connections.
 */
#ifndef ENGINE_REPLICATION_PGOUTPUT_H
#define ENGINE_REPLICATION_PGOUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum { PGOUTPUT_COLUMNS_MAX = 1664 }; /* PostgreSQL's limit on a tuple */

enum pgoutput_kind {
    PGOUTPUT_BEGIN,
    PGOUTPUT_COMMIT,
    PGOUTPUT_RELATION,
    PGOUTPUT_INSERT,
    PGOUTPUT_UPDATE,
    PGOUTPUT_DELETE,
    PGOUTPUT_TRUNCATE,
    PGOUTPUT_IGNORED, /* origin, type, logical message */
};

enum pgoutput_value_kind {
    PGOUTPUT_NULL,
    PGOUTPUT_UNCHANGED, /* an unchanged TOASTed value, which is not sent */
    PGOUTPUT_TEXT,
    PGOUTPUT_BINARY, /* in the format of the type's send function */
};

/* One column's value; not terminated. */
struct pgoutput_value {
    const char *text;
    uint32_t len;
    enum pgoutput_value_kind kind : 16;
    unsigned type : 16; /* BINARY, set by binary_text_convert(): OID of the built-in type of the bytes */
};

struct pgoutput_column {
    const char *name; /* terminated */
    bool key;         /* part of the replica identity */
    uint32_t type;    /* OID on the source */
    int32_t modifier;
};

struct pgoutput_tuple {
    struct pgoutput_value *values; /* owned by the message; NULL: not sent */
    size_t count;
};

struct pgoutput_message {
    enum pgoutput_kind kind;
    /* BEGIN and COMMIT */
    uint64_t commit_position; /* of the commit record */
    uint64_t end_position; /* COMMIT: the position right after the transaction, where streaming continues */
    int64_t commit_us;     /* when it was committed, microseconds since 1970 */
    uint32_t transaction;  /* BEGIN */
    /* RELATION, INSERT, UPDATE, DELETE */
    uint32_t relation;
    const char *schema; /* RELATION; "" is pg_catalog */
    const char *name;
    char identity; /* RELATION: 'd' default, 'n' nothing, 'f' full, 'i' index */
    struct pgoutput_column *columns;
    size_t column_count;
    struct pgoutput_tuple old; /* UPDATE, DELETE: the key columns (others are NULL), or all with old_full */
    bool old_full;
    struct pgoutput_tuple fresh; /* INSERT, UPDATE: the new row */
    /* TRUNCATE */
    const uint32_t *relations; /* owned by the message */
    size_t relation_count;
    bool cascade;
    bool restart_identity;

    /* Memory that the next parse reuses; the rest of the message points into it. */
    struct pgoutput_value *value_space;
    struct pgoutput_column *column_space;
    uint32_t *relation_space;
    size_t value_room, column_room, relation_room;
};

/* Parses one message (the payload of an XLogData message) into "message", whose memory it reuses. The
 * bytes must outlive it. -1 with err (lasting) if they are not such a message: every length is checked. */
int pgoutput_parse(const char *bytes, size_t len, struct pgoutput_message *message, struct err *err);
void pgoutput_message_done(struct pgoutput_message *message);
#define auto_pgoutput_message __attribute__((cleanup(pgoutput_message_done)))

#endif

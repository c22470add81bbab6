/* SPDX-License-Identifier: MIT */
/*
 * Converts the changes of a binary stream to those of a text stream, so that values of any type are
 * applied in the same way from either. A value stays binary only if its text may be too large for
 * PostgreSQL, and if its type has the same OID and binary format on every server.
 */
#ifndef ENGINE_ONLINE_BINARY_TEXT_H
#define ENGINE_ONLINE_BINARY_TEXT_H

#include <libpq-fe.h>

#include "core/arena.h"
#include "core/err.h"
#include "engine/pg/pg.h"
#include "engine/replication/pgoutput.h"

struct binary_relation;

/* Belongs to one stream. An all-zero struct is empty. */
struct binary_text {
    /* Returns a session on the source in the stream's encoding: the source converts values of its own
     * types. */
    int (*source)(void *context, struct err *err, struct pg **ret_source);
    void *context;
    struct binary_relation *relations; /* that the stream has described */
    struct arena arena;                /* strings of the last message */
    PGresult *answer;                  /* the source's result for the last message */
};

/* Replaces the message's binary values, which are valid until the next call. -1: err is a waiting error if
 * the text of a value is too large. */
int binary_text_convert(struct binary_text *text, struct pgoutput_message *message, struct err *err);
void binary_text_done(struct binary_text *text);

#endif

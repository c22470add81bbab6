/* SPDX-License-Identifier: MIT */
/*
 * The changes of a binary stream as a text stream would bring them: whatever a column's type is, its values
 * are applied in the same way from either. Only a value whose text may be too large for PostgreSQL stays
 * binary, and only when its type has the same OID and the same binary form on every server.
 */
#ifndef ENGINE_ONLINE_BINARY_TEXT_H
#define ENGINE_ONLINE_BINARY_TEXT_H

#include <libpq-fe.h>

#include "core/arena.h"
#include "core/err.h"
#include "engine/pg/pg.h"
#include "engine/replication/pgoutput.h"

struct binary_relation;

/* Belongs to one stream. All-zero is empty. */
struct binary_text {
    /* Yields a session on the source, in the stream's encoding: the source knows the text of its own types.
     */
    int (*source)(void *context, struct err *err, struct pg **ret_source);
    void *context;
    struct binary_relation *relations; /* that the stream has described */
    struct arena arena;                /* texts of the last message */
    PGresult *answer;                  /* of the source, for the last message */
};

/* Replaces the message's binary values, which are valid until the next call. -1: err waits when the text of a
 * value is too large. */
int binary_text_convert(struct binary_text *text, struct pgoutput_message *message, struct err *err);
void binary_text_done(struct binary_text *text);

#endif

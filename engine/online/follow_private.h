/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_ONLINE_FOLLOW_PRIVATE_H
#define ENGINE_ONLINE_FOLLOW_PRIVATE_H

#include "engine/apply/apply.h"
#include "engine/catalog/source_settings.h"
#include "engine/online/binary_text.h"
#include "engine/online/follow.h"
#include "engine/pg/pg_point.h"
#include "engine/replication/pgoutput.h"
#include "engine/replication/replication.h"

struct follow {
    struct follow_request request;
    char *encoding;
    struct source_settings settings;
    bool hides_truncate; /* the source does not stream TRUNCATE */
    bool can_binary;
    struct replication_stream stream;
    struct binary_text binary; /* converts values to text while the stream is binary */
    uint64_t binary_until; /* the stream is binary up to this position, because a value is too large as text;
                              0: it is text */
    bool wants_binary;     /* the text stream has ended because of such a value */
    struct pg control;     /* an ordinary session on the source, open while needed */
    struct apply *apply;
    struct pgoutput_message message;
    uint64_t careful_until;    /* see struct apply_request; 0: nothing was rejected */
    uint64_t uncarried_at;     /* applied position of the last look for tables that are not carried */
    uint64_t durable;          /* everything before it would survive a crash of the target */
    int64_t news_ms;           /* monotonic time since when progress is unreported; 0: none is */
    struct point_effect pause; /* of a rule at the transaction in message; ACTION_NONE: none */
    bool held;                 /* stopped before a transaction that request.hold does not see */
};

/* Applies the message, unless a rule pauses the stream there: 1. */
int follow_take_message(struct follow *follow, struct err *err);
/* Continues with the transaction whose beginning a rule paused. 1: it still waits, 0: nothing is paused. */
int follow_resume(struct follow *follow, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The point "follow.transaction". A thread serves many followers, so nothing waits here: the beginning of a
 * held transaction stays in follow->message, and nothing is read until the rule lets it pass.
 */
#include "engine/online/follow_private.h"

static struct pg_point transaction_point(struct follow *follow)
{
    return (struct pg_point){.point = POINT_FOLLOW_TRANSACTION,
                             .source = &follow->stream.pg,
                             .target = apply_session(follow->apply),
                             .database = follow->request.database};
}

/* A rule at the transaction that begins. 1: it waits, and message keeps the transaction; 0: go on. */
static int visit_transaction(struct follow *follow, struct err *err)
{
    const struct pg_point visit = transaction_point(follow);
    const struct point_subject subject = pg_point_subject(&visit);
    struct point_effect *pause = &follow->pause;
    if (pause->action == ACTION_NONE && !point_take(POINT_FOLLOW_TRANSACTION, &subject, pause)) {
        return 0;
    }
    if (point_is_waiting(pause)) {
        return 1;
    }
    struct point_effect effect = *pause;
    pause->action = ACTION_NONE;
    return pg_point_finish(&visit, &subject, &effect, err);
}

int follow_resume(struct follow *follow, struct err *err)
{
    if (!follow_is_paused(follow)) {
        return 0;
    }
    int waits = visit_transaction(follow, err);
    return waits != 0 ? waits : apply_message(follow->apply, &follow->message, err);
}

int follow_take_message(struct follow *follow, struct err *err)
{
    if (follow->message.kind == PGOUTPUT_BEGIN && point_is_armed(POINT_FOLLOW_TRANSACTION)) {
        int waits = visit_transaction(follow, err);
        if (waits != 0) {
            return waits;
        }
    }
    return apply_message(follow->apply, &follow->message, err);
}

bool follow_is_paused(const struct follow *follow)
{
    return follow != NULL && follow->pause.action != ACTION_NONE;
}

/* SPDX-License-Identifier: MIT */
/*
 * Points: named places in the program at which a tester's rule (core/points/rules.h) may act. Without a
 * rule at a point it costs one relaxed load. Any thread.
 *
 * What a visit is about comes from two sides: the scope of the thread (which migration it works for), which
 * the executor sets, and what the place itself knows (which table).
 */
#ifndef CORE_POINTS_POINTS_H
#define CORE_POINTS_POINTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/stop.h"

enum point {
    POINT_REQUEST,
    POINT_REPLY,
    POINT_SUBSTATE_ENTER,
    POINT_SUBSTATE_LEAVE,
    POINT_DATABASE_BEGIN,
    POINT_SCHEMA_ENTRY,
    POINT_TABLE_BEGIN,
    POINT_COPY_ROWS,
    POINT_TABLE_END,
    POINT_INDEX_BEGIN,
    POINT_CONSTRAINT_BEGIN,
    POINT_SEQUENCES,
    POINT_LARGE_OBJECTS,
    POINT_FOLLOW_BEGIN,
    POINT_FOLLOW_TRANSACTION,
    POINT_CUTOVER_BEGIN,
    POINT_CUTOVER_APPLIED,
    POINT_CUTOVER_COMPARE,
    POINT_CONNECT,
    POINT_PROVISION,
    POINT_LEASE_RENEW,
    POINT_COUNT
};

enum point_attribute {
    ATTRIBUTE_SUBSCRIPTION,
    ATTRIBUTE_MIGRATION,
    ATTRIBUTE_SERVER,
    ATTRIBUTE_DATABASE,
    ATTRIBUTE_TABLE,
    ATTRIBUTE_SUBSTATE,
    ATTRIBUTE_OPERATION,
    ATTRIBUTE_CLIENT,
    ATTRIBUTE_COUNT
};

enum point_action {
    ACTION_NONE,
    ACTION_HOLD,
    ACTION_DELAY,
    ACTION_FAIL,
    ACTION_CUT,
    ACTION_SLOW,
    ACTION_ANSWER,
    ACTION_SERVER,
    ACTION_COUNT
};

/* The table of points; it prints itself at GET /_malachite/points. */
struct point_row {
    const char *name;    /* "copy.rows" */
    const char *counts;  /* what one hit is: "a row" */
    unsigned attributes; /* 1 << enum point_attribute: those that it can match */
    unsigned actions;    /* 1 << enum point_action */
    const char *text;
};
extern const struct point_row point_table[POINT_COUNT];

/* "migration", "hold". */
const char *point_attribute_name(enum point_attribute attribute);
const char *point_action_name(enum point_action action);
/* Finds a row by its name, exactly. False: there is none. */
bool point_find(const char *name, enum point *ret_point);

/* What a visit is about. Members may be NULL: a rule that matches on them does not act then. */
struct point_subject {
    const char *subscription;
    const char *migration; /* its name, and its id in the store's words (a UUID) */
    const char *migration_id;
    const char *server; /* names; a visit that concerns both sides of a migration has two */
    const char *other_server;
    const char *database;
    const char *schema;
    const char *table;
    const char *substate;
    const char *operation;
    const char *client;                /* x-ms-client-request-id */
    const _Atomic int64_t *entered_us; /* when the substate was entered, on the steady clock */
    size_t bytes;                      /* of the row, for ACTION_SLOW */
    const struct stop *stop;
};

enum { POINT_MESSAGE_SIZE = 600, POINT_NAME_SIZE = 128, POINT_HEADERS_SIZE = 2048 };

/* ACTION_FAIL */
struct point_failure {
    char sqlstate[6]; /* or empty */
    char message[POINT_MESSAGE_SIZE];
    int code; /* of the service, 603xxx; 0: none */
};

/* ACTION_HOLD at substate.leave: what ends the hold by itself; all zero: nothing does. */
struct point_pace {
    int64_t dwell_us;    /* the substate has lasted that long */
    int64_t polls;       /* so many GETs of the migration were answered in it */
    int64_t patience_us; /* of polls: nobody has polled for so long */
};

enum point_side { SIDE_BOTH, SIDE_SOURCE, SIDE_TARGET, SIDE_CLIENT };

/* What the newest rule that fires here wants. */
struct point_effect {
    enum point_action action;
    enum point point;
    uint64_t rule;             /* its serial number */
    uint64_t ticket;           /* ACTION_HOLD: the place in the rule's list of held visits */
    struct point_pace pace;    /* ACTION_HOLD */
    int64_t pause_us;          /* of ACTION_SLOW, beside any other action */
    int64_t until_ms;          /* ACTION_DELAY: on the monotonic clock */
    struct point_failure fail; /* ACTION_FAIL */
    enum point_side side;      /* ACTION_CUT */
    bool reset;                /* ACTION_CUT: with an RST */
    int status;                /* ACTION_ANSWER */
    int retry_after;           /* ACTION_ANSWER: seconds; -1: none */
    char code[POINT_NAME_SIZE];
    char headers[POINT_HEADERS_SIZE]; /* ACTION_ANSWER: a JSON object of strings, or empty */
    char server[POINT_NAME_SIZE];     /* ACTION_SERVER */
    char server_action[32];
    char subscription[40];
};

/* Rules at each point. Written by rules.c only. */
extern _Atomic int point_rule_counts[POINT_COUNT];

static inline bool point_is_armed(enum point point)
{
#ifdef MALACHITE_NO_POINTS
    (void)point;
    return false;
#else
    return atomic_load_explicit(&point_rule_counts[point], memory_order_relaxed) != 0;
#endif
}

/* ---- the scope of a thread ---- */

/* From now on visits of this thread concern the subject; NULL: nothing in particular. The caller keeps the
 * subject alive and unchanged until the next call. */
void point_scope_set(const struct point_subject *subject);
const struct point_subject *point_scope(void);
/* A copy of the scope to complete. */
struct point_subject point_subject_here(void);

/* ---- a visit, for point_is_armed() points ---- */

enum point_end {
    POINT_PASSED,  /* continue */
    POINT_ACTS,    /* effect->action (fail, cut, answer) is the caller's to carry out */
    POINT_STOPPED, /* the subject's stop was requested during the wait */
};

/* Counts one hit. True: a rule fires, or slows this visit. A visit that is to be held is listed from here
 * on: finish with point_act(), or poll point_is_waiting() and call point_leave() on every way out. */
bool point_take(enum point point, const struct point_subject *subject, struct point_effect *ret_effect);
/* Carries out what this file can: waits (hold, delay, slow) and faults of servers. Blocks, but never longer
 * than the rule lives, and notices the subject's stop. */
enum point_end point_act(struct point_effect *effect, const struct point_subject *subject);
/* Whether a hold or a delay still lasts. When it has ended, effect->action is what follows: ACTION_NONE, or
 * ACTION_FAIL if it was released as a failure. Never blocks. */
bool point_is_waiting(struct point_effect *effect);
/* Removes the visit from the list of held ones. Harmless if it is not there. */
void point_leave(struct point_effect *effect);

/* point_take() and point_act() in one. */
enum point_end point_visit(enum point point, const struct point_subject *subject,
                           struct point_effect *ret_effect);

/* Shuts a socket down for ACTION_CUT: both directions, with an RST if reset. */
void point_cut_socket(int socket, bool reset);

#endif

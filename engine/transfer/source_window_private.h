/* SPDX-License-Identifier: MIT */
/* The start window and its pg_dump; for engine/transfer/source_window.c and engine/transfer/source_dump.c
 * only. */
#ifndef ENGINE_TRANSFER_SOURCE_WINDOW_PRIVATE_H
#define ENGINE_TRANSFER_SOURCE_WINDOW_PRIVATE_H

#include "engine/pg/pg.h"
#include "engine/transfer/transfer_steps.h"

enum { WINDOW_APPLICATION_BYTES = 64 };

enum setback {
    SETBACK_FATAL,   /* err is for the caller */
    SETBACK_LOCKED,  /* somebody has a table for himself */
    SETBACK_CHANGED, /* what was read does not fit together */
    SETBACK_UNKNOWN, /* an error that others may have caused */
};

struct window {
    struct transfer_state *state;
    enum setback setback; /* of the attempt that failed */
    bool dump_first;
    int attempts;
    int unexplained;
    int moved;
    int64_t started_ms;
    int64_t locked_since_ms;                    /* 0: the last attempt was not kept out by a lock */
    char application[WINDOW_APPLICATION_BYTES]; /* of pg_dump's session */
    int64_t looked_ms;
    int64_t blocked_since_ms; /* pg_dump waits for a lock; 0: it does not */
    char *blocker;            /* who has a table locked */
    char *digest;             /* dump_first: of the definitions while pg_dump had its locks */
    struct err failure;       /* of a look at pg_dump's session */
    char *stamp;              /* of the catalog before the attempt */
    struct pg now;            /* online: sees the current state; opened when needed */
};

/* Notes what kind of failure it was. Returns -1. */
int window_fail(struct window *window, enum setback setback);
/* The same for what does not fit together: "A table was renamed". Returns -1. */
int window_changed(struct window *window, struct err *err, const char *what);
/* The same for SQL that failed on the source. Returns -1. */
int window_sql_failed(struct window *window, const struct err *err);

/*
 * Runs pg_dump in state->snapshot and reads what it has written. Ends it when it waits for a lock that it
 * does not get soon: window->blocker then says whose. With dump_first, fills window->digest in the session's
 * snapshot.
 */
int window_dump(struct window *window, struct err *err);

#endif

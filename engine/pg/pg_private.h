/* SPDX-License-Identifier: MIT */
/* What the files of the libpq wrapper share; for engine/pg*.c only. */
#ifndef ENGINE_PG_PG_PRIVATE_H
#define ENGINE_PG_PG_PRIVATE_H

#include "engine/pg/pg.h"

enum pg_poll { PG_POLL_READY, PG_POLL_TIMEOUT, PG_POLL_STOPPED, PG_POLL_FAILED };

/* Waits for poll() events on a socket; deadline_ms 0: none; stop may be NULL. */
enum pg_poll pg_poll_socket(int socket, short events, int64_t deadline_ms, const struct stop *stop);

/* Fills err for a wait that did not end with PG_POLL_READY. Returns -1. */
int pg_poll_error(const struct pg *pg, enum pg_poll outcome, struct err *err);

/*
 * For callers that wait for an answer without a deadline; call it at least once a second. Looks whether the
 * server still lives once the session has been silent for a while, and never waits itself. heard_ms: when
 * something arrived last, or the wait began, clock_monotonic_ms(). A refused second session is an answer. -1:
 * nothing arrives from there any longer; the session is of no use.
 */
int pg_look_for_server(struct pg *pg, int64_t heard_ms, struct err *err);
/* Only tests change them, before they open sessions. */
struct pg_liveness_limits {
    int silence_ms; /* of a session, before the server is asked */
    int answer_ms;  /* for one answer */
};
extern struct pg_liveness_limits pg_liveness_limits;

void pg_liveness_done(struct pg_liveness *liveness);

/* Fills err for a connection that could not be made. Returns -1. */
int pg_connect_error(const struct pg *pg, struct err *err);

#endif

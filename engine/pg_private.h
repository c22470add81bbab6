/* SPDX-License-Identifier: MIT */
/* What the files of the libpq wrapper share; for engine/pg*.c only. */
#ifndef ENGINE_PG_PRIVATE_H
#define ENGINE_PG_PRIVATE_H

#include "engine/pg.h"

enum pg_poll { PG_POLL_READY, PG_POLL_TIMEOUT, PG_POLL_STOPPED, PG_POLL_FAILED };

/* Waits for poll() events on a socket; deadline_ms 0: none; stop may be NULL. */
enum pg_poll pg_poll_socket(int socket, short events, int64_t deadline_ms, const struct stop *stop);

/* Fills err for a wait that did not end with PG_POLL_READY. Returns -1. */
int pg_poll_error(const struct pg *pg, enum pg_poll outcome, struct err *err);

/*
 * For who waits for an answer that takes as long as it takes: once in a while, looks whether the server still
 * answers anybody. A network that swallows everything would never tell. *looked_ms: when it was heard of or
 * looked for last, clock_monotonic_ms(). -1: it does not answer; the session is of no use any more.
 */
int pg_look_for_server(const struct pg *pg, int64_t *looked_ms, struct err *err);

/* Fills err for a connection that could not be made. Returns -1. */
int pg_connect_error(const struct pg *pg, struct err *err);

#endif

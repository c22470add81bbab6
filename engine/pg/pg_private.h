/* SPDX-License-Identifier: MIT */
/* Shared by engine/pg/pg*.c only. */
#ifndef ENGINE_PG_PG_PRIVATE_H
#define ENGINE_PG_PG_PRIVATE_H

#include "engine/pg/pg.h"

/* Only tests change them, before they open sessions. */
struct pg_liveness_limits {
    int silence_ms; /* of a session, before the server is probed */
    int answer_ms;  /* for one answer */
};
extern struct pg_liveness_limits pg_liveness_limits;

void pg_liveness_done(struct pg_liveness *liveness);

/* Fills err for a connection that failed. Returns -1. */
int pg_connect_error(const struct pg *pg, struct err *err);

/* Fills err for a failure with this SQLSTATE, classified like PostgreSQL's own. Returns -1. */
int pg_state_error(const char *sqlstate, struct err *err, const char *format, ...) printf_like(3, 4);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Changes that PostgreSQL's logical decoding cannot send, because no protocol message may be larger than 1
 * GB. They stay in the source's WAL with their size, so the migration waits until the user cancels it. A
 * base copy can read the same rows: COPY sends each row version separately and in binary.
 */
#ifndef ENGINE_ONLINE_TOO_LARGE_H
#define ENGINE_ONLINE_TOO_LARGE_H

#include <stdbool.h>

#include "core/err.h"
#include "engine/pg/pg.h"

/* Whether a server returns this SQLSTATE when the memory for one value or message would exceed its limit.
 * Other internal errors carry the same SQLSTATEs. */
bool too_large_is_state(const char *sqlstate);

/* Makes err a waiting error; "table" is schema.table of the source. Returns -1. */
int too_large_value(struct err *err, const char *database, const char *table, const char *column);

/* err with such a SQLSTATE has ended a publication's stream. Makes it a waiting error if the published
 * tables contain large values, or if the SQLSTATE alone is proof; otherwise leaves err unchanged. Takes up
 * to 15 s. Returns -1. */
int too_large_stream(struct pg *source, const char *publication, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Changes that PostgreSQL's logical decoding cannot send, as no message of PostgreSQL may be larger than 1
 * GB. They are in the source's WAL and do not become smaller: the migration waits until the user cancels it.
 * A base copy reads the same rows, as COPY sends each version of a row alone and in binary.
 */
#ifndef ENGINE_ONLINE_TOO_LARGE_H
#define ENGINE_ONLINE_TOO_LARGE_H

#include <stdbool.h>

#include "core/err.h"
#include "engine/pg/pg.h"

/* Whether a server answers so when memory for one value or message would be larger than it permits. Other
 * internal errors carry the same SQLSTATEs. */
bool too_large_is_state(const char *sqlstate);

/* Makes err wait; "table" is schema.table of the source. Returns -1. */
int too_large_value(struct err *err, const char *database, const char *table, const char *column);

/*
 * err is what ended the stream of a publication, with such a state. Makes it wait when large values are found
 * in the published tables, or when the state alone is proof; else err stays as it is. Takes up to 15 s.
 * Returns -1.
 */
int too_large_stream(struct pg *source, const char *publication, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Errors that wait for the user: the target lacks DDL that the source has executed, or rejects a value
 * because of that. The receiver of such an error (err->waiting, never err->lasting) shows its message,
 * retries with backoff and without a deadline, and stops only when the user cancels or when the source no
 * longer keeps the changes.
 *
 * A message says what waits and why; then "Run there: DDL" if the statement is known; PostgreSQL's own
 * words come last, in quotes, with their SQLSTATE. err->target is "schema.table" or "schema.table.column".
 */
#ifndef ENGINE_PG_DDL_WAIT_H
#define ENGINE_PG_DDL_WAIT_H

#include <stdbool.h>

#include "core/err.h"
#include "engine/pg/pg.h"

/* All but "schema" and "table" may be NULL; names are not quoted. */
struct ddl_wait {
    const char *schema;
    const char *table;
    const char *column;
    const char *why; /* a full sentence */
    const char *ddl; /* one or several statements to run on the target */
};

/* Makes err a waiting error. "database" is the target's. Returns -1. */
int ddl_wait_error(struct err *err, const char *database, const struct ddl_wait *wait);

/* Whether the server rejected a change because of the data or the definition of the objects: the same
 * change succeeds once somebody has changed the definition. Decides by the SQLSTATE alone. */
bool ddl_wait_is_refusal(const char *sqlstate);

/* Fills err, as pg_error() does, from an error that the target returned for a change. A rejected change
 * becomes a waiting error, with the DDL that PostgreSQL's answer suggests. "what" is as in struct
 * pipeline_expectation ("table public.item"), may be NULL. Returns -1. */
int ddl_wait_refused(struct pg *target, const PGresult *result, const char *what, struct err *err);

#endif

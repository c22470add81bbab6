/* SPDX-License-Identifier: MIT */
/*
 * Errors that wait for somebody: the target lacks DDL that the source has had, or refuses a value because of
 * it. The receiver of such an error (err->waiting, never err->lasting) shows its message, retries with
 * backoff and without a deadline, and stops only when the user cancels or when the source no longer keeps the
 * changes.
 *
 * A message reads: what waits and why; "Run there: DDL" where the statement is known; PostgreSQL's own words
 * last, in quotes, with their SQLSTATE. err->target is "schema.table" or "schema.table.column".
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
    const char *ddl; /* what to run on the target, one statement or several */
};

/* Makes err wait. "database" is the target's. Returns -1. */
int ddl_wait_error(struct err *err, const char *database, const struct ddl_wait *wait);

/* Whether the server has refused what was asked for, because of the data or of the definition of the objects:
 * the same change succeeds as soon as somebody has changed the definition. By the SQLSTATE alone. */
bool ddl_wait_is_refusal(const char *sqlstate);

/*
 * The target has answered a change with an error. Fills err as pg_error() does; a refusal waits, with the
 * DDL that PostgreSQL's answer lets one conclude. "what" is as in struct pipeline_expectation ("table
 * public.item"), may be NULL. Returns -1.
 */
int ddl_wait_refused(struct pg *target, const PGresult *result, const char *what, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * One connection to PostgreSQL, the only wrapper around libpq. Every wait has a deadline and notices a wish to
 * stop; a running statement is then cancelled on the server. Every setting that a database or a role may carry and
 * that would change what we read or write (DateStyle, bytea_output, extra_float_digits, search_path, timeouts,
 * row_security ...) is pinned in the startup packet. Used inside engine/ only.
 *
 * A connection belongs to the thread that uses it; only pg_cancel() may be called by another.
 */
#ifndef ENGINE_PG_H
#define ENGINE_PG_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/stop.h"
#include "engine/endpoint.h"

struct pg {
    PGconn *connection;
    const struct endpoint *endpoint; /* not owned */
    char database[64 * 4];
    const struct stop *stop; /* not owned, may be NULL */
    int version;             /* server_version_num */
    bool superuser;          /* of the session's user */
    int statement_timeout_ms; /* bound on one statement as seen from here; 0: none but stop */
};

enum pg_role {
    PG_READ,  /* reads the source: row_security off, every text setting pinned */
    PG_WRITE, /* writes the target: also synchronous_commit off, session_replication_role=replica where permitted */
    PG_ADMIN, /* CREATE/DROP DATABASE, ALTER SYSTEM: pinned timeouts only */
};

/*
 * Connects within the endpoint's connect timeout. On failure err names the server, carries the SQLSTATE and the
 * service's code (603000 not reachable, 603001 SSL, 603100 wrong password) and says what to do; lasting is false
 * when trying again may help. Close with pg_close(), which accepts NULL members.
 */
int pg_open(const struct endpoint *endpoint, const char *database, enum pg_role role, const struct stop *stop,
            struct err *err, struct pg *ret_pg);
void pg_close(struct pg *pg);
#define auto_pg       __attribute__((cleanup(pg_close)))

/* Runs a statement without a result; several in one string are one transaction. */
int pg_run(struct pg *pg, struct err *err, const char *sql);
int pg_runf(struct pg *pg, struct err *err, const char *format, ...) printf_like(3, 4);
/* Runs a query with text parameters (count may be 0); the caller clears the result. */
int pg_query(struct pg *pg, struct err *err, PGresult **ret_result, const char *sql, int count,
             const char *const *params);
/* One value as new text (NULL for SQL NULL or no row); the caller frees. */
int pg_value(struct pg *pg, struct err *err, char **ret_value, const char *sql, int count,
             const char *const *params);

/* Adds an identifier or a literal, quoted by libpq. */
void pg_add_identifier(struct pg *pg, struct buf *sql, const char *name);
void pg_add_literal(struct pg *pg, struct buf *sql, const char *value);
/* Adds schema.name, both quoted. */
void pg_add_qualified(struct pg *pg, struct buf *sql, const char *schema, const char *name);

/* Fills err from the connection's last error or from a result: PostgreSQL's own message, SQLSTATE, the server's
 * label. "doing" says what was being done: "while creating database 'x'". Returns -1. */
int pg_error(struct pg *pg, const PGresult *result, struct err *err, const char *doing, ...) printf_like(4, 5);

/* Waits until the connection's socket is readable (or writable), the deadline or a wish to stop. 0 ready, -1 else
 * (err: ERR_CANCELED when stopped). deadline_ms 0: none. */
int pg_wait(struct pg *pg, bool for_write, int64_t deadline_ms, struct err *err);

static inline void pg_result_clear(PGresult **result)
{
    PQclear(*result);
}
#define auto_result __attribute__((cleanup(pg_result_clear)))

#endif

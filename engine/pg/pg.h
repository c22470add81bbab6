/* SPDX-License-Identifier: MIT */
/*
 * One connection to PostgreSQL, the only wrapper around libpq. Every wait has a deadline and notices a wish
 * to stop; a running statement is then cancelled on the server. Every setting that a database or a role may
 * carry and that would change what we read or write (DateStyle, bytea_output, extra_float_digits,
 * search_path, timeouts, row_security ...) is pinned in the startup packet. Used inside engine/ only.
 *
 * A connection belongs to the thread that uses it. It is in
 * libpq's nonblocking mode: after PQputCopyData and the like, PQflush has to be called until it returns 0,
 * with pg_wait(for_write) between two calls.
 */
#ifndef ENGINE_PG_PG_H
#define ENGINE_PG_PG_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/stop.h"
#include "engine/pg/endpoint.h"

/* What engine/pg/pg_liveness.c knows of a server that is silent. */
struct pg_liveness {
    int64_t heard_ms; /* when the session spoke last */
    int64_t next_ms;  /* when the server is asked next */
    int64_t since_ms; /* when the request under way began */
    int unanswered;   /* requests in a row */
    int socket;
    bool asking; /* socket is open */
    bool asked;  /* the request has been sent */
};

struct pg {
    PGconn *connection;
    const struct endpoint *endpoint; /* not owned */
    char database[64 * 4];
    const struct stop *stop;  /* not owned, may be NULL */
    int version;              /* server_version_num */
    bool superuser;           /* of the session's user */
    bool replica;             /* session_replication_role=replica was permitted (PG_WRITE only) */
    bool tainted;             /* a cancel request may still hit it: not to be used again, see pg_abandon() */
    int statement_timeout_ms; /* bound on one statement as seen from here; 0: none but stop */
    struct pg_liveness liveness;
};

enum pg_role {
    PG_READ,        /* reads the source: row_security off, every text setting pinned */
    PG_WRITE,       /* writes the target: also synchronous_commit off, session_replication_role=replica where
                       permitted */
    PG_ADMIN,       /* CREATE/DROP DATABASE, ALTER SYSTEM: pinned as for reading */
    PG_REPLICATION, /* a logical walsender of the database: pinned as for reading, also lc_monetary C. Takes
                       replication commands and, through pg_run() only, single SQL statements */
    PG_SETTINGS,    /* shows the settings that the login's own sessions have: nothing but what protects the
                       session is pinned */
    PG_CLIENT,      /* as any client's session: nothing is pinned */
};

/*
 * Connects within the endpoint's connect timeout. On failure err names the server, carries the SQLSTATE and
 * the service's code (603000 not reachable, 603001 SSL, 603100 wrong password) and says what to do; lasting
 * is false when trying again may help. Close with pg_close(), which accepts NULL members.
 */
int pg_open(const struct endpoint *endpoint, const char *database, enum pg_role role, const struct stop *stop,
            struct err *err, struct pg *ret_pg);
/* The same to whatever database lets the user in but "avoid" (may be NULL): postgres, template1, that of his
 * name. */
int pg_open_any(const struct endpoint *endpoint, const char *avoid, enum pg_role role,
                const struct stop *stop, struct err *err, struct pg *ret_pg);
void pg_close(struct pg *pg);
#define auto_pg __attribute__((cleanup(pg_close)))

/* Makes the server's "encoding" (its name: "UTF8", "LATIN1") that of all text sent and received. */
int pg_set_encoding(struct pg *pg, const char *encoding, struct err *err);

/*
 * Runs a statement without a result; several in one string are one transaction. Returns as soon as a COPY has
 * begun: the connection is then in copy mode. When it was stopped or took longer than statement_timeout_ms,
 * the statement has been cancelled on the server and the connection can be used again (an open transaction is
 * then aborted).
 */
int pg_run(struct pg *pg, struct err *err, const char *sql);
int pg_runf(struct pg *pg, struct err *err, const char *format, ...) printf_like(3, 4);
/* Runs one query with text parameters (count may be 0); the caller clears the result. */
int pg_query(struct pg *pg, struct err *err, PGresult **ret_result, const char *sql, int count,
             const char *const *params);
/* Parameters in binary; the arrays have count members. */
struct pg_binary_params {
    int count;
    const Oid *types; /* of the server */
    const char *const *values;
    const int *lengths; /* bytes */
};
/* The same with parameters in binary; the result is text. */
int pg_query_binary(struct pg *pg, struct err *err, PGresult **ret_result, const char *sql,
                    const struct pg_binary_params *params);
/* One value as new text (NULL for SQL NULL or no row); the caller frees. */
int pg_value(struct pg *pg, struct err *err, char **ret_value, const char *sql, int count,
             const char *const *params);

/*
 * Waits for the next result of what was sent, as PQgetResult does but noticing stop and the deadline (0:
 * none). *ret_result is NULL when there is none left. A result that is an error is not looked at. -1:
 * stopped, timeout or connection lost; the statement has been cancelled and its results thrown away.
 */
int pg_next_result(struct pg *pg, int64_t deadline_ms, struct err *err, PGresult **ret_result);
/* Cancels what is running (also COPY) and throws its results away. False: not within two seconds, or the
 * connection is lost; then it cannot be used again. Works although a stop is wished. */
bool pg_abandon(struct pg *pg);

/* Adds an identifier or a literal, quoted by libpq. */
void pg_add_identifier(struct pg *pg, struct buf *sql, const char *name);
void pg_add_literal(struct pg *pg, struct buf *sql, const char *value);
/* Adds schema.name, both quoted. */
void pg_add_qualified(struct pg *pg, struct buf *sql, const char *schema, const char *name);

/* Whether a boolean column is true; NULL is not. */
bool pg_is_true(const PGresult *rows, int row, int column);
/* The same for a value as PostgreSQL writes it, which may be NULL. */
bool pg_value_is_true(const char *value);

/* Fills err from the connection's last error or from a result: PostgreSQL's own message, SQLSTATE, the
 * server's label. "doing" says what was being done: "while creating database 'x'". Returns -1. */
int pg_error(struct pg *pg, const PGresult *result, struct err *err, const char *doing, ...)
    printf_like(4, 5);

/* Waits until the connection's socket is readable (or writable), the deadline or a wish to stop. 0 ready, -1
 * else (err: ERR_CANCELED when stopped). deadline_ms, on the monotonic clock, 0: none. Cancels nothing. */
int pg_wait(struct pg *pg, bool for_write, int64_t deadline_ms, struct err *err);

/* ---- for whoever waits in a loop of its own ---- */

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

static inline void pg_result_clear(PGresult **result)
{
    PQclear(*result);
    *result = NULL;
}
#define auto_result __attribute__((cleanup(pg_result_clear)))

#endif

/* SPDX-License-Identifier: MIT */
/*
 * One connection to PostgreSQL; the only wrapper around libpq. Every wait has a deadline and notices a
 * request to stop; it then cancels the running statement on the server. The startup packet fixes every
 * setting that a database or role may carry and that would change what Malachite reads or writes
 * (DateStyle, bytea_output, extra_float_digits, search_path, timeouts, row_security ...). Used inside
 * engine/ only.
 *
 * A connection belongs to the thread that uses it. It is in libpq's nonblocking mode: after PQputCopyData
 * and the like, PQflush has to be called until it returns 0, with pg_wait(for_write) between two calls.
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

/* State of engine/pg/pg_liveness.c for a silent server. */
struct pg_liveness {
    int64_t heard_ms; /* when the session last received something */
    int64_t next_ms;  /* when to probe the server next */
    int64_t since_ms; /* when the current probe began */
    int unanswered;   /* requests in a row */
    int socket;
    bool asking; /* socket is open */
    bool asked;  /* the probe has been sent */
};

struct pg {
    PGconn *connection;
    const struct endpoint *endpoint; /* not owned */
    char database[64 * 4];
    const struct stop *stop; /* not owned, may be NULL */
    int version;             /* server_version_num */
    bool superuser;          /* of the session's user */
    bool replica;            /* session_replication_role=replica was permitted (PG_WRITE only) */
    bool tainted; /* a cancel request may still hit the next statement: unusable, see pg_abandon() */
    int statement_timeout_ms; /* limit for one statement, measured by the client; 0: only stop ends it */
    struct pg_liveness liveness;
};

enum pg_role {
    PG_READ,        /* reads the source: row_security off, every setting for text fixed */
    PG_WRITE,       /* writes the target: also synchronous_commit off, and session_replication_role=replica if
                       permitted */
    PG_ADMIN,       /* CREATE/DROP DATABASE, ALTER SYSTEM: settings fixed as for reading */
    PG_REPLICATION, /* a logical walsender of the database: settings as for reading, and lc_monetary C.
                       Accepts replication commands and, through pg_run() only, single SQL statements */
    PG_SETTINGS, /* has the settings of the login's own sessions: fixes only those that protect the session */
    PG_CLIENT,   /* like a session of any client: fixes nothing */
};

/* Connects within the endpoint's connect timeout. On failure err names the server, has the SQLSTATE and
 * the service's code (603000 unreachable, 603001 SSL, 603100 wrong password) and says what to do; lasting
 * is false if a retry may help. Close with pg_close(), which accepts NULL members. */
int pg_open(const struct endpoint *endpoint, const char *database, enum pg_role role, const struct stop *stop,
            struct err *err, struct pg *ret_pg);
/* The same, to any database that admits the user except "avoid" (may be NULL): postgres, template1, the
 * one with the user's name. */
int pg_open_any(const struct endpoint *endpoint, const char *avoid, enum pg_role role,
                const struct stop *stop, struct err *err, struct pg *ret_pg);
void pg_close(struct pg *pg);
#define auto_pg __attribute__((cleanup(pg_close)))

/* Uses the server's "encoding" (by its name: "UTF8", "LATIN1") for all text sent and received. */
int pg_set_encoding(struct pg *pg, const char *encoding, struct err *err);

/* Runs a statement without a result; several in one string are one transaction. Returns as soon as a COPY
 * has begun: the connection is then in copy mode. After a stop or after statement_timeout_ms, it has
 * cancelled the statement on the server, and the connection is usable (an open transaction is aborted). */
int pg_run(struct pg *pg, struct err *err, const char *sql);
int pg_runf(struct pg *pg, struct err *err, const char *format, ...) printf_like(3, 4);
/* The same, and returns the first value of the last statement, as pg_value() does. */
int pg_run_value(struct pg *pg, struct err *err, char **ret_value, const char *sql);
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
/* The same with binary parameters; the result is text. */
int pg_query_binary(struct pg *pg, struct err *err, PGresult **ret_result, const char *sql,
                    const struct pg_binary_params *params);
/* Returns one value as a new string (NULL for SQL NULL or no row); the caller frees. */
int pg_value(struct pg *pg, struct err *err, char **ret_value, const char *sql, int count,
             const char *const *params);

/* Waits for the next result like PQgetResult, but notices stop and the deadline (0: none). *ret_result is
 * NULL when none is left. It does not check results for errors. -1: stopped, timeout or connection lost;
 * the statement has been cancelled and its results discarded. */
int pg_next_result(struct pg *pg, int64_t deadline_ms, struct err *err, PGresult **ret_result);
/* Cancels the running statement (also COPY) and discards its results. False: it took more than two
 * seconds, or the connection is lost; then it is unusable. Also works after a request to stop. */
bool pg_abandon(struct pg *pg);

/* Adds an identifier or a literal, quoted by libpq. */
void pg_add_identifier(struct pg *pg, struct buf *sql, const char *name);
void pg_add_literal(struct pg *pg, struct buf *sql, const char *value);
/* Adds schema.name, both quoted. */
void pg_add_qualified(struct pg *pg, struct buf *sql, const char *schema, const char *name);

/* Whether a boolean column is true; false for NULL. */
bool pg_is_true(const PGresult *rows, int row, int column);
/* The same for PostgreSQL's text of a value, which may be NULL. */
bool pg_value_is_true(const char *value);

/* Fills err from the connection's last error or from a result: PostgreSQL's own message, SQLSTATE, the
 * server's label. "doing" describes the action: "while creating database 'x'". Returns -1. */
int pg_error(struct pg *pg, const PGresult *result, struct err *err, const char *doing, ...)
    printf_like(4, 5);

/* Waits until the connection's socket is readable (or writable), the deadline passes or a stop is
 * requested. 0: ready, -1: otherwise (err: ERR_CANCELED after a stop). deadline_ms is on the monotonic
 * clock; 0: none. Cancels nothing. */
int pg_wait(struct pg *pg, bool for_write, int64_t deadline_ms, struct err *err);

/* ---- for callers with their own wait loop ---- */

enum pg_poll { PG_POLL_READY, PG_POLL_TIMEOUT, PG_POLL_STOPPED, PG_POLL_FAILED };

/* Waits for poll() events on a socket; deadline_ms 0: none; stop may be NULL. */
enum pg_poll pg_poll_socket(int socket, short events, int64_t deadline_ms, const struct stop *stop);

/* Fills err for a wait that did not end with PG_POLL_READY. Returns -1. */
int pg_poll_error(const struct pg *pg, enum pg_poll outcome, struct err *err);

/* Call it at least once a second while waiting for an answer without a deadline. Once the session has been
 * silent for a while, checks whether the server is still alive, and never blocks. heard_ms: when something
 * last arrived, or the wait began, clock_monotonic_ms(). A rejected second session counts as alive. -1:
 * nothing arrives any longer; the session is unusable. */
int pg_look_for_server(struct pg *pg, int64_t heard_ms, struct err *err);

static inline void pg_result_clear(PGresult **result)
{
    PQclear(*result);
    *result = NULL;
}
#define auto_result __attribute__((cleanup(pg_result_clear)))

#endif

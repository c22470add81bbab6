/* SPDX-License-Identifier: MIT */
/*
 * Connects, and sets up a session. A setting stored with a database or a role applies to Malachite's
 * sessions too and could silently change the data (DateStyle, bytea_output, extra_float_digits,
 * array_nulls) or end the session (timeouts). Settings that every supported server knows go into the
 * startup packet, which overrides stored ones. Settings that only some majors know would make other
 * servers refuse the connection, so they are set right after connecting. Sessions in which the target
 * evaluates expressions additionally get the source's settings: engine/catalog/source_settings.h.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "engine/pg/pg.h"
#include "engine/pg/pg_point.h"
#include "engine/pg/pg_private.h"
#include "engine/pg/sqlstate.h"

enum { CONNECT_TIMEOUT_S = 10, OPTIONS_MAX_BYTES = 4096, DATABASE_NAME_MAX_BYTES = 64 * 4 };

enum {
    FOR_READ = 1 << PG_READ,
    FOR_WRITE = 1 << PG_WRITE,
    FOR_ADMIN = 1 << PG_ADMIN,
    FOR_REPLICATION = 1 << PG_REPLICATION,
    FOR_SETTINGS = 1 << PG_SETTINGS,
    FOR_DATA = FOR_READ | FOR_WRITE | FOR_REPLICATION,
    FOR_VALUES = FOR_DATA | FOR_ADMIN, /* all that read or write values */
    FOR_ALL = FOR_VALUES | FOR_SETTINGS,
};

struct startup_setting {
    unsigned roles;
    const char *name;
    const char *value;
};

static const struct startup_setting startup_settings[] = {
    /* Otherwise Malachite would act, and be rejected, as another role. A stored session_authorization has
     * no effect, because the server's own setting at session start overrides it. */
    {FOR_ALL, "role", "none"},
    {FOR_ALL, "statement_timeout", "0"},
    {FOR_ALL, "lock_timeout", "0"},
    {FOR_ALL, "client_min_messages", "error"},
    {FOR_VALUES, "search_path", ""},
    {FOR_VALUES, "DateStyle", "ISO"},
    {FOR_VALUES, "IntervalStyle", "postgres"},
    {FOR_VALUES, "TimeZone", "UTC"},
    {FOR_VALUES, "bytea_output", "hex"},
    {FOR_VALUES, "extra_float_digits", "3"},
    {FOR_ALL, "array_nulls", "on"},
    {FOR_ALL, "standard_conforming_strings", "on"},
    {FOR_ALL, "escape_string_warning", "off"},
    {FOR_ALL, "backslash_quote", "safe_encoding"},
    {FOR_VALUES, "transform_null_equals", "off"},
    {FOR_ALL, "quote_all_identifiers", "off"},
    {FOR_ALL, "xmloption", "content"},
    {FOR_VALUES, "xmlbinary", "base64"},
    {FOR_ALL, "row_security", "off"},
    {FOR_ALL, "default_transaction_isolation", "read committed"},
    {FOR_ALL, "default_transaction_deferrable", "off"},
    /* An administrator's session must see whether the server is read-only: see session_settings. */
    {FOR_DATA, "default_transaction_read_only", "off"},
    {FOR_ALL, "default_tablespace", ""},
    {FOR_ALL, "temp_tablespaces", ""},
    {FOR_ALL, "check_function_bodies", "off"},
    {FOR_READ, "synchronize_seqscans", "off"},
    {FOR_WRITE, "synchronous_commit", "off"},
    /* COPY transfers money in binary, but logical replication sends text. */
    {FOR_REPLICATION, "lc_monetary", "C"},
};

struct session_setting {
    unsigned roles;
    int since; /* server_version_num */
    const char *sql;
};

static const struct session_setting session_settings[] = {
    /* libpq overrides these two if PGDATESTYLE or PGTZ are in Malachite's environment. */
    {FOR_VALUES, 0, "SET DateStyle = ISO"},
    {FOR_VALUES, 0, "SET TimeZone = 'UTC'"},
    {FOR_ADMIN, 0, "SET default_transaction_read_only = off"},
    {FOR_ALL, 90600, "SET idle_in_transaction_session_timeout = 0"},
    {FOR_READ | FOR_ADMIN, 110000, "SET jit = off"},
    /* How long a walsender waits for a client that has died; can be set by the client from 12 on. */
    {FOR_REPLICATION, 120000, "SET wal_sender_timeout = '60s'"},
    {FOR_ALL, 120000, "SET default_table_access_method = heap"},
    {FOR_ALL, 140000, "SET idle_session_timeout = 0"},
    {FOR_ALL, 170000, "SET transaction_timeout = 0"},
    {FOR_ALL, 170000, "SET restrict_nonsystem_relation_kind = ''"},
};

static void add_startup_option(struct buf *options, const struct startup_setting *setting)
{
    buf_addf(options, " -c %s=", setting->name);
    for (const char *at = setting->value; *at != '\0'; at++) {
        if (*at == ' ' || *at == '\\') {
            buf_addc(options, '\\');
        }
        buf_addc(options, *at);
    }
}

static int startup_options(enum pg_role role, struct err *err, struct buf *options)
{
    for (size_t i = 0; i < ARRAY_LEN(startup_settings); i++) {
        if ((startup_settings[i].roles & (1U << role)) != 0) {
            add_startup_option(options, &startup_settings[i]);
        }
    }
    return buf_failed(options) ? err_no_memory(err) : 0;
}

static PGconn *start_connecting(const struct endpoint *endpoint, const char *database, enum pg_role role,
                                const char *options)
{
    char port[16];
    snprintf(port, sizeof(port), "%d", endpoint->port);
    bool has_password = endpoint->password != NULL && endpoint->password[0] != '\0';
    /* The ~/.pgpass of the user who runs Malachite must not replace a password that the user did not give. */
    const char *const pairs[][2] = {
        {"host", endpoint->host},
        {"port", port},
        {"user", endpoint->user},
        {"dbname", database},
        {has_password ? "password" : "passfile", has_password ? endpoint->password : "/nonexistent/pgpass"},
        {"sslmode", endpoint->sslmode != NULL ? endpoint->sslmode : "prefer"},
        {"gssencmode", "disable"},
        {"options", options},
        {"replication", role == PG_REPLICATION ? "database" : NULL},
        {"application_name", "malachite"},
        {"keepalives", "1"},
        {"keepalives_idle", "10"},
        {"keepalives_interval", "10"},
        {"keepalives_count", "6"},
        /* Malachite reports about once a second, and unacknowledged bytes suppress keepalives. */
        {"tcp_user_timeout", role == PG_REPLICATION ? "60000" : NULL},
    };
    const char *keywords[ARRAY_LEN(pairs) + 1] = {NULL};
    const char *values[ARRAY_LEN(pairs) + 1] = {NULL};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        keywords[i] = pairs[i][0];
        values[i] = pairs[i][1];
    }
    return PQconnectStartParams(keywords, values, 0);
}

static int finish_connecting(struct pg *pg, struct err *err)
{
    int timeout_s = pg->endpoint->connect_timeout_s > 0 ? pg->endpoint->connect_timeout_s : CONNECT_TIMEOUT_S;
    int64_t deadline_ms = clock_monotonic_ms() + (int64_t)timeout_s * 1000;
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (PQstatus(pg->connection) != CONNECTION_BAD && state != PGRES_POLLING_FAILED) {
        if (state == PGRES_POLLING_OK) {
            return 0;
        }
        short events = (short)(state == PGRES_POLLING_READING ? POLLIN : POLLOUT);
        enum pg_poll outcome = pg_poll_socket(PQsocket(pg->connection), events, deadline_ms, pg->stop);
        if (outcome == PG_POLL_TIMEOUT) {
            err_set(err, ERR_SERVER_UNREACHABLE,
                    "Connection to the %s failed: no answer within %d seconds. Check its address, its port "
                    "and the firewalls.",
                    pg->endpoint->label, timeout_s);
            err->lasting = false;
            err->service_code = 603000;
            return err_target(err, "%s", pg->endpoint->label);
        }
        if (outcome != PG_POLL_READY) {
            return pg_poll_error(pg, outcome, err);
        }
        state = PQconnectPoll(pg->connection);
    }
    return pg_connect_error(pg, err);
}

static int set_session(struct pg *pg, enum pg_role role, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(OPTIONS_MAX_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(session_settings); i++) {
        const struct session_setting *setting = &session_settings[i];
        if ((setting->roles & (1U << role)) == 0 || pg->version < setting->since) {
            continue;
        }
        /* A walsender accepts one statement at a time. */
        if (role != PG_REPLICATION) {
            buf_addf(&sql, "%s;", setting->sql);
        } else if (pg_run(pg, err, setting->sql) != 0) {
            return -1;
        }
    }
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    return sql.len == 0 ? 0 : pg_run(pg, err, buf_text(&sql));
}

/* Tries an optional setting that the server or its policy may reject. 1: set, 0: rejected (err is
 * unchanged), -1: connection lost. */
static int try_setting(struct pg *pg, const char *sql, struct err *err)
{
    struct err refusal = {0};
    if (pg_run(pg, &refusal, sql) == 0) {
        return 1;
    }
    if (PQstatus(pg->connection) == CONNECTION_OK && refusal.code != ERR_CANCELED) {
        return 0;
    }
    *err = refusal;
    return -1;
}

static int try_settings(struct pg *pg, enum pg_role role, struct err *err)
{
    if (role == PG_CLIENT) {
        return 0;
    }
    /* Makes the server end a long statement after Malachite was killed. Some systems do not support it. */
    if (pg->version >= 140000 && try_setting(pg, "SET client_connection_check_interval = '2s'", err) < 0) {
        return -1;
    }
    if (role == PG_WRITE) {
        int permitted = try_setting(pg, "SET session_replication_role = replica", err);
        if (permitted < 0) {
            return -1;
        }
        pg->replica = permitted == 1;
    }
    return 0;
}

static void ignore_notice(void *context maybe_unused, const PGresult *result maybe_unused)
{
}

/*
 * Settings that end every new session, and the options with which a session survives them, in the order to
 * try. They are not sent immediately: only superusers may set the session's libraries, and older majors
 * lack the others.
 */
static const struct rescue {
    const char *sqlstate; /* "": the session ended during its setup; libpq then has no SQLSTATE */
    int since;            /* server_version_num */
    const char *options;
} rescues[] = {
    {SQLSTATE_UNDEFINED_FILE, 0, " -c local_preload_libraries="},
    {SQLSTATE_UNDEFINED_FILE, 0, " -c session_preload_libraries="},
    {SQLSTATE_IDLE_SESSION_TIMEOUT, 0, " -c idle_session_timeout=0"},
    {SQLSTATE_TRANSACTION_TIMEOUT, 0, " -c transaction_timeout=0"},
    {"", 140000, " -c idle_session_timeout=0"},
    {"", 170000, " -c transaction_timeout=0"},
};

/* Connects and sets up the session; on failure the caller closes pg. */
static int open_once(struct pg *pg, enum pg_role role, const char *rescue, struct err *err)
{
    auto_buf struct buf options = BUF_MAX(OPTIONS_MAX_BYTES);
    if (startup_options(role, err, &options) != 0) {
        return -1;
    }
    buf_adds(&options, rescue);
    if (buf_failed(&options)) {
        return err_no_memory(err);
    }
    pg->connection = start_connecting(pg->endpoint, pg->database, role, buf_text(&options));
    if (pg->connection == NULL) {
        return err_no_memory(err);
    }
    /* Only the verbose form of a failed connection attempt contains the SQLSTATE. */
    PQsetErrorVerbosity(pg->connection, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(pg->connection, ignore_notice, NULL);
    if (finish_connecting(pg, err) != 0) {
        return -1;
    }
    PQsetErrorVerbosity(pg->connection, PQERRORS_DEFAULT);
    PQsetnonblocking(pg->connection, 1);
    pg->version = PQserverVersion(pg->connection);
    const char *superuser = PQparameterStatus(pg->connection, "is_superuser");
    pg->superuser = superuser != NULL && strcmp(superuser, "on") == 0;
    if (set_session(pg, role, err) != 0) {
        return err_prefix(err, "Cannot prepare the session. ");
    }
    return try_settings(pg, role, err);
}

/* The first unused rescue that applies to this error, or ARRAY_LEN(rescues). */
static size_t find_rescue(const struct pg *pg, const struct err *err, unsigned used)
{
    size_t i = 0;
    while (i < ARRAY_LEN(rescues) &&
           ((used & (1U << i)) != 0 || strcmp(err->sqlstate, rescues[i].sqlstate) != 0 ||
            pg->version < rescues[i].since)) {
        i++;
    }
    return i;
}

/* Retries with one more rescue as long as the error changes; err is that of the last such attempt. */
static int open_session(struct pg *pg, enum pg_role role, struct err *err)
{
    auto_buf struct buf options = BUF_MAX(OPTIONS_MAX_BYTES);
    unsigned used = 0;
    int result = open_once(pg, role, "", err);
    bool hopeless = result == 0 || role == PG_CLIENT;
    size_t next = hopeless ? ARRAY_LEN(rescues) : find_rescue(pg, err, used);
    while (result != 0 && next < ARRAY_LEN(rescues)) {
        struct err failure = {0};
        used |= 1U << next;
        buf_adds(&options, rescues[next].options);
        pg_close(pg);
        result = open_once(pg, role, buf_text(&options), &failure);
        next = find_rescue(pg, &failure, used);
        if (next < ARRAY_LEN(rescues)) {
            *err = failure;
        }
    }
    return result;
}

int pg_open(const struct endpoint *endpoint, const char *database, enum pg_role role, const struct stop *stop,
            struct err *err, struct pg *ret_pg)
{
    auto_pg struct pg pg = {.endpoint = endpoint, .stop = stop};
    if (stop != NULL && stop_requested(stop)) {
        return pg_poll_error(&pg, PG_POLL_STOPPED, err);
    }
    if (strlen(database) >= DATABASE_NAME_MAX_BYTES) {
        return err_set(err, ERR_BAD_PARAMETER, "The database name '%.64s...' is too long.", database);
    }
    memcpy(pg.database, database, strlen(database) + 1);
    if (pg_point_connect(&pg, err) != 0) {
        return -1;
    }
    if (open_session(&pg, role, err) != 0) {
        return -1;
    }
    *ret_pg = pg;
    pg.connection = NULL;
    return 0;
}

/* True if the connection failed because of this database, so that another one may work. */
static bool is_about_database(const struct err *err)
{
    return sqlstate_in(err->sqlstate, SQLSTATE_UNDEFINED_DATABASE, SQLSTATE_NOT_IN_STATE,
                       SQLSTATE_INSUFFICIENT_PRIVILEGE) ||
           (sqlstate_is(err->sqlstate, SQLSTATE_INVALID_AUTHORIZATION) && err->service_code != 603100);
}

int pg_open_any(const struct endpoint *endpoint, const char *avoid, enum pg_role role,
                const struct stop *stop, struct err *err, struct pg *ret_pg)
{
    const char *const candidates[] = {"postgres", "template1", endpoint->user};
    bool tried = false;
    for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
        if (avoid != NULL && strcmp(candidates[i], avoid) == 0) {
            continue;
        }
        /* The error of the first attempt is the most useful. */
        struct err failure = {0};
        if (pg_open(endpoint, candidates[i], role, stop, &failure, ret_pg) == 0) {
            return 0;
        }
        if (!tried || !is_about_database(&failure)) {
            *err = failure;
        }
        if (!is_about_database(&failure)) {
            return -1;
        }
        tried = true;
    }
    return -1;
}

void pg_close(struct pg *pg)
{
    pg_liveness_done(&pg->liveness);
    PQfinish(pg->connection);
    pg->connection = NULL;
}

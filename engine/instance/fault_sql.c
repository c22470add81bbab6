/* SPDX-License-Identifier: MIT */
/* Faults that the superuser makes with SQL. */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/parse/id.h"
#include "core/str.h"
#include "engine/instance/fault_private.h"
#include "engine/instance/instance_private.h"
#include "engine/pg/pg.h"

enum { SQL_MAX_BYTES = 8192, DROP_TIMEOUT_MS = 10000, DROP_PAUSE_MS = 5 };

/* Instances commit asynchronously. */
#define DURABLE "SET synchronous_commit = local; "

/* A session of the superuser with its endpoint. */
struct session {
    struct endpoint endpoint;
    struct pg pg;
};

static void session_done(struct session *session)
{
    pg_close(&session->pg);
    endpoint_done(&session->endpoint);
}
#define auto_session __attribute__((cleanup(session_done)))

static int session_open(const struct fault_call *call, struct err *err, struct session *session)
{
    return instance_superuser_endpoint(call->host, call->spec, call->spec->name, err, &session->endpoint) != 0
               ? -1
               : pg_open(&session->endpoint, "postgres", PG_ADMIN, call->stop, err, &session->pg);
}

/* Reads one value of the administrator's row in pg_authid; NULL if it is NULL or the role was dropped. */
static int read_role(struct session *session, const struct fault_call *call, const char *column,
                     struct err *err, char **ret_value)
{
    const char *const params[] = {call->spec->administrator};
    auto_free char *sql = str_format("SELECT %s::text FROM pg_catalog.pg_authid WHERE rolname = $1", column);
    return sql == NULL ? err_no_memory(err) : pg_value(&session->pg, err, ret_value, sql, 1, params);
}

/* ALTER ROLE administrator <what> <literal or word>; no error if the role was dropped. */
static int alter_role(struct session *session, const struct fault_call *call, const char *what,
                      const char *literal, const char *word, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, DURABLE "ALTER ROLE ");
    pg_add_identifier(&session->pg, &sql, call->spec->administrator);
    buf_addf(&sql, " %s ", what);
    if (literal != NULL) {
        pg_add_literal(&session->pg, &sql, literal);
    } else {
        buf_adds(&sql, word);
    }
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(&session->pg, err, buf_text(&sql));
}

static int terminate_administrator(struct session *session, const struct fault_call *call, struct err *err)
{
    auto_free char *ignored = NULL;
    const char *const params[] = {call->spec->administrator};
    return pg_value(&session->pg, err, &ignored,
                    "SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(pid)) FROM"
                    " pg_catalog.pg_stat_activity WHERE usename = $1 AND pid <> pg_catalog.pg_backend_pid()",
                    1, params);
}

/* ---- readOnly --------------------------------------------------------------------------------------------
 */

/* The value that ALTER SYSTEM has set; the text is empty if none is set. */
static const char own_value[] =
    "SELECT setting FROM pg_catalog.pg_file_settings WHERE name ="
    " 'default_transaction_read_only' AND sourcefile LIKE '%/postgresql.auto.conf'"
    " ORDER BY seqno DESC LIMIT 1";

int fault_read_only_prepare(const struct fault_call *call, struct buf *undo, struct err *err)
{
    auto_session struct session session = {0};
    auto_free char *value = NULL;
    if (session_open(call, err, &session) != 0 ||
        pg_value(&session.pg, err, &value, own_value, 0, NULL) != 0) {
        return -1;
    }
    buf_adds(undo, value == NULL ? "" : value);
    return 0;
}

int fault_read_only_begin(const struct fault_call *call, const char *undo, struct err *err)
{
    (void)undo;
    auto_session struct session session = {0};
    return session_open(call, err, &session) != 0 ||
                   pg_run(&session.pg, err, "ALTER SYSTEM SET default_transaction_read_only = on") != 0
               ? -1
               : instance_reload(call->host, call->spec, call->stop, err);
}

int fault_read_only_end(const struct fault_call *call, const char *undo, struct err *err)
{
    auto_session struct session session = {0};
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    if (session_open(call, err, &session) != 0) {
        return -1;
    }
    if (undo[0] == '\0') {
        buf_adds(&sql, "ALTER SYSTEM RESET default_transaction_read_only");
    } else {
        buf_adds(&sql, "ALTER SYSTEM SET default_transaction_read_only = ");
        pg_add_literal(&session.pg, &sql, undo);
    }
    return pg_run(&session.pg, err, buf_text(&sql)) != 0
               ? -1
               : instance_reload(call->host, call->spec, call->stop, err);
}

/* ---- password --------------------------------------------------------------------------------------------
 */

static void free_verifier(char **verifier)
{
    PQfreemem(*verifier);
}

/* Two lines: the verifier that nobody knows the password of, and the administrator's own. */
int fault_password_prepare(const struct fault_call *call, struct buf *undo, struct err *err)
{
    char secret[ID_TEXT_SIZE];
    auto_session struct session session = {0};
    auto_free char *own = NULL;
    if (session_open(call, err, &session) != 0 || read_role(&session, call, "rolpassword", err, &own) != 0) {
        return -1;
    }
    __attribute__((cleanup(free_verifier))) char *verifier = PQencryptPasswordConn(
        session.pg.connection, id_new(secret), call->spec->administrator, "scram-sha-256");
    if (verifier == NULL) {
        return err_set(err, ERR_INTERNAL, "Cannot make a SCRAM verifier for '%s'.",
                       call->spec->administrator);
    }
    buf_addf(undo, "%s\n%s", verifier, own == NULL ? "" : own);
    return 0;
}

int fault_password_begin(const struct fault_call *call, const char *undo, struct err *err)
{
    auto_session struct session session = {0};
    auto_free char *verifier = strndup(undo, strcspn(undo, "\n"));
    if (verifier == NULL) {
        return err_no_memory(err);
    }
    return session_open(call, err, &session) != 0 ||
                   alter_role(&session, call, "PASSWORD", verifier, NULL, err) != 0
               ? -1
               : terminate_administrator(&session, call, err);
}

/* A password that the user has set in the meantime stays. */
int fault_password_end(const struct fault_call *call, const char *undo, struct err *err)
{
    auto_session struct session session = {0};
    auto_free char *now = NULL;
    size_t len = strcspn(undo, "\n");
    const char *own = undo[len] == '\0' ? "" : undo + len + 1;
    if (session_open(call, err, &session) != 0 || read_role(&session, call, "rolpassword", err, &now) != 0) {
        return -1;
    }
    bool changed = now == NULL || strlen(now) != len || strncmp(now, undo, len) != 0;
    return changed ? 0 : alter_role(&session, call, "PASSWORD", own[0] == '\0' ? NULL : own, "NULL", err);
}

/* ---- connections -----------------------------------------------------------------------------------------
 */

int fault_connections_prepare(const struct fault_call *call, struct buf *undo, struct err *err)
{
    auto_session struct session session = {0};
    auto_free char *limit = NULL;
    if (session_open(call, err, &session) != 0 ||
        read_role(&session, call, "rolconnlimit", err, &limit) != 0) {
        return -1;
    }
    buf_adds(undo, limit == NULL ? "-1" : limit);
    return 0;
}

int fault_connections_begin(const struct fault_call *call, const char *undo, struct err *err)
{
    (void)undo;
    auto_session struct session session = {0};
    return session_open(call, err, &session) != 0
               ? -1
               : alter_role(&session, call, "CONNECTION LIMIT", NULL, "0", err);
}

/* A limit that the user has set in the meantime stays. */
int fault_connections_end(const struct fault_call *call, const char *undo, struct err *err)
{
    auto_session struct session session = {0};
    auto_free char *now = NULL;
    int64_t limit = -1;
    if (session_open(call, err, &session) != 0 || read_role(&session, call, "rolconnlimit", err, &now) != 0) {
        return -1;
    }
    if (!str_equals(now, "0") || !str_to_int(undo, -1, INT32_MAX, &limit)) {
        return 0;
    }
    return alter_role(&session, call, "CONNECTION LIMIT", NULL, undo, err);
}

/* ---- dropSlot --------------------------------------------------------------------------------------------
 */

#define OUR_SLOTS                                                                                            \
    " FROM pg_catalog.pg_replication_slots WHERE slot_type = 'logical' AND slot_name LIKE 'malachite\\_%'"

/* The walsender may have attached again before the drop, so both are retried. */
int fault_drop_slot_begin(const struct fault_call *call, const char *undo, struct err *err)
{
    (void)undo;
    auto_session struct session session = {0};
    int64_t deadline_ms = clock_monotonic_ms() + DROP_TIMEOUT_MS;
    if (session_open(call, err, &session) != 0) {
        return -1;
    }
    for (;;) {
        auto_free char *terminated = NULL;
        auto_free char *left = NULL;
        struct err in_use = {0};
        if (pg_value(&session.pg, err, &terminated,
                     "SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(active_pid))" OUR_SLOTS
                     " AND active_pid IS NOT NULL",
                     0, NULL) != 0) {
            return -1;
        }
        (void)pg_run(&session.pg, &in_use,
                     "SELECT pg_catalog.pg_drop_replication_slot(slot_name)" OUR_SLOTS
                     " AND active_pid IS NULL");
        if (pg_value(&session.pg, err, &left, "SELECT pg_catalog.count(*)" OUR_SLOTS, 0, NULL) != 0) {
            return -1;
        }
        if (str_equals(left, "0")) {
            return 0;
        }
        if (clock_ms_left(deadline_ms) == 0 || (call->stop != NULL && stop_requested(call->stop))) {
            err_set(err, ERR_CONFLICT, "Cannot drop the replication slots of server '%s': %s",
                    call->spec->name, in_use.message[0] == '\0' ? "they are in use" : in_use.message);
            memcpy(err->sqlstate, in_use.sqlstate, sizeof(err->sqlstate));
            return -1;
        }
        clock_sleep_ms(DROP_PAUSE_MS);
    }
}

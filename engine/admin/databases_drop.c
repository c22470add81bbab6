/* SPDX-License-Identifier: MIT */
/*
 * Drops a database that others may be using. New sessions are locked out first, so that an application
 * that reconnects at once cannot win the race. If the drop fails nevertheless, they are admitted again.
 */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/admin/databases.h"
#include "engine/pg/pg.h"
#include "engine/pg/sqlstate.h"

enum { DROP_LIMIT_MS = 10000, DROP_PAUSE_MS = 100, NAME_MAX_BYTES = 63, SQL_MAX_BYTES = 4096 };

struct victim {
    char *owner;
    bool ours; /* the user has the owner's rights */
    bool is_template;
    bool allows_connections;
    bool invalid; /* left by an interrupted DROP DATABASE */
};

static void victim_done(struct victim *victim)
{
    free(victim->owner);
}
#define auto_victim __attribute__((cleanup(victim_done)))

/* 1 and the row, 0: no such database. */
static int inspect(struct pg *pg, const char *name, struct err *err, struct victim *ret_victim)
{
    auto_result PGresult *result = NULL;
    if (pg_query(pg, err, &result,
                 "SELECT pg_catalog.pg_get_userbyid(datdba), pg_catalog.pg_has_role(datdba, 'USAGE'), "
                 "datistemplate,"
                 " datallowconn, datconnlimit = -2 FROM pg_catalog.pg_database WHERE datname = $1",
                 1, &name) != 0) {
        return -1;
    }
    if (PQntuples(result) == 0) {
        return 0;
    }
    struct victim victim = {
        .owner = str_dup(PQgetvalue(result, 0, 0)),
        .ours = pg_is_true(result, 0, 1),
        .is_template = pg_is_true(result, 0, 2),
        .allows_connections = pg_is_true(result, 0, 3),
        .invalid = pg_is_true(result, 0, 4),
    };
    if (victim.owner == NULL) {
        return err_no_memory(err);
    }
    *ret_victim = victim;
    return 1;
}

static int refuse(const struct endpoint *endpoint, const char *name, const struct victim *victim,
                  struct err *err)
{
    err_set(err, ERR_OPERATION_NOT_ALLOWED,
            "The user '%s' may not drop the database '%s' on the %s: its owner is '%s'. Make the user a "
            "member of that "
            "role (GRANT \"%s\" TO \"%s\") or the owner of the database.",
            endpoint->user, name, endpoint->label, victim->owner, victim->owner, endpoint->user);
    err->service_code = 603117;
    memcpy(err->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE, sizeof(err->sqlstate));
    return err_target(err, "%s", name);
}

/* Runs "<before> <quoted name> <after>". */
static int run_named(struct pg *pg, const char *before, const char *name, const char *after, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, before);
    pg_add_identifier(pg, &sql, name);
    buf_adds(&sql, after);
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(pg, err, buf_text(&sql));
}

static int set_allow_connections(struct pg *pg, const char *name, bool allow, struct err *err)
{
    return run_named(pg, "ALTER DATABASE ", name,
                     allow ? " ALLOW_CONNECTIONS true" : " ALLOW_CONNECTIONS false", err);
}

static int drop_subscription(struct pg *pg, const char *subscription, struct err *err)
{
    /* Without its slot's name, dropping the subscription does not need the publisher, which may be deleted
     * or unreachable. */
    if (run_named(pg, "ALTER SUBSCRIPTION ", subscription, " DISABLE", err) != 0 ||
        run_named(pg, "ALTER SUBSCRIPTION ", subscription, " SET (slot_name = NONE)", err) != 0 ||
        run_named(pg, "DROP SUBSCRIPTION ", subscription, "", err) != 0) {
        return err_prefix(err, "The subscription '%s' could not be dropped. ", subscription);
    }
    return 0;
}

static int rollback_prepared(struct pg *pg, const char *gid, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "ROLLBACK PREPARED ");
    pg_add_literal(pg, &sql, gid);
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_run(pg, err, buf_text(&sql)) != 0) {
        return err_prefix(err, "The prepared transaction '%s' could not be rolled back. ", gid);
    }
    return 0;
}

static int for_each(struct pg *inside, const PGresult *names,
                    int (*act)(struct pg *, const char *, struct err *), struct err *err)
{
    for (int i = 0; i < PQntuples(names); i++) {
        if (act(inside, PQgetvalue(names, i, 0), err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* DROP DATABASE ... FORCE refuses subscriptions and prepared transactions; both can be removed only from
 * within the database. */
static int clear_blockers(struct pg *pg, const char *name, const struct victim *victim, struct err *err)
{
    auto_result PGresult *subscriptions = NULL;
    auto_result PGresult *prepared = NULL;
    if (pg->version >= 100000 && pg_query(pg, err, &subscriptions,
                                          "SELECT subname FROM pg_catalog.pg_subscription WHERE subdbid ="
                                          " (SELECT oid FROM pg_catalog.pg_database WHERE datname = $1)",
                                          1, &name) != 0) {
        return -1;
    }
    if (pg_query(pg, err, &prepared, "SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = $1", 1,
                 &name) != 0) {
        return -1;
    }
    int subscription_count = subscriptions == NULL ? 0 : PQntuples(subscriptions);
    if (subscription_count + PQntuples(prepared) == 0) {
        return 0;
    }
    if (!victim->allows_connections && set_allow_connections(pg, name, true, err) != 0) {
        return -1;
    }
    auto_pg struct pg inside = {0};
    /* In replica mode, so that an event trigger of the database cannot veto. */
    if (pg_open(pg->endpoint, name, PG_WRITE, pg->stop, err, &inside) != 0) {
        return -1;
    }
    if (subscription_count > 0 && for_each(&inside, subscriptions, drop_subscription, err) != 0) {
        return -1;
    }
    return for_each(&inside, prepared, rollback_prepared, err);
}

/* Ends sessions and logical replication one by one: a login that may not end one of them may still end the
 * others. Whatever remains makes the drop fail, with PostgreSQL's own reason. */
static int end_sessions(struct pg *pg, const char *name, struct err *err)
{
    auto_result PGresult *pids = NULL;
    if (pg_query(pg, err, &pids,
                 "SELECT pid FROM pg_catalog.pg_stat_activity WHERE datname = $1"
                 " UNION SELECT active_pid FROM pg_catalog.pg_replication_slots"
                 " WHERE database = $1 AND active_pid IS NOT NULL",
                 1, &name) != 0) {
        return -1;
    }
    for (int i = 0; i < PQntuples(pids); i++) {
        auto_result PGresult *ended = NULL;
        const char *pid = PQgetvalue(pids, i, 0);
        if (pg_query(pg, err, &ended, "SELECT pg_catalog.pg_terminate_backend($1::int)", 1, &pid) != 0 &&
            !sqlstate_is(err->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
            return -1;
        }
    }
    return 0;
}

static int explain_failure(const struct pg *pg, const char *name, struct err *err)
{
    if (sqlstate_is(err->sqlstate, SQLSTATE_OBJECT_IN_USE) ||
        sqlstate_is(err->sqlstate, SQLSTATE_INSUFFICIENT_PRIVILEGE)) {
        err->service_code = 603111;
        err_append(
            err,
            " Sessions in the database could not be ended: close them, or let the user '%s' end them (GRANT "
            "pg_signal_backend TO \"%s\").",
            pg->endpoint->user, pg->endpoint->user);
    }
    return err_prefix(err, "The database '%s' could not be dropped. ", name);
}

static int drop_until(struct pg *pg, const char *name, int64_t deadline_ms, struct err *err)
{
    const char *force = pg->version >= 130000 ? " WITH (FORCE)" : "";
    for (;;) {
        if (end_sessions(pg, name, err) != 0) {
            return -1;
        }
        if (run_named(pg, "DROP DATABASE IF EXISTS ", name, force, err) == 0) {
            return 0;
        }
        if (!sqlstate_is(err->sqlstate, SQLSTATE_OBJECT_IN_USE) || clock_ms_left(deadline_ms) == 0) {
            return explain_failure(pg, name, err);
        }
        clock_sleep_ms(DROP_PAUSE_MS);
    }
}

/* The drop did not happen: admit applications again, even after a request to stop. */
static void reopen(struct pg *pg, const char *name, const struct victim *victim)
{
    const struct stop *stop = pg->stop;
    struct err ignored = {0};
    pg->stop = NULL;
    if (victim->allows_connections) {
        set_allow_connections(pg, name, true, &ignored);
    }
    if (victim->is_template) {
        run_named(pg, "ALTER DATABASE ", name, " IS_TEMPLATE true", &ignored);
    }
    pg->stop = stop;
}

static int drop(struct pg *pg, const char *name, const struct victim *victim, struct err *err)
{
    if (!victim->invalid) {
        if (victim->is_template && run_named(pg, "ALTER DATABASE ", name, " IS_TEMPLATE false", err) != 0) {
            return err_prefix(err, "The database '%s' could not be dropped. ", name);
        }
        if (clear_blockers(pg, name, victim, err) != 0 || set_allow_connections(pg, name, false, err) != 0) {
            reopen(pg, name, victim);
            return err_prefix(err, "The database '%s' could not be dropped. ", name);
        }
    }
    if (drop_until(pg, name, clock_monotonic_ms() + DROP_LIMIT_MS, err) != 0) {
        reopen(pg, name, victim);
        return -1;
    }
    return 0;
}

int database_drop(const struct endpoint *endpoint, const char *name, const struct stop *stop, struct err *err)
{
    if (strcmp(name, "template0") == 0 || strcmp(name, "template1") == 0 || strlen(name) > NAME_MAX_BYTES) {
        return err_set(err, ERR_BAD_PARAMETER, "'%.63s' is not a database that can be dropped.", name);
    }
    auto_pg struct pg pg = {0};
    if (pg_open_any(endpoint, name, PG_ADMIN, stop, err, &pg) != 0) {
        return -1;
    }
    auto_victim struct victim victim = {0};
    int found = inspect(&pg, name, err, &victim);
    if (found <= 0) {
        return found;
    }
    if (!victim.ours) {
        return refuse(endpoint, name, &victim, err);
    }
    return drop(&pg, name, &victim, err);
}

int database_end_own_sessions(const struct endpoint *endpoint, const char *name, const struct stop *stop,
                              struct err *err)
{
    auto_pg struct pg pg = {0};
    auto_result PGresult *ended = NULL;
    if (pg_open_any(endpoint, name, PG_ADMIN, stop, err, &pg) != 0) {
        return -1;
    }
    return pg_query(&pg, err, &ended,
                    "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
                    " WHERE datname = $1 AND usename = current_user"
                    " AND application_name = pg_catalog.current_setting('application_name')"
                    " AND pid <> pg_catalog.pg_backend_pid()",
                    1, &name);
}

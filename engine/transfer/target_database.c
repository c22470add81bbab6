/* SPDX-License-Identifier: MIT */
/* Creates the target database with the source's properties, or reuses one that is empty and has them. */
#include <string.h>

#include "core/clock.h"
#include "core/points/points.h"
#include "core/str.h"
#include "engine/admin/databases.h"
#include "engine/pg/sqlstate.h"
#include "engine/transfer/target_database_private.h"

enum { SQL_MAX_BYTES = 16 * 1024, CREATE_LIMIT_MS = 15000, PAUSE_MS = 100 };

static void add_option(struct pg *target, struct buf *sql, const char *option, const char *value)
{
    buf_addf(sql, " %s ", option);
    pg_add_literal(target, sql, value);
}

/* ICU and builtin locales exist since 15 and 17; earlier databases always use libc. */
static void add_locale(struct pg *target, struct buf *sql, const struct source_database *database)
{
    const char *locale = source_database_get(database, DATABASE_LOCALE);
    const char *rules = source_database_get(database, DATABASE_ICU_RULES);
    char provider = source_database_get(database, DATABASE_PROVIDER)[0];
    if (target->version >= 150000) {
        buf_addf(sql, " LOCALE_PROVIDER %s", provider == 'i' ? "icu" : provider == 'b' ? "builtin" : "libc");
    }
    if (locale != NULL && provider != 'c') {
        add_option(target, sql, provider == 'i' ? "ICU_LOCALE" : "BUILTIN_LOCALE", locale);
    }
    if (rules != NULL && target->version >= 160000) {
        add_option(target, sql, "ICU_RULES", rules);
    }
    add_option(target, sql, "LC_COLLATE", source_database_get(database, DATABASE_COLLATION));
    add_option(target, sql, "LC_CTYPE", source_database_get(database, DATABASE_CTYPE));
}

static int explain_create(const struct transfer_state *state, struct err *err)
{
    const struct source_database *database = &state->database;
    bool locale = sqlstate_is(err->sqlstate, SQLSTATE_WRONG_OBJECT_TYPE) ||
                  sqlstate_is(err->sqlstate, SQLSTATE_INVALID_PARAMETER) ||
                  sqlstate_is(err->sqlstate, SQLSTATE_UNDEFINED_OBJECT) ||
                  sqlstate_is(err->sqlstate, SQLSTATE_SYNTAX_ERROR);
    if (!locale) {
        return err_prefix(err, "Cannot create the database '%s' on the target. ", state->transfer->database);
    }
    err_append(err,
               " The database needs the encoding %s, the collation '%s' and the character type '%s' of the "
               "source: install that locale on the target.",
               source_database_get(database, DATABASE_ENCODING),
               source_database_get(database, DATABASE_COLLATION),
               source_database_get(database, DATABASE_CTYPE));
    err->service_code = 603401;
    return -1;
}

/*
 * Whether a failed CREATE DATABASE justifies a retry. A DROP DATABASE that was interrupted, or has not
 * ended yet, leaves an unusable row, which is removed. 1: yes, 0: no, -1: err is another error.
 */
static int may_retry(struct transfer_state *state, struct pg *target, struct err *err)
{
    const struct transfer *transfer = state->transfer;
    /* Another session is creating a database from template0 at this moment. */
    if (sqlstate_is(err->sqlstate, SQLSTATE_OBJECT_IN_USE)) {
        return 1;
    }
    if (!sqlstate_is(err->sqlstate, SQLSTATE_DUPLICATE_DATABASE) &&
        !sqlstate_is(err->sqlstate, SQLSTATE_UNIQUE_VIOLATION)) {
        return 0;
    }
    auto_free char *invalid = NULL;
    struct err reason = *err;
    if (pg_value(target, err, &invalid, "SELECT datconnlimit = -2 FROM pg_database WHERE datname = $1", 1,
                 (const char *const[]){transfer->database}) != 0) {
        return -1;
    }
    if (invalid == NULL) {
        return 1;
    }
    if (strcmp(invalid, "t") != 0) {
        *err = reason;
        return 0;
    }
    return database_drop(transfer->target, transfer->database, transfer->stop, err) != 0 ? -1 : 1;
}

static int create(struct transfer_state *state, struct err *err)
{
    const struct transfer *transfer = state->transfer;
    struct pg *target = &state->admin;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "CREATE DATABASE ");
    pg_add_identifier(target, &sql, transfer->database);
    buf_adds(&sql, " TEMPLATE template0");
    add_option(target, &sql, "ENCODING", source_database_get(&state->database, DATABASE_ENCODING));
    add_locale(target, &sql, &state->database);
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    int64_t deadline_ms = clock_monotonic_ms() + CREATE_LIMIT_MS;
    while (pg_run(target, err, buf_text(&sql)) != 0) {
        int again = clock_ms_left(deadline_ms) == 0 ? 0 : may_retry(state, target, err);
        if (again <= 0) {
            return again < 0 ? -1 : explain_create(state, err);
        }
        clock_sleep_ms(PAUSE_MS);
    }
    return 0;
}

static int is_in_use(const struct transfer *transfer, struct err *err, bool *ret_in_use)
{
    auto_str_list struct str_list wanted = {0};
    auto_str_list struct str_list in_use = {0};
    if (!str_list_add(&wanted, transfer->database)) {
        return err_no_memory(err);
    }
    if (databases_in_use(transfer->target, &wanted, transfer->stop, err, &in_use) != 0) {
        return -1;
    }
    *ret_in_use = in_use.count > 0;
    return 0;
}

static bool is_alike(const struct source_database *a, const struct source_database *b)
{
    static const enum source_property properties[] = {
        DATABASE_ENCODING, DATABASE_COLLATION, DATABASE_CTYPE,      DATABASE_PROVIDER,
        DATABASE_LOCALE,   DATABASE_ICU_RULES, DATABASE_HAS_PUBLIC, DATABASE_HAS_PLPGSQL};
    for (size_t i = 0; i < ARRAY_LEN(properties); i++) {
        if (!str_equals(source_database_get(a, properties[i]), source_database_get(b, properties[i]))) {
            return false;
        }
    }
    return true;
}

/* Whether the existing empty database can be reused. If it refuses the connection, it cannot. */
static bool can_reuse(const struct transfer_state *state)
{
    const struct transfer *transfer = state->transfer;
    auto_pg struct pg target = {0};
    struct err ignored = {0};
    struct source_database there = {0};
    if (pg_open(transfer->target, transfer->database, PG_WRITE, transfer->stop, &ignored, &target) != 0 ||
        source_database_read(&target, &ignored, &there) != 0) {
        return false;
    }
    bool alike = is_alike(&state->database, &there) && PQntuples(there.settings) == 0 &&
                 !source_database_has(&there, DATABASE_HAS_ACL);
    source_database_done(&there);
    return alike;
}

/* template0 contains a schema and a language that the source may have dropped. */
static int drop_extras(struct transfer_state *state, struct err *err)
{
    if (!source_database_has(&state->database, DATABASE_HAS_PLPGSQL) &&
        pg_run(&state->target, err, "DROP EXTENSION IF EXISTS plpgsql") != 0) {
        if (restore_is_over(&state->target, err)) {
            return -1;
        }
        report_warning(&state->report,
                       "Cannot drop the extension plpgsql, which the source does not have: %s", err->message);
    }
    if (!source_database_has(&state->database, DATABASE_HAS_PUBLIC) &&
        pg_run(&state->target, err, "DROP SCHEMA IF EXISTS public") != 0) {
        if (restore_is_over(&state->target, err)) {
            return -1;
        }
        report_warning(&state->report, "Cannot drop the schema public, which the source does not have: %s",
                       err->message);
    }
    return 0;
}

/* 1: a usable database exists, 0: none exists any longer. */
static int remove_or_reuse(struct transfer_state *state, struct err *err)
{
    const struct transfer *transfer = state->transfer;
    auto_free char *found = NULL;
    bool in_use = false;
    if (pg_value(&state->admin, err, &found,
                 "SELECT 1 FROM pg_database WHERE datname = $1 AND datconnlimit <> -2", 1,
                 (const char *const[]){transfer->database}) != 0) {
        return -1;
    }
    if (found == NULL) {
        return 0;
    }
    /* Pending statements of a killed attempt must not run among those of this one. */
    struct err ignored = {0};
    if (transfer->replace) {
        (void)database_end_own_sessions(transfer->target, transfer->database, transfer->stop, &ignored);
    }
    if (is_in_use(transfer, err, &in_use) != 0) {
        return -1;
    }
    if (in_use && !transfer->replace) {
        err_set(err, ERR_CONFLICT,
                "The database '%s' exists on the %s and holds objects. Drop it there, or confirm that "
                "Malachite may overwrite it.",
                transfer->database, transfer->target->label);
        err->service_code = 603101;
        return err_target(err, "%s", transfer->database);
    }
    if (!in_use && can_reuse(state)) {
        return 1;
    }
    return database_drop(transfer->target, transfer->database, transfer->stop, err);
}

/* ---- while the schema is read ----------------------------------------------------------------------------
 */

static void *create_early(void *argument)
{
    struct transfer_state *state = argument;
    struct err ignored = {0}; /* target_database_prepare() meets it again */
    auto_free char *found = NULL;
    point_scope_set(state->early.scope);
    if (pg_value(&state->admin, &ignored, &found, "SELECT 1 FROM pg_database WHERE datname = $1", 1,
                 (const char *const[]){state->transfer->database}) == 0 &&
        found == NULL) {
        state->early.created = create(state, &ignored) == 0;
    }
    return NULL;
}

void target_database_begin_early(struct transfer_state *state)
{
    struct transfer_early *early = &state->early;
    early->scope = point_scope();
    early->running = pthread_create(&early->thread, NULL, create_early, state) == 0;
}

/* Also after a request to stop; but not what somebody has put objects into in the meantime. */
static void drop_early(const struct transfer_state *state)
{
    struct transfer unstopped = *state->transfer;
    struct err ignored = {0};
    bool in_use = false;
    unstopped.stop = NULL;
    if (is_in_use(&unstopped, &ignored, &in_use) == 0 && !in_use) {
        (void)database_drop(unstopped.target, unstopped.database, NULL, &ignored);
    }
}

void target_database_end_early(struct transfer_state *state, bool read)
{
    struct transfer_early *early = &state->early;
    if (early->running) {
        pthread_join(early->thread, NULL);
        early->running = false;
    }
    if (early->created && !read) {
        drop_early(state);
    }
}

/* ----------------------------------------------------------------------------------------------------------
 */

int target_database_prepare(struct transfer_state *state, struct err *err)
{
    const struct transfer *transfer = state->transfer;
    int there = state->early.created ? 1 : remove_or_reuse(state, err);
    if (there < 0 || (there == 0 && create(state, err) != 0)) {
        return -1;
    }
    pg_close(&state->admin);
    if (pg_open(transfer->target, transfer->database, PG_WRITE, transfer->stop, err, &state->target) != 0 ||
        restore_prepare_session(&state->target, state->encoding, &state->settings, err) != 0) {
        return -1;
    }
    return drop_extras(state, err);
}

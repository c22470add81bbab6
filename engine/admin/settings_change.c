/* SPDX-License-Identifier: MIT */
/*
 * A wrong value can lock everybody out of a server: a missing library makes every new session fail. So
 * values are checked before they are set, and a login is tried afterwards, while this session is still
 * open to restore the old values.
 */
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/parse/setting_list.h"
#include "core/str.h"
#include "engine/admin/settings.h"
#include "engine/pg/pg.h"
#include "engine/pg/sqlstate.h"

enum {
    RELOAD_TIMEOUT_MS = 3000,
    RELOAD_PAUSE_MS = 10,
    SQL_MAX_BYTES = 65536,
    IDLE_PROOF_MS = 50, /* longer than a timeout that would end every session immediately */
    PROOF_TIMEOUT_MS = 5000,
    FILE_SETTINGS_SINCE = 90500,
};

/* ---- before ----------------------------------------------------------------------------------------------
 */

static int refuse_list(const struct setting_change *change, struct err *err)
{
    err_set(err, ERR_BAD_PARAMETER,
            "The value '%.200s' of the parameter '%s' is not a list of names separated by commas.",
            change->value, change->name);
    return err_target(err, "%s", change->name);
}

/* Uses a separate session, because a library may change or end the session that loads it. A library that
 * loads only at server start is fine: it exists. */
static int check_library(const struct endpoint *endpoint, const struct setting_change *change,
                         const char *library, const struct stop *stop, struct err *err)
{
    bool plugin = str_iequals(change->name, "local_preload_libraries") && strchr(library, '/') == NULL;
    auto_free char *file = str_format("%s%s", plugin ? "$libdir/plugins/" : "", library);
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    auto_pg struct pg pg = {0};
    if (file == NULL) {
        return err_no_memory(err);
    }
    if (pg_open_any(endpoint, NULL, PG_ADMIN, stop, err, &pg) != 0) {
        return -1;
    }
    buf_adds(&sql, "LOAD ");
    pg_add_literal(&pg, &sql, file);
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    struct err failure = {0};
    if (!pg.superuser || pg_run(&pg, &failure, buf_text(&sql)) == 0 ||
        !sqlstate_is(failure.sqlstate, SQLSTATE_UNDEFINED_FILE)) {
        return 0;
    }
    *err = failure;
    err_prefix(err, "The parameter '%s' was not changed, because the server has no library '%.200s'. ",
               change->name, library);
    return err_target(err, "%s", change->name);
}

static int check_change(const struct endpoint *endpoint, const struct setting_change *change,
                        const struct stop *stop, struct err *err)
{
    auto_str_list struct str_list names = {0};
    if (change->value == NULL || !setting_is_name_list(change->name)) {
        return 0;
    }
    if (!setting_list_split(change->name, change->value, &names)) {
        return refuse_list(change, err);
    }
    for (size_t i = 0; setting_is_library_list(change->name) && i < names.count; i++) {
        if (names.items[i][0] != '\0' && check_library(endpoint, change, names.items[i], stop, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Reads the value that ALTER SYSTEM has set so far, as written in the file; NULL if none is set, or if the
 * login may not see it. */
static int read_previous(struct pg *pg, const char *name, struct err *err, char **ret_text)
{
    *ret_text = NULL;
    if (!pg->superuser || pg->version < FILE_SETTINGS_SINCE) {
        return 0;
    }
    return pg_value(pg, err, ret_text,
                    "SELECT setting FROM pg_catalog.pg_file_settings"
                    " WHERE sourcefile LIKE '%postgresql.auto.conf'"
                    " AND pg_catalog.lower(name) = pg_catalog.lower($1) ORDER BY seqno DESC LIMIT 1",
                    1, &name);
}

/* ---- change ----------------------------------------------------------------------------------------------
 */

/* Adds "a, b" as 'a', 'b', because PostgreSQL quotes each element: a list given as one string would become
 * one element. Returns the number of elements; empty names are left out. */
static size_t add_names(struct pg *pg, const struct str_list *names, struct buf *sql)
{
    size_t count = 0;
    for (size_t i = 0; i < names->count; i++) {
        if (names->items[i][0] != '\0') {
            buf_adds(sql, count++ == 0 ? "" : ", ");
            pg_add_literal(pg, sql, names->items[i]);
        }
    }
    return count;
}

static int alter_as(struct pg *pg, const struct setting_change *change, bool as_list, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    auto_str_list struct str_list names = {0};
    if (as_list && change->value != NULL && !setting_list_split(change->name, change->value, &names)) {
        return refuse_list(change, err);
    }
    auto_buf struct buf value = BUF_MAX(SQL_MAX_BYTES);
    bool reset = change->value == NULL || (as_list && add_names(pg, &names, &value) == 0);
    if (!reset && !as_list) {
        pg_add_literal(pg, &value, change->value);
    }
    buf_adds(&sql, reset ? "ALTER SYSTEM RESET " : "ALTER SYSTEM SET ");
    pg_add_identifier(pg, &sql, change->name);
    buf_addf(&sql, "%s%s", reset ? "" : " = ", buf_text(&value));
    if (buf_failed(&sql) || buf_failed(&value)) {
        return err_no_memory(err);
    }
    if (pg_run(pg, err, buf_text(&sql)) != 0) {
        err_prefix(err, "The parameter '%s' could not be changed: ", change->name);
        return err_target(err, "%s", change->name);
    }
    return 0;
}

/* PostgreSQL does not report which parameters are lists of quoted names; the text that it wrote shows it. */
static bool was_quoted(struct pg *pg, const struct setting_change *change)
{
    struct err ignored = {0};
    auto_free char *written = NULL;
    auto_free char *quoted = NULL;
    return change->value != NULL && read_previous(pg, change->name, &ignored, &written) == 0 &&
           written != NULL && !str_equals(written, change->value) &&
           pg_value(pg, &ignored, &quoted, "SELECT '\"' || pg_catalog.replace($1, '\"', '\"\"') || '\"'", 1,
                    &change->value) == 0 &&
           str_equals(written, quoted);
}

/* Some defaults cannot be set ("" of lc_messages): the user means a RESET. */
static bool is_default(struct pg *pg, const struct setting_change *change)
{
    struct err ignored = {0};
    auto_free char *value = NULL;
    return change->value != NULL &&
           pg_value(pg, &ignored, &value,
                    "SELECT coalesce(boot_val, '') FROM pg_catalog.pg_settings"
                    " WHERE pg_catalog.lower(name) = pg_catalog.lower($1)",
                    1, &change->name) == 0 &&
           str_equals(value, change->value);
}

static int alter(struct pg *pg, const struct setting_change *change, struct err *err)
{
    bool as_list = setting_is_name_list(change->name);
    if (alter_as(pg, change, as_list, err) != 0) {
        const struct setting_change reset = {change->name, NULL};
        return sqlstate_is(err->sqlstate, SQLSTATE_INVALID_PARAMETER) && is_default(pg, change)
                   ? alter_as(pg, &reset, false, err)
                   : -1;
    }
    return !as_list && was_quoted(pg, change) ? alter_as(pg, change, true, err) : 0;
}

/* Sessions inherit the settings from the postmaster when they start, so a new session shows whether the
 * reload has happened. Continuing after the timeout is harmless. */
static void await_reload(const struct endpoint *endpoint, const char *loaded_before, const struct stop *stop)
{
    int64_t deadline_ms = clock_monotonic_ms() + RELOAD_TIMEOUT_MS;
    bool done = loaded_before == NULL;
    while (!done && clock_ms_left(deadline_ms) > 0) {
        struct err ignored = {0};
        auto_pg struct pg pg = {0};
        auto_free char *loaded = NULL;
        done = pg_open_any(endpoint, NULL, PG_ADMIN, stop, &ignored, &pg) != 0 ||
               pg_value(&pg, &ignored, &loaded, "SELECT pg_catalog.pg_conf_load_time()", 0, NULL) != 0 ||
               !str_equals(loaded, loaded_before);
        if (!done) {
            clock_sleep_ms(RELOAD_PAUSE_MS);
        }
    }
}

static int reload(struct pg *pg, const struct stop *stop, struct err *err)
{
    auto_free char *loaded_before = NULL;
    auto_free char *reloaded = NULL;
    if (pg_value(pg, err, &loaded_before, "SELECT pg_catalog.pg_conf_load_time()", 0, NULL) != 0 ||
        pg_value(pg, err, &reloaded, "SELECT pg_catalog.pg_reload_conf()", 0, NULL) != 0) {
        return -1;
    }
    await_reload(pg->endpoint, loaded_before, stop);
    return 0;
}

/* ---- after -----------------------------------------------------------------------------------------------
 */

/* Logs in like any client, idles for a moment, and runs a query. */
static int try_login(const struct endpoint *endpoint, const struct stop *stop, struct err *err)
{
    auto_pg struct pg pg = {0};
    auto_free char *one = NULL;
    if (pg_open_any(endpoint, NULL, PG_CLIENT, stop, err, &pg) != 0) {
        return -1;
    }
    clock_sleep_ms(IDLE_PROOF_MS);
    return pg_value(&pg, err, &one, "SELECT 1", 0, NULL);
}

/* A server that has no free connection for a moment does not lock anybody out. */
static int prove_login(const struct endpoint *endpoint, const struct stop *stop, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + PROOF_TIMEOUT_MS;
    for (;;) {
        *err = (struct err){0};
        if (try_login(endpoint, stop, err) == 0) {
            return 0;
        }
        if (!sqlstate_is(err->sqlstate, SQLSTATE_INSUFFICIENT_RESOURCES) || clock_ms_left(deadline_ms) == 0) {
            return -1;
        }
        clock_sleep_ms(RELOAD_PAUSE_MS);
    }
}

static void restore_settings(struct pg *pg, const struct setting_change *changes, char *const *previous,
                             size_t count)
{
    for (size_t i = count; i-- > 0;) {
        struct err ignored = {0};
        struct setting_change old = {changes[i].name, previous[i]};
        (void)alter(pg, &old, &ignored);
    }
}

static int change_all(struct pg *pg, const struct setting_change *changes, char **previous, size_t count,
                      struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (read_previous(pg, changes[i].name, err, &previous[i]) != 0 || alter(pg, &changes[i], err) != 0) {
            restore_settings(pg, changes, previous, i);
            return -1;
        }
    }
    return 0;
}

/* Reloads and verifies. -1: the old values are restored. */
static int apply(struct pg *pg, const struct setting_change *changes, char *const *previous, size_t count,
                 bool could_login, struct err *err)
{
    if (reload(pg, pg->stop, err) != 0) {
        return -1;
    }
    if (!could_login || prove_login(pg->endpoint, pg->stop, err) == 0) {
        return 0;
    }
    struct err ignored = {0};
    restore_settings(pg, changes, previous, count);
    (void)reload(pg, pg->stop, &ignored);
    err->code = ERR_BAD_PARAMETER;
    err->lasting = true;
    err_prefix(err, "The old value%s of '%s'%s %s restored, because nobody could log in with the new. ",
               count == 1 ? "" : "s", changes[0].name, count == 1 ? "" : " and others",
               count == 1 ? "was" : "were");
    return err_target(err, "%s", changes[0].name);
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(texts[i]);
    }
    free(texts);
}

int settings_change(const struct endpoint *endpoint, const struct setting_change *changes, size_t count,
                    const struct stop *stop, struct err *err)
{
    auto_pg struct pg pg = {0};
    struct err ignored = {0};
    for (size_t i = 0; i < count; i++) {
        if (check_change(endpoint, &changes[i], stop, err) != 0) {
            return -1;
        }
    }
    if (pg_open_any(endpoint, NULL, PG_ADMIN, stop, err, &pg) != 0) {
        return -1;
    }
    bool could_login = prove_login(endpoint, stop, &ignored) == 0;
    char **previous = calloc(count + 1, sizeof(*previous));
    if (previous == NULL) {
        return err_no_memory(err);
    }
    int result = change_all(&pg, changes, previous, count, err) == 0
                     ? apply(&pg, changes, previous, count, could_login, err)
                     : -1;
    free_texts(previous, count);
    return result;
}

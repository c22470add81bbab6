/* SPDX-License-Identifier: MIT */
#include "engine/catalog/source_settings.h"

#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/str.h"
#include "engine/catalog/source_settings_private.h"

enum { SQL_MAX_BYTES = 1024 * 1024, SHORTEST_FLOATS_SINCE = 120000 };

/* The settings that expressions depend on. Settings of extensions and applications (with a dot) are
 * handled like them. */
struct known_setting {
    const char *name;
    const char *builtin; /* NULL: see builtin_value() */
};

static const struct known_setting known_settings[] = {
    {"TimeZone", "GMT"},
    {"timezone_abbreviations", "Default"},
    {"DateStyle", "ISO, MDY"},
    {"IntervalStyle", "postgres"},
    {"extra_float_digits", NULL},
    {"bytea_output", "hex"},
    {"xmlbinary", "base64"},
    {"lc_monetary", "C"},
    {"lc_numeric", "C"},
    {"lc_time", "C"},
    {"default_text_search_config", "pg_catalog.simple"},
    {"transform_null_equals", "off"},
};

static const char *builtin_value(const char *name, const struct pg *target)
{
    for (size_t i = 0; i < ARRAY_LEN(known_settings); i++) {
        if (str_iequals(known_settings[i].name, name) && known_settings[i].builtin != NULL) {
            return known_settings[i].builtin;
        }
    }
    return target->version >= SHORTEST_FLOATS_SINCE ? "1" : "0"; /* extra_float_digits */
}

bool source_setting_is_known(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(known_settings); i++) {
        if (str_iequals(known_settings[i].name, name)) {
            return true;
        }
    }
    return false;
}

struct source_setting *source_settings_find(const struct source_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (str_iequals(settings->items[i].name, name)) {
            return &settings->items[i];
        }
    }
    return NULL;
}

void source_settings_done(struct source_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        free(settings->items[i].name);
        free(settings->items[i].value);
        free(settings->items[i].role);
    }
    free(settings->items);
    free(settings->search_path);
    free(settings->written);
    free(settings->money);
    *settings = (struct source_settings){0};
}

/* ---- money -----------------------------------------------------------------------------------------------
 */

/* Whether the error ended the session; otherwise the server only rejected the setting or the query. */
static bool is_over(const struct pg *pg, const struct err *err)
{
    return err->code == ERR_CANCELED || PQstatus(pg->connection) != CONNECTION_OK;
}

static int set_money(struct pg *pg, const char *locale, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SET lc_monetary = ");
    pg_add_literal(pg, &sql, locale);
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(pg, err, buf_text(&sql));
}

int source_settings_write_money(struct pg *pg, const char *locale, struct err *err, char **ret_text)
{
    static const char sql[] = "SELECT string_agg(m::text, '|' ORDER BY m) FROM (SELECT v::numeric::money AS m"
                              " FROM unnest('{1234567.89,-1234567.89,0.05,-0.05,12,0}'::text[]) v) s"
                              " HAVING bool_and(m::text::money = m)";
    struct err refused = {0};
    if (set_money(pg, locale, &refused) == 0 && pg_value(pg, &refused, ret_text, sql, 0, NULL) == 0) {
        return 0;
    }
    if (is_over(pg, &refused)) {
        *err = refused;
        return -1;
    }
    return 0;
}

int source_settings_choose_money(struct source_settings *settings, struct pg *target, struct report *report,
                                 struct err *err)
{
    const struct source_setting *item = source_settings_find(settings, "lc_monetary");
    auto_free char *there = NULL;
    if (item == NULL || settings->written == NULL) {
        return 0;
    }
    if (source_settings_write_money(target, item->value, err, &there) != 0) {
        return -1;
    }
    if (there != NULL && strcmp(settings->written, there) == 0) {
        return str_replace(&settings->money, item->value) ? 0 : err_no_memory(err);
    }
    if (!item->of_server && report != NULL) {
        report_warning(report,
                       "The target does not write amounts of money as the source's lc_monetary '%s' does. "
                       "Malachite computed generated columns, indexes and checks that depend on it with 'C'. "
                       "Install that locale on the target.",
                       item->value);
    }
    return 0;
}

int source_settings_use_money(const struct source_settings *settings, struct pg *pg, struct err *err)
{
    return set_money(pg, settings->money != NULL ? settings->money : "C", err);
}

/* ---- use -------------------------------------------------------------------------------------------------
 */

static void add_set(struct pg *target, struct buf *sql, const char *name, const char *value)
{
    buf_adds(sql, sql->len == 0 ? "SELECT " : ", ");
    buf_adds(sql, "pg_catalog.set_config(");
    pg_add_literal(target, sql, name);
    buf_adds(sql, ", ");
    pg_add_literal(target, sql, value);
    buf_adds(sql, ", false)");
}

static int run(struct pg *target, const struct buf *sql, struct err *err)
{
    return buf_failed(sql) ? err_no_memory(err) : sql->len == 0 ? 0 : pg_run(target, err, buf_text(sql));
}

int source_settings_use_path(const struct source_settings *settings, struct pg *target, bool on,
                             struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    add_set(target, &sql, "search_path", on && settings->search_path != NULL ? settings->search_path : "");
    return run(target, &sql, err);
}

const char *source_setting_value(const struct source_settings *settings, const struct source_setting *item,
                                 const struct pg *target)
{
    if (str_iequals(item->name, "lc_monetary")) {
        return settings->money != NULL ? settings->money : "C";
    }
    return item->value != NULL ? item->value : builtin_value(item->name, target);
}

/* The search_path is set first: the name of a text search configuration may be looked up in it. */
static int use_all(const struct source_settings *settings, struct pg *target, bool with_path, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    if (settings->search_path != NULL) {
        add_set(target, &sql, "search_path", settings->search_path);
    }
    for (size_t i = 0; i < settings->count; i++) {
        const struct source_setting *item = &settings->items[i];
        if (!item->refused) {
            add_set(target, &sql, item->name, source_setting_value(settings, item, target));
        }
    }
    if (sql.len > 0 && !with_path) {
        add_set(target, &sql, "search_path", "");
    }
    return run(target, &sql, err);
}

/* Sets them one by one and skips those that are rejected; "refused" is called for each rejected one and
 * may be NULL. */
static int use_each(const struct source_settings *settings, struct pg *target, bool with_path,
                    struct report *report, bool *refused, struct err *err)
{
    if (source_settings_use_path(settings, target, true, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < settings->count; i++) {
        const struct source_setting *item = &settings->items[i];
        auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
        add_set(target, &sql, item->name, source_setting_value(settings, item, target));
        if (item->refused || run(target, &sql, err) == 0) {
            continue;
        }
        if (is_over(target, err)) {
            return -1;
        }
        if (refused != NULL) {
            refused[i] = true;
        }
        /* ALTER DATABASE reports a rejected setting that is stored with the database; nothing else reports
         * the others. */
        if (report != NULL && !item->of_server && source_setting_is_known(item->name)) {
            report_warning(
                report,
                "The target refuses the setting %s = '%s' of the source database. Generated "
                "columns, indexes and checks that depend on it were computed without it. PostgreSQL "
                "said: %s",
                item->name, source_setting_value(settings, item, target), err->message);
        }
    }
    return with_path ? 0 : source_settings_use_path(settings, target, false, err);
}

int source_settings_use(const struct source_settings *settings, struct pg *target, bool with_path,
                        struct err *err)
{
    if (use_all(settings, target, with_path, err) == 0) {
        return 0;
    }
    return is_over(target, err) ? -1 : use_each(settings, target, with_path, NULL, NULL, err);
}

int source_settings_try(struct source_settings *settings, struct pg *target, struct report *report,
                        struct err *err)
{
    if (use_all(settings, target, false, err) == 0) {
        return 0;
    }
    auto_free bool *refused = calloc(settings->count + 1, sizeof(*refused));
    if (refused == NULL) {
        return err_no_memory(err);
    }
    if (is_over(target, err) || use_each(settings, target, false, report, refused, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < settings->count; i++) {
        settings->items[i].refused = settings->items[i].refused || refused[i];
    }
    return 0;
}

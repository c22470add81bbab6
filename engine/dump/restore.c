/* SPDX-License-Identifier: MIT */
#include "engine/dump/restore.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/pg/pg_point.h"

/* A transaction holds about four locks for each table it creates: 100 entries fit any
 * max_locks_per_transaction. */
enum {
    BATCH_ENTRIES = 100,
    BATCH_BYTES = 256 * 1024,
    SQL_MAX_BYTES = 1024 * 1024 * 1024,
    LABEL_MAX_BYTES = 1024
};

static int read_list(struct pg *pg, const char *sql, int columns, struct err *err, struct str_list *list)
{
    auto_result PGresult *result = NULL;
    if (pg_query(pg, err, &result, sql, 0, NULL) != 0) {
        return -1;
    }
    for (int i = 0; i < PQntuples(result) * columns; i++) {
        if (!str_list_add(list, PQgetvalue(result, i / columns, i % columns))) {
            return err_no_memory(err);
        }
    }
    return 0;
}

static bool list_has_pair(const struct str_list *list, const char *name, const char *value)
{
    for (size_t i = 0; i + 1 < list->count; i += 2) {
        if (strcmp(list->items[i], name) == 0 && strcmp(list->items[i + 1], value) == 0) {
            return true;
        }
    }
    return false;
}

int restore_init(struct restore *restore, struct pg *source, struct pg *target, struct err *err)
{
    auto_str_list struct str_list wanted = {0};
    auto_str_list struct str_list offered = {0};
    if (read_list(target, "SELECT rolname FROM pg_roles ORDER BY 1", 1, err, &restore->roles) != 0 ||
        read_list(source, "SELECT extname, extversion FROM pg_extension", 2, err, &wanted) != 0 ||
        read_list(target, "SELECT name, version FROM pg_available_extension_versions", 2, err, &offered) !=
            0) {
        return -1;
    }
    for (size_t i = 0; i + 1 < wanted.count; i += 2) {
        if (!list_has_pair(&offered, wanted.items[i], wanted.items[i + 1])) {
            continue;
        }
        if (!str_list_add(&restore->extensions, wanted.items[i]) ||
            !str_list_add(&restore->extensions, wanted.items[i + 1])) {
            return err_no_memory(err);
        }
    }
    return 0;
}

void restore_done(struct restore *restore)
{
    str_list_done(&restore->roles);
    str_list_done(&restore->extensions);
}

const char *restore_owner_of(const struct restore *restore, const char *role)
{
    if (str_list_has(&restore->roles, role)) {
        return role;
    }
    report_missing_owner(restore->report, role);
    return restore->fallback_owner;
}

void restore_failed_done(struct restore_failed *failed)
{
    free(failed->entries);
    *failed = (struct restore_failed){0};
}

int restore_prepare_session(struct pg *target, const char *encoding, const struct source_settings *settings,
                            struct err *err)
{
    return pg_set_encoding(target, encoding, err) != 0 ? -1
                                                       : source_settings_use_money(settings, target, err);
}

bool restore_is_over(const struct pg *pg, const struct err *err)
{
    return err->code == ERR_CANCELED || PQstatus(pg->connection) != CONNECTION_OK;
}

static const char *version_of(const struct restore *restore, const struct archive_entry *entry)
{
    for (size_t i = 0; archive_entry_is(entry, "EXTENSION") && i + 1 < restore->extensions.count; i += 2) {
        if (strcmp(restore->extensions.items[i], entry->name) == 0) {
            return restore->extensions.items[i + 1];
        }
    }
    return NULL;
}

/* Sends all statements in one message: one transaction, without a round trip for each. */
static int run_entries(struct restore *restore, struct pg *target, const struct archive_entry *const *entries,
                       size_t count, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    for (size_t i = 0; i < count; i++) {
        restore_add_definition(target, &sql, entries[i], version_of(restore, entries[i]));
    }
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(target, err, buf_text(&sql));
}

static int run_alone(struct restore *restore, struct pg *target, const struct archive_entry *entry,
                     struct err *err)
{
    if (run_entries(restore, target, &entry, 1, err) == 0) {
        return 0;
    }
    if (version_of(restore, entry) == NULL || restore_is_over(target, err)) {
        return -1;
    }
    return pg_run(target, err, entry->definition);
}

static bool add_failed(struct restore_failed *failed, const struct archive_entry *entry)
{
    const struct archive_entry **grown =
        realloc(failed->entries, (failed->count + 1) * sizeof(struct archive_entry *));
    if (grown == NULL) {
        return false;
    }
    grown[failed->count++] = entry;
    failed->entries = grown;
    return true;
}

static enum point point_of(const struct archive_entry *entry)
{
    static const char *const constraints[] = {"CONSTRAINT", "FK CONSTRAINT", "CHECK CONSTRAINT"};
    for (size_t i = 0; i < ARRAY_LEN(constraints); i++) {
        if (archive_entry_is(entry, constraints[i])) {
            return POINT_CONSTRAINT_BEGIN;
        }
    }
    return archive_entry_is(entry, "INDEX") ? POINT_INDEX_BEGIN : POINT_SCHEMA_ENTRY;
}

static int visit_entry(struct pg *target, const struct archive_entry *entry, struct err *err)
{
    const struct pg_point visit = {.point = point_of(entry), .target = target};
    return pg_point_visit(&visit, err);
}

/* Not one of the failed entries, which are retried: the rule would have had no effect. */
static void report_ruled(struct restore *restore, const struct archive_entry *entry, const struct err *err)
{
    auto_buf struct buf label = BUF_MAX(1024);
    restore_add_label(&label, entry);
    report_failure(restore->report, err, "%s: %s", buf_text(&label), err->message);
}

static bool rules_look(void)
{
    return point_is_armed(POINT_SCHEMA_ENTRY) || point_is_armed(POINT_INDEX_BEGIN) ||
           point_is_armed(POINT_CONSTRAINT_BEGIN);
}

int restore_batch(struct restore *restore, struct pg *target, const struct archive_entry *const *entries,
                  size_t count, struct restore_failed *failed, struct err *err)
{
    bool ruled = rules_look();
    if (count > 1 && !ruled && run_entries(restore, target, entries, count, err) == 0) {
        return 0;
    }
    if (count > 1 && !ruled && restore_is_over(target, err)) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (visit_entry(target, entries[i], err) != 0) {
            if (err->code == ERR_CANCELED) {
                return -1;
            }
            report_ruled(restore, entries[i], err);
            continue;
        }
        if (run_alone(restore, target, entries[i], err) == 0) {
            continue;
        }
        if (restore_is_over(target, err)) {
            return -1;
        }
        if (!add_failed(failed, entries[i])) {
            return err_no_memory(err);
        }
    }
    return 0;
}

static void report_entry(struct restore *restore, const struct archive_entry *entry, const struct err *err)
{
    auto_buf struct buf label = BUF_MAX(1024);
    restore_add_label(&label, entry);
    if (restore_is_vital(entry)) {
        report_failure(restore->report, err, "%s: %s", buf_text(&label), err->message);
    } else {
        report_warning(restore->report, "%s was skipped: %s", buf_text(&label), err->message);
    }
}

static int in_archive_order(const void *a, const void *b)
{
    const struct archive_entry *left = *(const struct archive_entry *const *)a;
    const struct archive_entry *right = *(const struct archive_entry *const *)b;
    return left < right ? -1 : left > right;
}

/* The last attempt: an expression may call functions that rely on the database's search_path. The names in
 * the archive do not need it, and could resolve to other objects under it. */
static int run_with_path(struct restore *restore, struct pg *target, struct restore_failed *failed,
                         struct err *err)
{
    if (source_settings_use_path(restore->settings, target, true, err) != 0) {
        return -1;
    }
    for (size_t i = 0; i < failed->count; i++) {
        if (run_alone(restore, target, failed->entries[i], err) != 0) {
            if (restore_is_over(target, err)) {
                return -1;
            }
            report_entry(restore, failed->entries[i], err);
        }
    }
    return source_settings_use_path(restore->settings, target, false, err);
}

int restore_retry(struct restore *restore, struct pg *target, struct restore_failed *failed, struct err *err)
{
    if (failed->count > 0) {
        qsort(failed->entries, failed->count, sizeof(struct archive_entry *), in_archive_order);
    }
    for (bool helped = true; helped && failed->count > 0;) {
        size_t left = 0;
        for (size_t i = 0; i < failed->count; i++) {
            if (run_alone(restore, target, failed->entries[i], err) == 0) {
                continue;
            }
            if (restore_is_over(target, err)) {
                return -1;
            }
            failed->entries[left++] = failed->entries[i];
        }
        helped = left < failed->count;
        failed->count = left;
    }
    return failed->count == 0 ? 0 : run_with_path(restore, target, failed, err);
}

int restore_in_order(struct restore *restore, struct pg *target, enum restore_pass pass, struct err *err)
{
    auto_restore_failed struct restore_failed failed = {0};
    const struct archive_entry *batch[BATCH_ENTRIES];
    size_t count = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < restore->archive->count; i++) {
        const struct archive_entry *entry = &restore->archive->entries[i];
        if (restore_pass_of(restore->archive, entry) != pass || entry->definition[0] == '\0') {
            continue;
        }
        batch[count++] = entry;
        bytes += strlen(entry->definition);
        if (count < BATCH_ENTRIES && bytes < BATCH_BYTES) {
            continue;
        }
        if (restore_batch(restore, target, batch, count, &failed, err) != 0) {
            return -1;
        }
        count = 0;
        bytes = 0;
    }
    if (restore_batch(restore, target, batch, count, &failed, err) != 0) {
        return -1;
    }
    return restore_retry(restore, target, &failed, err);
}

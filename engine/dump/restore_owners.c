/* SPDX-License-Identifier: MIT */
/*
 * Sets owners and privileges after all objects exist. Until then Malachite's login owns them, so that a
 * user who may act for the owners but lacks their rights can fill them.
 */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/dump/restore.h"
#include "engine/pg/sqlstate.h"

enum { BATCH_ENTRIES = 100, SQL_MAX_BYTES = 64 * 1024 * 1024, LABEL_MAX_BYTES = 1024 };

struct owned {
    const struct archive_entry *entries[BATCH_ENTRIES];
    const char *owners[BATCH_ENTRIES];
    size_t count;
};

static void report_owner(struct restore *restore, const struct archive_entry *entry, const struct err *err)
{
    auto_buf struct buf label = BUF_MAX(LABEL_MAX_BYTES);
    restore_add_label(&label, entry);
    report_warning(restore->report, "The owner of %s is \"%s\" instead of \"%s\": %s", buf_text(&label),
                   restore->target->user, entry->owner, err->message);
}

static int give_each(struct restore *restore, struct pg *target, const struct owned *owned, struct err *err)
{
    for (size_t i = 0; i < owned->count; i++) {
        auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
        restore_add_owner(target, &sql, owned->entries[i], owned->owners[i]);
        /* 42704, 42P01, 42883: the object itself was skipped, which has been reported. */
        if (pg_run(target, err, buf_text(&sql)) == 0) {
            continue;
        }
        if (restore_is_over(target, err)) {
            return -1;
        }
        bool absent = sqlstate_is(err->sqlstate, SQLSTATE_UNDEFINED_OBJECT) ||
                      sqlstate_is(err->sqlstate, SQLSTATE_UNDEFINED_TABLE) ||
                      sqlstate_is(err->sqlstate, SQLSTATE_UNDEFINED_FUNCTION) ||
                      sqlstate_is(err->sqlstate, SQLSTATE_UNDEFINED_SCHEMA);
        if (!absent) {
            report_owner(restore, owned->entries[i], err);
        }
    }
    return 0;
}

static int give_batch(struct restore *restore, struct pg *target, struct owned *owned, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    for (size_t i = 0; i < owned->count; i++) {
        restore_add_owner(target, &sql, owned->entries[i], owned->owners[i]);
    }
    int result = 0;
    if (owned->count > 0 && pg_run(target, err, buf_text(&sql)) != 0) {
        result = restore_is_over(target, err) ? -1 : give_each(restore, target, owned, err);
    }
    owned->count = 0;
    return result;
}

static bool is_wanted(const struct restore *restore, const struct archive_entry *entry, bool late)
{
    enum restore_pass pass = restore_pass_of(restore->archive, entry);
    bool is_late = pass == RESTORE_REPLICATION || pass == RESTORE_EVENT_TRIGGERS;
    return pass != RESTORE_NEVER && is_late == late;
}

static int give_all(struct restore *restore, struct pg *target, bool late, bool sequences, struct err *err)
{
    struct owned owned = {.count = 0};
    for (size_t i = 0; i < restore->archive->count; i++) {
        const struct archive_entry *entry = &restore->archive->entries[i];
        auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
        if (!is_wanted(restore, entry, late) || archive_entry_is(entry, "SEQUENCE") != sequences ||
            !restore_add_owner(target, &sql, entry, entry->owner)) {
            continue;
        }
        owned.entries[owned.count] = entry;
        owned.owners[owned.count++] = restore_owner_of(restore, entry->owner);
        if (owned.count == BATCH_ENTRIES && give_batch(restore, target, &owned, err) != 0) {
            return -1;
        }
    }
    return give_batch(restore, target, &owned, err);
}

int restore_owners(struct restore *restore, struct pg *target, bool late, struct err *err)
{
    /* A sequence that belongs to a table's column follows the table and cannot change its owner first. */
    if (give_all(restore, target, late, false, err) != 0) {
        return -1;
    }
    return give_all(restore, target, late, true, err);
}

/* The length of the first statement: up to a semicolon outside quoted names and strings. */
static size_t first_statement(const char *sql)
{
    char quote = '\0';
    size_t len = 0;
    for (; sql[len] != '\0'; len++) {
        if (quote != '\0') {
            if (sql[len] == quote) {
                quote = '\0';
            }
        } else if (sql[len] == '"' || sql[len] == '\'') {
            quote = sql[len];
        } else if (sql[len] == ';') {
            return len + 1;
        }
    }
    return len;
}

/* The grantee of a GRANT or REVOKE as pg_dump writes them, as SQL and newly allocated. NULL: another
 * statement, or memory is out. */
static char *grantee_of(const char *statement)
{
    const char *start = NULL;
    bool quoted = false;
    for (const char *at = statement; *at != '\0'; at++) {
        quoted = quoted != (*at == '"');
        if (!quoted && (str_istarts(at, " TO ") || str_istarts(at, " FROM "))) {
            start = strchr(at + 1, ' ') + 1;
        }
    }
    if (start == NULL) {
        return NULL;
    }
    size_t len = 0;
    for (quoted = false; start[len] != '\0' && (quoted || strchr(" ;\n", start[len]) == NULL); len++) {
        quoted = quoted != (start[len] == '"');
    }
    return str_format("%.*s", (int)len, start);
}

/* The name of the grantee, newly allocated, when the target does not have that role. */
static char *missing_grantee(struct pg *target, const char *statement)
{
    char *missing = NULL;
    struct err ignored = {0};
    auto_free char *grantee = grantee_of(statement);
    const char *params[] = {grantee};
    if (grantee != NULL) {
        (void)pg_value(target, &ignored, &missing,
                       "SELECT g.name FROM (SELECT (pg_catalog.parse_ident($1))[1] AS name) g"
                       " WHERE g.name <> 'public' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles r"
                       "  WHERE r.rolname = g.name)",
                       1, params);
    }
    return missing;
}

static void report_privilege(struct restore *restore, struct pg *target, const struct archive_entry *entry,
                             const char *statement, const struct err *err)
{
    auto_free char *role =
        sqlstate_is(err->sqlstate, SQLSTATE_UNDEFINED_OBJECT) ? missing_grantee(target, statement) : NULL;
    if (role != NULL) {
        report_missing_grantee(restore->report, role);
        return;
    }
    auto_buf struct buf label = BUF_MAX(LABEL_MAX_BYTES);
    restore_add_label(&label, entry);
    report_warning(restore->report, "A privilege of %s was not granted: %s", buf_text(&label), err->message);
}

/* Only entries with privileges are split: one missing grantee must not cost the others their privileges.
 * They consist of GRANT, REVOKE and SET SESSION AUTHORIZATION with names only. */
static int grant_each(struct restore *restore, struct pg *target, const struct archive_entry *entry,
                      struct err *err)
{
    const char *sql = entry->definition;
    bool skipping = false; /* the grantor does not exist, so its grants are skipped */
    while (sql[strspn(sql, " \n")] != '\0') {
        sql += strspn(sql, " \n");
        size_t len = first_statement(sql);
        auto_free char *statement = str_format("%.*s", (int)len, sql);
        if (statement == NULL) {
            return err_no_memory(err);
        }
        sql += len;
        bool starts = str_istarts(statement, "SET SESSION AUTHORIZATION");
        skipping = skipping && !starts && !str_istarts(statement, "RESET SESSION AUTHORIZATION");
        if (skipping || pg_run(target, err, statement) == 0) {
            continue;
        }
        if (restore_is_over(target, err)) {
            return -1;
        }
        skipping = starts;
        report_privilege(restore, target, entry, statement, err);
    }
    return 0;
}

int restore_privileges(struct restore *restore, struct pg *target, struct err *err)
{
    for (size_t i = 0; i < restore->archive->count;) {
        const struct archive_entry *batch[BATCH_ENTRIES];
        size_t count = 0;
        auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
        for (; i < restore->archive->count && count < BATCH_ENTRIES; i++) {
            const struct archive_entry *entry = &restore->archive->entries[i];
            if (restore_pass_of(restore->archive, entry) == RESTORE_PRIVILEGES) {
                batch[count++] = entry;
                buf_adds(&sql, entry->definition);
            }
        }
        if (count == 0 || pg_run(target, err, buf_text(&sql)) == 0) {
            continue;
        }
        if (restore_is_over(target, err)) {
            return -1;
        }
        for (size_t k = 0; k < count; k++) {
            if (grant_each(restore, target, batch[k], err) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

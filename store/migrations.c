/* SPDX-License-Identifier: MIT */
/* Migrations, as the user reads and writes them. Apart from the insert, these functions write no column
 * that the executor writes. */
#include <limits.h>
#include <string.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/str.h"
#include "store/migration_cleanup_private.h"
#include "store/migration_row_private.h"
#include "store/progress_private.h"
#include "store/session/db.h"
#include "store/session/stmt.h"
#include "store/session/transaction.h"
#include "store/store.h"

static int explain_insert_failure(const struct stmt *stmt, const struct migration *migration, struct err *err)
{
    if (stmt_hit_unique(stmt)) {
        return err_set(err, ERR_MIGRATION_EXISTS, "The migration name '%s' is already used on this server.",
                       migration->name);
    }
    if (stmt_hit_foreign_key(stmt)) {
        return err_set(err, ERR_PARENT_NOT_FOUND, "The target server was deleted in the meantime.");
    }
    return -1;
}

static int insert_row(struct store *store, const struct migration *migration, struct err *err,
                      int64_t *ret_id)
{
    auto_migration_lists struct migration_lists lists = {0};
    auto_sealed struct sealed secrets = {0};
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_INSERT,
                  "INSERT INTO migration (uuid, target_id, name, location, created_us, source_metadata,"
                  " target_metadata, validation, state, substate, error, secrets, " MIGRATION_USER_COLUMNS ","
                  " not_before_us, attention) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                  "?, " MIGRATION_USER_PARAMETERS ", ?, 1)",
                  err, &stmt) < 0 ||
        migration_lists_make(&migration->spec, err, &lists) < 0 ||
        migration_seal(stmt.db->sealer, migration, err, &secrets) < 0) {
        return -1;
    }
    bind_text(&stmt, migration->uuid);
    bind_int(&stmt, migration->target_id);
    bind_text(&stmt, migration->name);
    bind_text(&stmt, migration->location);
    bind_int(&stmt, migration->created_us);
    bind_text(&stmt, migration->source_metadata);
    bind_text(&stmt, migration->target_metadata);
    bind_text(&stmt, migration->validation);
    bind_word(&stmt, WORDS_MIGRATION_STATE, (int)migration->state);
    bind_word(&stmt, WORDS_SUBSTATE, (int)migration->substate);
    bind_text(&stmt, migration->error);
    bind_sealed(&stmt, &secrets);
    migration_bind_user(&stmt, migration, &lists);
    bind_int(&stmt, migration->not_before_us);
    if (stmt_run(&stmt, err) < 0) {
        return explain_insert_failure(&stmt, migration, err);
    }
    *ret_id = sqlite3_last_insert_rowid(stmt.db->sqlite);
    return 0;
}

int store_migration_insert(struct store *store, struct migration *migration, struct err *err)
{
    int64_t id = 0;
    id_new(migration->uuid);
    if (migration->created_us == 0) {
        migration->created_us = clock_now_us();
    }
    auto_db_tx struct db_tx tx = {0};
    if (db_begin(store, err, &tx) < 0 || insert_row(store, migration, err, &id) < 0 ||
        progress_set_databases(store, id, &migration->spec.databases, err) < 0 ||
        store_event_add(store, id, "The migration was created.", err) < 0 || db_commit(&tx, err) < 0) {
        return -1;
    }
    migration->id = id;
    migration->attention = true;
    return 0;
}

int store_migration_get(struct store *store, int64_t target_id, const char *name, struct err *err,
                        struct migration *ret_migration)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_GET,
                  "SELECT " MIGRATION_COLUMNS " FROM migration WHERE target_id = ? AND name = ?", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, target_id);
    bind_text(&stmt, name);
    return stmt_get_row(&stmt, &migration_type, err, ret_migration);
}

int store_migration_get_by_id(struct store *store, int64_t id, struct err *err,
                              struct migration *ret_migration)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_GET_BY_ID, "SELECT " MIGRATION_COLUMNS " FROM migration WHERE id = ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, id);
    return stmt_get_row(&stmt, &migration_type, err, ret_migration);
}

int store_migration_get_by_uuid(struct store *store, const char *uuid, struct err *err,
                                struct migration *ret_migration)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_GET_BY_UUID,
                  "SELECT " MIGRATION_COLUMNS " FROM migration WHERE uuid = ?", err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, uuid);
    return stmt_get_row(&stmt, &migration_type, err, ret_migration);
}

int store_migration_get_newest(struct store *store, const char *subscription_id, const char *name,
                               struct err *err, struct migration *ret_migration)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_GET_NEWEST,
                  "SELECT " MIGRATION_COLUMNS " FROM migration WHERE id = (SELECT max(m.id) FROM migration m"
                  " JOIN server s ON s.id = m.target_id WHERE m.name = ? AND s.subscription_id = ?"
                  " AND m.hidden = 0)",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, name);
    bind_text(&stmt, subscription_id);
    return stmt_get_row(&stmt, &migration_type, err, ret_migration);
}

/* Five statements, so that each uses the suitable index. */
static int open_list(struct store *store, const struct migration_filter *filter, struct err *err,
                     struct stmt *ret_stmt)
{
#define LIST_PAGE "hidden = 0 AND id < ? ORDER BY id DESC LIMIT ?"
    static const char of_target[] =
        "SELECT " MIGRATION_COLUMNS " FROM migration WHERE target_id = ? AND " LIST_PAGE;
    static const char active_of_target[] =
        "SELECT " MIGRATION_COLUMNS " FROM migration WHERE ended_us = 0 AND target_id = ? AND " LIST_PAGE;
    static const char of_subscription[] =
        "SELECT " MIGRATION_COLUMNS " FROM migration WHERE target_id IN"
        " (SELECT id FROM server WHERE subscription_id = ?) AND (? = 0 OR ended_us = 0) AND " LIST_PAGE;
    static const char of_all[] = "SELECT " MIGRATION_COLUMNS " FROM migration WHERE " LIST_PAGE;
    static const char active_of_all[] =
        "SELECT " MIGRATION_COLUMNS " FROM migration WHERE ended_us = 0 AND " LIST_PAGE;
#undef LIST_PAGE
    if (filter->target_id == 0 && filter->subscription_id != NULL) {
        return stmt_open(store, STMT_MIGRATION_LIST_SUBSCRIPTION, of_subscription, err, ret_stmt);
    }
    if (filter->target_id == 0) {
        return filter->active_only
                   ? stmt_open(store, STMT_MIGRATION_LIST_ALL_ACTIVE, active_of_all, err, ret_stmt)
                   : stmt_open(store, STMT_MIGRATION_LIST_ALL, of_all, err, ret_stmt);
    }
    return filter->active_only ? stmt_open(store, STMT_MIGRATION_LIST_ACTIVE, active_of_target, err, ret_stmt)
                               : stmt_open(store, STMT_MIGRATION_LIST, of_target, err, ret_stmt);
}

int store_migration_list(struct store *store, const struct migration_filter *filter, struct err *err,
                         struct migration **ret_migrations, size_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    if (open_list(store, filter, err, &stmt) < 0) {
        return -1;
    }
    if (filter->target_id != 0) {
        bind_int(&stmt, filter->target_id);
    } else if (filter->subscription_id != NULL) {
        bind_text(&stmt, filter->subscription_id);
        bind_int(&stmt, filter->active_only);
    }
    bind_int(&stmt, filter->before_id == 0 ? INT64_MAX : filter->before_id);
    bind_int(&stmt, filter->limit == 0 || filter->limit > INT_MAX ? -1 : (int64_t)filter->limit);
    void *rows = NULL;
    if (stmt_get_rows(&stmt, &migration_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_migrations = rows;
    return 0;
}

/* An ended migration needs neither a worker nor secrets. */
static int update_row(struct store *store, const struct migration *migration, struct err *err)
{
    auto_migration_lists struct migration_lists lists = {0};
    auto_sealed struct sealed secrets = {0};
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_UPDATE_SPEC,
                  "UPDATE migration SET (" MIGRATION_USER_COLUMNS ") = (" MIGRATION_USER_PARAMETERS "),"
                  " secrets = CASE WHEN ended_us = 0 OR " HAS_PENDING_CLEANUP " THEN ? END,"
                  " attention = (ended_us = 0 OR " HAS_PENDING_CLEANUP "), not_before_us = 0,"
                  " user_generation = user_generation + 1 WHERE id = ?",
                  err, &stmt) < 0 ||
        migration_lists_make(&migration->spec, err, &lists) < 0 ||
        migration_seal(stmt.db->sealer, migration, err, &secrets) < 0) {
        return -1;
    }
    migration_bind_user(&stmt, migration, &lists);
    bind_sealed(&stmt, &secrets);
    bind_int(&stmt, migration->id);
    if (stmt_run(&stmt, err) < 0) {
        return -1;
    }
    return stmt_changes(&stmt) > 0
               ? 0
               : err_set(err, ERR_RESOURCE_NOT_FOUND, "The migration's server was deleted in the meantime.");
}

int store_migration_update_spec(struct store *store, const struct migration *migration, struct err *err)
{
    auto_db_tx struct db_tx tx = {0};
    if (db_begin(store, err, &tx) < 0 || update_row(store, migration, err) < 0 ||
        progress_set_databases(store, migration->id, &migration->spec.databases, err) < 0) {
        return -1;
    }
    return db_commit(&tx, err);
}

int store_migration_clear_error(struct store *store, int64_t id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_CLEAR_ERROR,
                  "UPDATE migration SET error = NULL, error_code = NULL, error_facts = NULL WHERE id = ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, id);
    return stmt_run(&stmt, err);
}

int store_migration_hide(struct store *store, int64_t id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_HIDE,
                  "UPDATE migration SET hidden = 1, name = name || '/' || uuid WHERE id = ? AND hidden = 0",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, id);
    return stmt_run(&stmt, err);
}

int store_migration_set_deleting(struct store *store, int64_t id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_MIGRATION_DELETING, "UPDATE migration SET deleting = 1 WHERE id = ?", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, id);
    return stmt_run(&stmt, err);
}

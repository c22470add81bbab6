/* SPDX-License-Identifier: MIT */
#include "store/testing/snapshots.h"

#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/str.h"
#include "store/session/attached.h"
#include "store/session/db.h"
#include "store/session/memory_error.h"
#include "store/session/stmt.h"
#include "store/session/transaction.h"

#define SERVERS_OF    "SELECT id FROM server WHERE subscription_id = ?1"
#define MIGRATIONS_OF "SELECT id FROM migration WHERE target_id IN (" SERVERS_OF ")"

/* Parents first. "renumbered": the id is not a reference, and another subscription may use it by now. */
static const struct part {
    const char *table;
    const char *of_subscription;
    bool renumbered;
} parts[] = {
    {"resource_group", "subscription_id = ?1", false},
    {"provider", "subscription_id = ?1", false},
    {"network_resource", "subscription_id = ?1", false},
    {"deployment", "subscription_id = ?1", false},
    {"server", "subscription_id = ?1", false},
    {"server_child", "server_id IN (" SERVERS_OF ")", false},
    {"migration", "target_id IN (" SERVERS_OF ")", false},
    {"migration_event", "migration_id IN (" MIGRATIONS_OF ")", true},
    {"migration_database", "migration_id IN (" MIGRATIONS_OF ")", false},
    {"migration_table", "migration_id IN (" MIGRATIONS_OF ")", false},
    {"pending_cleanup", "migration_id IN (" MIGRATIONS_OF ")", false},
};

/* ---- the hold --------------------------------------------------------------------------------------------
 */

/* Owns the leases of a hold. A new process frees those of all other owners. */
#define HOLDER "snapshot"

int store_snapshot_hold(struct store *store, const char *subscription_id, int64_t lease_until_us,
                        struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SNAPSHOT_HOLD,
                  "UPDATE migration SET lease_owner = '" HOLDER "', lease_generation = lease_generation + 1,"
                  " lease_until_us = ?2 WHERE target_id IN (" SERVERS_OF ")"
                  " AND (ended_us = 0 OR attention = 1 OR lease_owner IS NOT NULL)",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    bind_int(&stmt, lease_until_us);
    return stmt_run(&stmt, err);
}

int store_snapshot_release(struct store *store, const char *subscription_id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SNAPSHOT_RELEASE,
                  "UPDATE migration SET lease_owner = NULL, lease_until_us = 0, not_before_us = 0,"
                  " attention = (ended_us = 0 OR attention)"
                  " WHERE target_id IN (" SERVERS_OF ") AND lease_owner = '" HOLDER "'",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    return stmt_run(&stmt, err);
}

int store_snapshot_busy(struct store *store, const char *subscription_id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SNAPSHOT_BUSY,
                  "SELECT EXISTS (SELECT 1 FROM operation WHERE ended_us = 0 AND subscription_id = ?1)"
                  " OR EXISTS (SELECT 1 FROM deployment WHERE ended_us = 0 AND subscription_id = ?1)",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    return stmt_next(&stmt, err) < 0 ? -1 : column_int(&stmt);
}

/* ---- which migrations there are --------------------------------------------------------------------------
 */

static int read_migration(struct stmt *stmt, void *row, struct err *err)
{
    struct snapshot_migration *migration = row;
    migration->id = column_int64(stmt);
    migration->name = column_text(stmt);
    migration->state = column_text(stmt);
    migration->substate = column_text(stmt);
    migration->outside = column_text(stmt);
    migration->active = column_bool(stmt);
    migration->hidden = column_bool(stmt);
    return stmt_check(stmt, err);
}

static void migration_row_done(void *row)
{
    struct snapshot_migration *migration = row;
    free(migration->name);
    free(migration->state);
    free(migration->substate);
    free(migration->outside);
}

void snapshot_migrations_free(struct snapshot_migration *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        migration_row_done(&rows[i]);
    }
    free(rows);
}

int store_snapshot_migrations(struct store *store, const char *subscription_id, struct err *err,
                              struct snapshot_migration **ret_rows, size_t *ret_count)
{
    static const struct row_type type = {sizeof(struct snapshot_migration), read_migration,
                                         migration_row_done};
    auto_stmt struct stmt stmt = {0};
    void *rows = NULL;
    if (stmt_open(
            store, STMT_SNAPSHOT_MIGRATIONS,
            "SELECT m.id, m.name, m.state, m.substate,"
            " CASE WHEN s.id IS NULL THEN coalesce(m.source_server_id, 'unknown') END, m.ended_us = 0, "
            "m.hidden"
            " FROM migration AS m LEFT JOIN server AS s ON s.id = m.source_id AND s.subscription_id = ?1"
            " WHERE m.target_id IN (" SERVERS_OF ") ORDER BY m.id",
            err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    if (stmt_get_rows(&stmt, &type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_rows = rows;
    return 0;
}

/* ---- rows to a file and back -----------------------------------------------------------------------------
 */

static int check_idle(struct store *store, const char *subscription_id, struct err *err)
{
    int busy = store_snapshot_busy(store, subscription_id, err);
    return busy > 0
               ? err_set(err, ERR_SERVER_BUSY,
                         "Operations or deployments of subscription '%s' are running. Retry when they have "
                         "ended.",
                         subscription_id)
               : busy;
}

static int save_part(struct store *store, const char *subscription_id, const struct part *part,
                     struct err *err)
{
    auto_free char *sql = str_format("CREATE TABLE beside.%s AS SELECT * FROM main.%s WHERE %s", part->table,
                                     part->table, part->of_subscription);
    return sql == NULL ? memory_error(err) : attached_run(store, sql, subscription_id, err, NULL);
}

static int save(struct store *store, const char *subscription_id, struct err *err)
{
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0 || check_idle(store, subscription_id, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (save_part(store, subscription_id, &parts[i], err) < 0) {
            return -1;
        }
    }
    return store_commit(&tx, err);
}

int store_snapshot_save(struct store *store, const char *subscription_id, const char *path, struct err *err)
{
    int result = attached_open(store, path, err) < 0 ? -1 : save(store, subscription_id, err);
    attached_close(store);
    return result;
}

/* Columns that both the file and the store have: the file may be of an earlier Malachite. */
static int copy_back(struct store *store, const struct part *part, struct err *err)
{
    auto_free char *columns = NULL;
    auto_free char *find =
        str_format("SELECT group_concat(m.name) FROM pragma_table_info('%s', 'main') AS m JOIN"
                   " pragma_table_info('%s', 'beside') AS b USING (name)%s",
                   part->table, part->table, part->renumbered ? " WHERE m.name <> 'id'" : "");
    if (find == NULL) {
        return memory_error(err);
    }
    if (attached_run(store, find, NULL, err, &columns) < 0) {
        return -1;
    }
    auto_free char *sql = columns == NULL ? NULL
                                          : str_format("INSERT INTO main.%s (%s) SELECT %s FROM beside.%s",
                                                       part->table, columns, columns, part->table);
    if (columns == NULL) {
        return 0; /* a table that this Malachite added */
    }
    return sql == NULL ? memory_error(err) : attached_run(store, sql, NULL, err, NULL);
}

/* Servers of other subscriptions that have a folder or an address which the snapshot's servers had. */
static int check_places(struct store *store, const char *subscription_id, struct err *err)
{
    auto_free char *taken = NULL;
    if (attached_run(store,
                     "SELECT group_concat(b.name, ', ') FROM beside.server AS b JOIN main.server AS m"
                     " ON m.subscription_id <> ?1 AND (m.instance = b.instance COLLATE NOCASE"
                     " OR (m.attached = 0 AND m.host = b.host AND m.port = b.port))",
                     subscription_id, err, &taken) < 0) {
        return -1;
    }
    return taken == NULL ? 0
                         : err_set(err, ERR_CONFLICT,
                                   "Other subscriptions have servers at the names or addresses that these"
                                   " servers of the snapshot had: %s. Delete those servers first.",
                                   taken);
}

static int replace_rows(struct store *store, const char *subscription_id, struct err *err)
{
    for (size_t i = ARRAY_LEN(parts); i > 0; i--) {
        auto_free char *sql =
            str_format("DELETE FROM main.%s WHERE %s", parts[i - 1].table, parts[i - 1].of_subscription);
        if (sql == NULL || attached_run(store, sql, subscription_id, err, NULL) < 0) {
            return sql == NULL ? memory_error(err) : -1;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (copy_back(store, &parts[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int cancel_operations(struct store *store, const char *subscription_id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SNAPSHOT_CANCEL_OPERATIONS,
                  "UPDATE operation SET status = ?2, error_code = ?3, ended_us = ?4, error_message ="
                  " 'A snapshot of the subscription was restored in the meantime.'"
                  " WHERE ended_us = 0 AND subscription_id = ?1",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    bind_word(&stmt, WORDS_OPERATION_STATUS, OPERATION_CANCELED);
    bind_text(&stmt, err_wire_code(ERR_CANCELED));
    bind_int(&stmt, clock_now_us());
    return stmt_run(&stmt, err);
}

static int note_restore(struct store *store, const char *subscription_id, const char *folder, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_RESTORE_PUT, "INSERT INTO restore (subscription_id, folder) VALUES (?, ?)", err,
                  &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    bind_text(&stmt, folder);
    return stmt_run(&stmt, err);
}

static int restore(struct store *store, const char *subscription_id, const char *folder,
                   int64_t lease_until_us, struct err *err)
{
    auto_store_tx struct store_tx tx = {0};
    return store_begin(store, err, &tx) < 0 || check_places(store, subscription_id, err) < 0 ||
                   cancel_operations(store, subscription_id, err) < 0 ||
                   replace_rows(store, subscription_id, err) < 0 ||
                   store_snapshot_hold(store, subscription_id, lease_until_us, err) < 0 ||
                   note_restore(store, subscription_id, folder, err) < 0
               ? -1
               : store_commit(&tx, err);
}

int store_snapshot_restore(struct store *store, const char *subscription_id, const char *path,
                           const char *folder, int64_t lease_until_us, struct err *err)
{
    int result = attached_open(store, path, err) < 0
                     ? -1
                     : restore(store, subscription_id, folder, lease_until_us, err);
    attached_close(store);
    return result;
}

/* ---- restores that are not finished ----------------------------------------------------------------------
 */

int store_restore_next(struct store *store, struct err *err, char **ret_subscription_id, char **ret_folder)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_RESTORE_NEXT, "SELECT subscription_id, folder FROM restore LIMIT 1", err,
                  &stmt) < 0) {
        return -1;
    }
    int found = stmt_next(&stmt, err);
    if (found == 1) {
        *ret_subscription_id = column_text(&stmt);
        *ret_folder = column_text(&stmt);
        return stmt_check(&stmt, err) < 0 ? -1 : 1;
    }
    return found;
}

int store_restore_finish(struct store *store, const char *subscription_id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_RESTORE_DELETE, "DELETE FROM restore WHERE subscription_id = ?", err, &stmt) <
        0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    return stmt_run(&stmt, err);
}

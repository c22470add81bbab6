/* SPDX-License-Identifier: MIT */
#include "store/subscriptions.h"

#include "core/attr.h"
#include "core/clock.h"
#include "store/session/stmt.h"
#include "store/session/transaction.h"
#include "store/subscriptions_private.h"

#define SUBSCRIPTION_COLUMNS "id, created_us, removing, advanced_us"

static int read_subscription(struct stmt *stmt, void *row, struct err *err)
{
    struct subscription *subscription = row;
    column_uuid(stmt, subscription->id);
    subscription->created_us = column_int64(stmt);
    subscription->removing = (enum removal)column_int(stmt);
    subscription->advanced_us = column_int64(stmt);
    return stmt_check(stmt, err);
}

static void release_subscription(void *row)
{
    (void)row;
}

static const struct row_type subscription_type = {sizeof(struct subscription), read_subscription,
                                                  release_subscription};

int store_subscription_get(struct store *store, const char *id, struct err *err,
                           struct subscription *ret_subscription)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SUBSCRIPTION_GET,
                  "SELECT " SUBSCRIPTION_COLUMNS " FROM subscription WHERE id = ?", err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, id);
    return stmt_get_row(&stmt, &subscription_type, err, ret_subscription);
}

int store_subscription_list(struct store *store, struct err *err, struct subscription **ret_subscriptions,
                            size_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    void *rows = NULL;
    if (stmt_open(store, STMT_SUBSCRIPTION_LIST,
                  "SELECT " SUBSCRIPTION_COLUMNS " FROM subscription ORDER BY created_us, id", err,
                  &stmt) < 0 ||
        stmt_get_rows(&stmt, &subscription_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_subscriptions = rows;
    return 0;
}

int store_subscription_removing(struct store *store, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SUBSCRIPTION_REMOVING, "SELECT 1 FROM subscription WHERE removing <> 0", err,
                  &stmt) < 0) {
        return -1;
    }
    return stmt_next(&stmt, err);
}

int subscription_make(struct store *store, const char *id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SUBSCRIPTION_INSERT,
                  "INSERT INTO subscription (id, created_us) VALUES (lower(?), ?) ON CONFLICT DO NOTHING",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, id);
    bind_int(&stmt, clock_now_us());
    return stmt_run(&stmt, err);
}

static int check_limit(struct store *store, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SUBSCRIPTION_COUNT, "SELECT count(*) FROM subscription", err, &stmt) < 0 ||
        stmt_next(&stmt, err) < 0) {
        return -1;
    }
    return column_int64(&stmt) < SUBSCRIPTIONS_MAX
               ? 0
               : err_set(err, ERR_CONFLICT,
                         "There are %d subscriptions, which is the limit. Remove one with DELETE "
                         "/_malachite/subscriptions/{id}.",
                         SUBSCRIPTIONS_MAX);
}

int store_subscription_touch(struct store *store, const char *id, struct err *err, enum removal *ret_removing)
{
    struct subscription subscription = {0};
    int found = store_subscription_get(store, id, err, &subscription);
    if (found == 0) {
        found = check_limit(store, err) < 0 ? -1 : subscription_make(store, id, err);
    }
    *ret_removing = subscription.removing;
    return found < 0 ? -1 : 0;
}

static int add_advance(struct store *store, const char *id, int64_t by_us, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_SUBSCRIPTION_ADVANCE,
                  "UPDATE subscription SET advanced_us = advanced_us + ? WHERE id = ?", err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, by_us);
    bind_text(&stmt, id);
    return stmt_run(&stmt, err) < 0 ? -1 : stmt_changes(&stmt);
}

static int shift(struct store *store, enum stmt_id statement, const char *sql, const char *id, int64_t by_us,
                 struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, statement, sql, err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, by_us);
    bind_text(&stmt, id);
    return stmt_run(&stmt, err);
}

/* 0 means "not set" and stays; an instant before 1970 would look the same. */
#define SHIFTED(column)                                                                                      \
#column " = CASE WHEN " #column " > 0 THEN max(1, " #column " - ?1) ELSE " #column " END"
#define ACTIVE_OF_SUBSCRIPTION                                                                               \
    "SELECT m.id FROM migration AS m JOIN server AS s ON s.id = m.target_id"                                 \
    " WHERE m.ended_us = 0 AND s.subscription_id = ?2"

static int shift_progress(struct store *store, const char *id, int64_t by_us, struct err *err)
{
    if (shift(store, STMT_ADVANCE_EVENTS,
              "UPDATE migration_event SET " SHIFTED(at_us) " WHERE migration_id IN (" ACTIVE_OF_SUBSCRIPTION
                                                           ")",
              id, by_us, err) < 0 ||
        shift(store, STMT_ADVANCE_DATABASES,
              "UPDATE migration_database SET " SHIFTED(started_us) ", " SHIFTED(
                  ended_us) " WHERE migration_id IN (" ACTIVE_OF_SUBSCRIPTION ")",
              id, by_us, err) < 0) {
        return -1;
    }
    return shift(store, STMT_ADVANCE_TABLES,
                 "UPDATE migration_table SET " SHIFTED(started_us) ", " SHIFTED(
                     ended_us) " WHERE migration_id IN (" ACTIVE_OF_SUBSCRIPTION ")",
                 id, by_us, err);
}

/* Like a write of the user: a worker that holds one of them looks at it again when it releases it. Leases
 * are not instants of the migration and stay. */
static int shift_migrations(struct store *store, const char *id, int64_t by_us, struct err *err)
{
    return shift(store, STMT_ADVANCE_MIGRATIONS,
                 "UPDATE migration SET " SHIFTED(created_us) ", " SHIFTED(window_start_us) ", " SHIFTED(
                     window_end_us) ", " SHIFTED(entered_us) ", attention = 1, asked = 1, not_before_us = 0"
                                                             " WHERE id IN (" ACTIVE_OF_SUBSCRIPTION ")",
                 id, by_us, err);
}

int store_subscription_advance(struct store *store, const char *id, int64_t by_us, struct err *err)
{
    auto_db_tx struct db_tx tx = {0};
    if (db_begin(store, err, &tx) < 0) {
        return -1;
    }
    int found = add_advance(store, id, by_us, err);
    if (found <= 0) {
        return found;
    }
    if (shift_progress(store, id, by_us, err) < 0 || shift_migrations(store, id, by_us, err) < 0 ||
        shift(store, STMT_ADVANCE_SERVERS,
              "UPDATE server SET " SHIFTED(created_us) " WHERE subscription_id = ?2", id, by_us, err) < 0 ||
        shift(store, STMT_ADVANCE_OPERATIONS,
              "UPDATE operation SET " SHIFTED(started_us) " WHERE ended_us = 0 AND subscription_id = ?2", id,
              by_us, err) < 0 ||
        db_commit(&tx, err) < 0) {
        return -1;
    }
    return 1;
}

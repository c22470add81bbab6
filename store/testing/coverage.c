/* SPDX-License-Identifier: MIT */
#include "store/testing/coverage.h"

#include "core/attr.h"
#include "store/session/db.h"
#include "store/session/stmt.h"

int store_coverage_list(struct store *store, const char *subscription_id, struct err *err,
                        void (*take)(void *arg, const char *kind, const char *name, int64_t count), void *arg)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_COVERAGE_LIST,
                  "SELECT kind, name, sum(count) FROM coverage WHERE ?1 IS NULL OR subscription_id = ?1"
                  " GROUP BY kind, name",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    int found = stmt_next(&stmt, err);
    while (found > 0) {
        auto_free char *kind = column_text(&stmt);
        auto_free char *name = column_text(&stmt);
        int64_t count = column_int64(&stmt);
        if (kind != NULL && name != NULL) {
            take(arg, kind, name, count);
        }
        found = stmt_next(&stmt, err);
    }
    return found;
}

static int keep_sum(struct store *store, const char *subscription_id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_COVERAGE_KEEP,
                  "INSERT INTO coverage (subscription_id, kind, name, count)"
                  " SELECT '', kind, name, count FROM coverage WHERE subscription_id = ?"
                  " ON CONFLICT DO UPDATE SET count = count + excluded.count",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    return stmt_run(&stmt, err);
}

static int clear(struct store *store, const char *subscription_id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_COVERAGE_CLEAR, "DELETE FROM coverage WHERE ?1 IS NULL OR subscription_id = ?1",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, subscription_id);
    return stmt_run(&stmt, err);
}

int store_coverage_clear(struct store *store, const char *subscription_id, struct err *err)
{
    if (subscription_id == NULL) {
        return clear(store, NULL, err);
    }
    auto_store_tx struct store_tx tx = {0};
    return store_begin(store, err, &tx) < 0 || keep_sum(store, subscription_id, err) < 0 ||
                   clear(store, subscription_id, err) < 0
               ? -1
               : store_commit(&tx, err);
}

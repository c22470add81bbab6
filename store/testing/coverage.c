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

int store_coverage_clear(struct store *store, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_COVERAGE_CLEAR, "DELETE FROM coverage", err, &stmt) < 0) {
        return -1;
    }
    return stmt_run(&stmt, err);
}

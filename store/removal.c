/* SPDX-License-Identifier: MIT */
/*
 * The state of a removal is in the store only, and each step starts from what it finds there: a process that
 * was killed in between resumes where it was.
 */
#include "store/removal.h"

#include <stdlib.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/str.h"
#include "store/migration_cleanup_private.h"
#include "store/session/memory_error.h"
#include "store/session/stmt.h"
#include "store/session/transaction.h"

/* A deletion that failed is queued again after this. */
static const int64_t QUEUE_AGAIN_US = 2 * 1000000;

#define SERVERS_OF "SELECT id FROM server WHERE subscription_id = ?1"
/* A worker may still hold an ended one; a server that Malachite runs needs no cleanup, as it is deleted. */
#define KEEPS_REMOVAL                                                                                        \
    "(ended_us = 0 OR lease_owner IS NOT NULL OR (" HAS_PENDING_CLEANUP                                      \
    " AND (NOT EXISTS (SELECT 1 FROM server AS own WHERE own.id = source_id AND own.attached = 0)"           \
    " OR EXISTS (SELECT 1 FROM server AS other WHERE other.id = target_id AND other.attached = 1))))"

void removal_left_done(struct removal_left *left)
{
    str_list_done(&left->names);
    *left = (struct removal_left){0};
}

/* Runs a statement whose only parameter is the subscription; returns the number of rows it changed. */
static int run_for(struct store *store, enum stmt_id statement, const char *sql, const char *id,
                   struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, statement, sql, err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, id);
    return stmt_run(&stmt, err) < 0 ? -1 : stmt_changes(&stmt);
}

static int mark(struct store *store, const char *id, enum removal removal, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_REMOVAL_MARK,
                  "UPDATE subscription SET removing = max(removing, ?) WHERE id = ?", err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, removal);
    bind_text(&stmt, id);
    return stmt_run(&stmt, err) < 0 ? -1 : stmt_changes(&stmt);
}

int store_removal_begin(struct store *store, const char *id, enum removal removal, struct err *err)
{
    auto_db_tx struct db_tx tx = {0};
    if (db_begin(store, err, &tx) < 0) {
        return -1;
    }
    int found = mark(store, id, removal, err);
    if (found <= 0) {
        return found;
    }
    if (run_for(store, STMT_REMOVAL_GROUPS,
                "UPDATE resource_group SET deleting = 1 WHERE subscription_id = ?", id, err) < 0 ||
        run_for(store, STMT_REMOVAL_DEPLOYMENTS, "DELETE FROM deployment WHERE subscription_id = ?", id,
                err) < 0 ||
        run_for(store, STMT_REMOVAL_CANCEL,
                "UPDATE migration SET cancel = 1, cancel_databases = NULL, attention = 1, not_before_us = 0,"
                " user_generation = user_generation + 1 WHERE ended_us = 0 AND target_id IN (" SERVERS_OF ")",
                id, err) < 0 ||
        run_for(store, STMT_REMOVAL_CLEANUPS,
                "UPDATE migration SET attention = 1, asked = 1, not_before_us = 0"
                " WHERE ended_us <> 0 AND " HAS_PENDING_CLEANUP " AND target_id IN (" SERVERS_OF ")",
                id, err) < 0 ||
        db_commit(&tx, err) < 0) {
        return -1;
    }
    return 1;
}

/* Counts what a query of (kind, name) returns, and keeps the first names. */
static int gather(struct store *store, enum stmt_id statement, const char *sql, const char *id,
                  struct err *err, struct removal_left *left, int64_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, statement, sql, err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, id);
    int more;
    while ((more = stmt_next(&stmt, err)) > 0) {
        auto_free char *name = column_text(&stmt);
        if (name == NULL || (left->names.count < LEFT_NAMES_MAX && !str_list_add(&left->names, name))) {
            return memory_error(err);
        }
        ++*ret_count;
    }
    return more;
}

static int find_left(struct store *store, const char *id, struct err *err, struct removal_left *left)
{
    if (gather(store, STMT_REMOVAL_LEFT_MIGRATIONS,
               "SELECT 'migration ' || name FROM migration WHERE target_id IN (" SERVERS_OF
               ") AND " KEEPS_REMOVAL " ORDER BY id",
               id, err, left, &left->migrations) < 0 ||
        gather(store, STMT_REMOVAL_LEFT_OPERATIONS,
               "SELECT 'operation on ' || resource_id FROM operation"
               " WHERE ended_us = 0 AND subscription_id = ? ORDER BY number",
               id, err, left, &left->operations) < 0) {
        return -1;
    }
    return gather(store, STMT_REMOVAL_LEFT_SERVERS,
                  "SELECT 'server ' || name FROM server WHERE subscription_id = ? ORDER BY id", id, err, left,
                  &left->servers);
}

/* ---- servers ---------------------------------------------------------------------------------------------
 */

/* 1 if its deletion is queued, runs, or has just failed. */
static int is_being_deleted(struct store *store, int64_t server_id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(
            store, STMT_REMOVAL_QUEUED,
            "SELECT 1 FROM operation WHERE server_id = ? AND kind = ? AND (ended_us = 0 OR ended_us > ?)",
            err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, server_id);
    bind_word(&stmt, WORDS_OPERATION_KIND, OPERATION_SERVER_DELETE);
    bind_int(&stmt, clock_now_us() - QUEUE_AGAIN_US);
    return stmt_next(&stmt, err);
}

static int queue_deletion(struct store *store, const struct server *server, struct err *err, bool *ret_queued)
{
    int queued = is_being_deleted(store, server->id, err);
    if (queued != 0) {
        return queued < 0 ? -1 : 0;
    }
    *ret_queued = true;
    auto_operation struct operation operation = {.kind = OPERATION_SERVER_DELETE,
                                                 .status = OPERATION_IN_PROGRESS,
                                                 .server_id = server->id,
                                                 .started_us = clock_now_us()};
    id_new(operation.id);
    operation.subscription_id = str_dup(server->subscription_id);
    operation.location = str_dup(server->location);
    operation.resource_id = str_format(
        "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.DBforPostgreSQL/%s/%s",
        server->subscription_id, server->group, word_of(WORDS_SERVER_KIND, (int)server->kind), server->name);
    if (operation.subscription_id == NULL || operation.resource_id == NULL) {
        return memory_error(err);
    }
    return store_server_set_state(store, server->id, SERVER_STATE_DROPPING, NULL, err) < 0
               ? -1
               : store_operation_insert(store, &operation, err);
}

static int remove_servers(struct store *store, const char *id, struct err *err, bool *ret_queued)
{
    if (run_for(store, STMT_REMOVAL_ATTACHED,
                "DELETE FROM server WHERE subscription_id = ? AND attached = 1 AND NOT EXISTS"
                " (SELECT 1 FROM operation AS o WHERE o.server_id = server.id AND o.ended_us = 0)",
                id, err) < 0) {
        return -1;
    }
    for (int kind = 0; kind < SERVER_KIND_COUNT; kind++) {
        struct server *servers = NULL;
        size_t count = 0;
        int result = store_server_list(store, (enum server_kind)kind, id, NULL, err, &servers, &count);
        for (size_t i = 0; i < count && result == 0; i++) {
            result = servers[i].attached ? 0 : queue_deletion(store, &servers[i], err, ret_queued);
        }
        servers_free(servers, count);
        if (result < 0) {
            return -1;
        }
    }
    return 0;
}

/* Networks go with their groups. */
static int clear(struct store *store, const char *id, struct err *err)
{
    static const struct {
        enum stmt_id statement;
        const char *sql;
    } steps[] = {
        {STMT_REMOVAL_CLEAR_OPERATIONS, "DELETE FROM operation WHERE subscription_id = ?"},
        {STMT_REMOVAL_DEPLOYMENTS, "DELETE FROM deployment WHERE subscription_id = ?"},
        {STMT_REMOVAL_CLEAR_GROUPS, "DELETE FROM resource_group WHERE subscription_id = ?"},
        {STMT_REMOVAL_CLEAR_PROVIDERS, "DELETE FROM provider WHERE subscription_id = ?"},
        {STMT_REMOVAL_CLEAR_SUBSCRIPTION, "DELETE FROM subscription WHERE id = ? AND removing = 2"},
        {STMT_REMOVAL_CLEAR_MARK, "UPDATE subscription SET removing = 0, advanced_us = 0 WHERE id = ?"},
    };
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (run_for(store, steps[i].statement, steps[i].sql, id, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int store_removal_step(struct store *store, const char *id, struct err *err, struct removal_left *ret_left)
{
    auto_removal_left struct removal_left left = {0};
    struct subscription subscription = {0};
    auto_db_tx struct db_tx tx = {0};
    if (db_begin(store, err, &tx) < 0) {
        return -1;
    }
    int found = store_subscription_get(store, id, err, &subscription);
    if (found < 0 || (found > 0 && find_left(store, id, err, &left) < 0)) {
        return -1;
    }
    if (found == 0 || subscription.removing == REMOVAL_NONE) {
        return 1;
    }
    if (left.migrations == 0 && left.servers > 0) {
        bool queued = false;
        removal_left_done(&left);
        if (remove_servers(store, id, err, &queued) < 0 || find_left(store, id, err, &left) < 0) {
            return -1;
        }
        left.queued = queued;
    }
    bool done = left.migrations + left.operations + left.servers == 0;
    if ((done && clear(store, id, err) < 0) || db_commit(&tx, err) < 0) {
        return -1;
    }
    if (done) {
        return 1;
    }
    *ret_left = left;
    left = (struct removal_left){0};
    return 0;
}

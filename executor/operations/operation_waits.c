/* SPDX-License-Identifier: MIT */
#include "executor/operations/operation_waits.h"

#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "executor/wake.h"

enum { LOOK_MS = 100, LIMIT_MS = 5 * 60 * 1000 };

/* What the operation waits for: 1: still present, 0: gone, -1: error. */
struct condition {
    int (*holds)(struct executor *executor, const struct condition *condition, struct err *err);
    const struct server *server;
    const char *database;
    const char *what; /* for the message */
};

static int await(struct executor *executor, const struct condition *condition, struct err *err)
{
    int64_t began = clock_monotonic_ms();
    for (;;) {
        uint64_t seen = executor_generation(executor);
        int holds = condition->holds(executor, condition, err);
        if (holds <= 0) {
            return holds;
        }
        if (stop_requested(&executor->stop)) {
            return err_set(err, ERR_UNAVAILABLE, "Malachite is stopping.");
        }
        if (clock_monotonic_ms() - began > LIMIT_MS) {
            return err_set(err, ERR_OPERATION_NOT_ALLOWED,
                           "The server '%s' was not changed, because %s did not end within %d minutes.",
                           condition->server->name, condition->what, LIMIT_MS / 60000);
        }
        executor_wait(executor, seen, LOOK_MS);
    }
}

static int is_migrated(struct executor *executor, const struct condition *condition, struct err *err)
{
    int count = 0;
    return store_migration_count_of(executor->store, condition->server->id, err, &count) < 0 ? -1 : count > 0;
}

static int is_written(struct executor *executor, const struct condition *condition, struct err *err)
{
    return store_migration_canceling(executor->store, condition->server->id, condition->database, 0, err);
}

static int is_worked_on(struct executor *executor, const struct condition *condition, struct err *err)
{
    return store_operation_running(executor->store, condition->server->id, err);
}

int await_migrations(struct executor *executor, const struct server *server, struct err *err)
{
    const struct condition condition = {
        .holds = is_migrated, .server = server, .what = "its canceled migrations"};
    return await(executor, &condition, err);
}

int await_database(struct executor *executor, const struct server *server, const char *database,
                   struct err *err)
{
    const struct condition condition = {
        .holds = is_written, .server = server, .database = database, .what = "a canceled migration to it"};
    return await(executor, &condition, err);
}

int await_operations(struct executor *executor, const struct server *server, struct err *err)
{
    const struct condition condition = {
        .holds = is_worked_on, .server = server, .what = "another operation on it"};
    return await(executor, &condition, err);
}

/* The segment of a resource id after the one with this name, or NULL. */
static char *segment_after(const char *id, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = strchr(id, '/'); at != NULL; at = strchr(at + 1, '/')) {
        auto_free char *segment = strndup(at + 1, strcspn(at + 1, "/"));
        if (segment != NULL && str_iequals(segment, name) && at[1 + len] == '/') {
            return strndup(at + len + 2, strcspn(at + len + 2, "/"));
        }
    }
    return NULL;
}

bool operation_is_moot(struct executor *executor, const struct operation *operation, struct err *err)
{
    struct err ignored = {0};
    auto_resource_group struct resource_group group = {0};
    if (operation->server_id == 0 || operation->kind == OPERATION_SERVER_DELETE ||
        stop_requested(&executor->stop)) {
        return false;
    }
    auto_free char *name = segment_after(operation->resource_id, "resourceGroups");
    int found = name == NULL
                    ? -1
                    : store_group_get(executor->store, operation->subscription_id, name, &ignored, &group);
    if (found < 0 || (found > 0 && !group.deleting)) {
        return false;
    }
    err_set(err, ERR_CANCELED,
            "The operation was canceled, because the resource group '%s' %s, and its servers with it.", name,
            found == 0 ? "was deleted" : "is being deleted");
    return true;
}

/* SPDX-License-Identifier: MIT */
/* The followers of a migration, and the end of its replication. */
#include "executor/follow/online.h"

#include "core/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "engine/replication/replication.h"
#include "executor/follow/followers.h"
#include "executor/fsm/database_row.h"

/* For all databases of a migration; the rest becomes a pending cleanup. */
enum { CLEAN_UP_MS = 20000 };

int online_show(struct work *work, struct migration_database *row, const char *text)
{
    if (str_equals(text, row->operation)) {
        return 0;
    }
    return str_replace(&row->operation, text) ? store_database_update(work->store, row, &work->err)
                                              : err_no_memory(&work->err);
}

/* Shows the client as the running step why changes are not being applied. */
static int show_trouble(struct work *work, struct migration_database *row, const struct follower_view *view)
{
    const char *reason = view->failure.message;
    if (reason[0] != '\0') {
        auto_free char *text = str_format("Changes wait, and Malachite retries: %s", reason);
        return text == NULL ? err_no_memory(&work->err) : online_show(work, row, text);
    }
    if (view->missing.message[0] != '\0') {
        return online_show(work, row, view->missing.message);
    }
    if (view->joining.message[0] != '\0') {
        return online_show(work, row, view->joining.message);
    }
    /* During the cutover the step shows the cutover's progress. */
    return row->cutover_position != NULL ? 0 : online_show(work, row, NULL);
}

int online_show_waiting(struct work *work, const struct migration_database *rows, size_t count)
{
    auto_buf struct buf text = BUF_MAX(64 * 1024);
    char cause[ERR_CAUSE_SIZE]; /* of the first database that waits */
    for (size_t i = 0; i < count; i++) {
        struct follower_view view;
        if (rows[i].cutover_position != NULL && !database_ended(&rows[i])) {
            return 0; /* its cutover shows why it waits */
        }
        follower_look(work->executor->followers, work->migration.id, rows[i].name, &view);
        const struct err *reason = view.failure.waiting ? &view.failure : &view.missing;
        if (view.state == FOLLOWER_ACTIVE && reason->message[0] != '\0') {
            if (text.len == 0) {
                err_cause(reason, cause);
            }
            buf_addf(&text, "%s%s: %s", text.len > 0 ? " " : "", rows[i].name, reason->message);
        }
    }
    bool waits = text.len > 0 && !buf_failed(&text);
    const struct migration_error error = {.text = buf_text(&text), .code = cause};
    return fsm_show(work, waits ? &error : &(struct migration_error){0});
}

int online_follow_one(struct work *work, struct migration_database *row)
{
    struct followers *followers = work->executor->followers;
    struct follower_view view;
    if (follower_start(followers, &work->migration, row, &work->err) != 0) {
        return -1;
    }
    follower_look(followers, work->migration.id, row->name, &view);
    if (view.state != FOLLOWER_FAILED) {
        return show_trouble(work, row, &view);
    }
    work->err = view.failure;
    work->err.lasting = true;
    return err_prefix(&work->err, "Cannot apply the changes of the database '%s'. ", row->name);
}

int online_follow(struct work *work, struct migration_database *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool open = rows[i].following && !database_ended(&rows[i]) && rows[i].cutover_position == NULL;
        if (open && online_follow_one(work, &rows[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

static void log_pending_cleanup(struct work *work, const struct migration_database *row)
{
    struct err ignored = {0};
    auto_free char *text = str_format(
        "Warning 603700: Replication '%s' of the database '%s' cannot be removed yet. Malachite retries: %s",
        row->replication, row->name, work->err.message);
    if (text != NULL && work->migration.substate != SUB_COMPLETED) {
        (void)store_event_add(work->store, work->migration.id, text, &ignored);
    }
    log_event(LOG_WARNING, "replication was not removed", "migration", work->migration.uuid, "name",
              row->replication, "reason", work->err.message, NULL);
}

int online_remember(struct work *work, const struct migration_database *row)
{
    static const char *const objects[][2] = {
        {"source", "slot"}, {"source", "publication"}, {"target", "schema"}};
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        const struct pending_cleanup cleanup = {.migration_id = row->migration_id,
                                                .database = row->name,
                                                .side = objects[i][0],
                                                .kind = objects[i][1],
                                                .object = row->replication};
        if (store_cleanup_add(work->store, &cleanup, &work->err) < 0) {
            return -1;
        }
    }
    return 0;
}

int online_remembered_identities(struct work *work, const struct migration_database *row,
                                 char **ret_identities)
{
    const struct pending_cleanup key = {.migration_id = row->migration_id,
                                        .database = row->name,
                                        .side = "source",
                                        .kind = "identities",
                                        .object = row->replication};
    *ret_identities = NULL;
    return row->replication == NULL ? 0 : store_cleanup_undo(work->store, &key, &work->err, ret_identities);
}

static int clean_source(struct work *work, const struct sides *sides, struct migration_database *row,
                        struct err *err)
{
    auto_free char *identities = NULL;
    if (sides->source.work.host == NULL) {
        return 0; /* its resource was deleted */
    }
    if (online_remembered_identities(work, row, &identities) < 0) {
        *err = work->err;
        return -1;
    }
    const struct replication replication = {.source = &sides->source.work,
                                            .database = row->name,
                                            .name = row->replication,
                                            .stop = &work->executor->stop,
                                            .identities = identities};
    return replication_drop(&replication, err);
}

int online_show_pending_cleanup(struct work *work, struct migration_database *row, const struct err *reason)
{
    auto_free char *text =
        str_format("Cleanup is pending. Malachite retries until it succeeds: %s", reason->message);
    return text == NULL ? err_no_memory(&work->err) : online_show(work, row, text);
}

int online_clean_up_database(struct work *work, const struct sides *sides, struct migration_database *row)
{
    if (row->replication == NULL) {
        return 0;
    }
    follower_stop(work->executor->followers, work->migration.id, row->name);
    /* Try both, because one server may be permanently unreachable. */
    struct err source_err = {0};
    struct err target_err = {0};
    int source = clean_source(work, sides, row, &source_err);
    int target = !row->target_claimed ? 0
                                      : replica_remove(&sides->target.work, row->name, row->replication,
                                                       &work->executor->stop, &target_err);
    if (source != 0 || target != 0) {
        work->err = source != 0 ? source_err : target_err;
        return -1;
    }
    row->following = false;
    (void)str_replace(&row->replication, NULL);
    if (database_ended(row)) {
        (void)str_replace(&row->operation, NULL);
    }
    return store_database_update(work->store, row, &work->err) < 0
               ? -1
               : store_cleanup_done(work->store, row->migration_id, row->name, &work->err);
}

int online_cancel_database(struct work *work, const struct sides *sides, struct migration_database *row)
{
    struct err reason = work->err;
    row->state = DB_CANCELING;
    if (store_database_update(work->store, row, &work->err) < 0) {
        return -1;
    }
    struct err pending = {0};
    if (online_clean_up_database(work, sides, row) != 0) {
        pending = work->err;
        log_pending_cleanup(work, row);
    }
    work->err = reason;
    if (database_end(work, row, DB_CANCELED, NULL) != 0) {
        return -1;
    }
    return row->replication == NULL ? 0 : online_show_pending_cleanup(work, row, &pending);
}

static void log_missing_source(const struct work *work, const struct migration_database *row)
{
    log_event(LOG_WARNING, "the source server's resource was deleted: its publication and slot stay",
              "migration", work->migration.uuid, "database", row->name, "replication", row->replication,
              NULL);
}

static int clean_up(struct work *work, struct migration_database *rows, size_t count)
{
    auto_sides struct sides sides = {0};
    bool found = sides_find_left(work->executor, &work->migration, &work->err, &sides) == 0;
    bool reachable = found;
    int64_t deadline_ms = clock_monotonic_ms() + CLEAN_UP_MS;
    int result = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].replication == NULL) {
            continue;
        }
        follower_stop(work->executor->followers, work->migration.id, rows[i].name);
        if (found && sides.source.work.host == NULL) {
            log_missing_source(work, &rows[i]);
        }
        if (reachable && online_clean_up_database(work, &sides, &rows[i]) == 0) {
            continue;
        }
        /* Wait for a server that does not answer once, not for each database. */
        reachable = reachable && work->err.code != ERR_SERVER_UNREACHABLE &&
                    !stop_requested(&work->executor->stop) && clock_ms_left(deadline_ms) > 0;
        log_pending_cleanup(work, &rows[i]);
        if (database_ended(&rows[i])) {
            struct err reason = work->err;
            (void)online_show_pending_cleanup(work, &rows[i], &reason);
            work->err = reason;
        }
        result = -1;
    }
    return result;
}

int online_clean_up(struct work *work)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    size_t pending = 0;
    if (!is_online(&work->migration)) {
        return 0;
    }
    if (store_database_list(work->store, work->migration.id, &work->err, &rows, &count) < 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        pending += rows[i].replication == NULL ? 0 : 1;
    }
    int result = pending == 0 ? 0 : clean_up(work, rows, count);
    migration_databases_free(rows, count);
    return result;
}

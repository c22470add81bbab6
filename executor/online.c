/* SPDX-License-Identifier: MIT */
/* Followers of a migration, and the end of its replication. */
#include "executor/online.h"

#include "core/log.h"
#include "core/str.h"
#include "engine/replication.h"
#include "executor/database_row.h"
#include "executor/followers.h"

bool is_online(const struct migration *migration)
{
    return migration->spec.mode == MODE_ONLINE;
}

int online_follow_one(struct work *work, const struct migration_database *row)
{
    struct followers *followers = work->executor->followers;
    struct follower_view view;
    if (follower_start(followers, &work->migration, row, &work->err) != 0) {
        return -1;
    }
    follower_look(followers, work->migration.id, row->name, &view);
    if (view.state != FOLLOWER_FAILED) {
        return 0;
    }
    work->err = view.failure;
    work->err.lasting = true;
    return err_prefix(&work->err, "The changes of the database '%s' cannot be applied. ", row->name);
}

int online_follow(struct work *work, const struct migration_database *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool open = rows[i].following && !database_ended(&rows[i]) && rows[i].cutover_position == NULL;
        if (open && online_follow_one(work, &rows[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

static void tell_left_behind(struct work *work, const struct migration_database *row)
{
    struct err ignored;
    auto_free char *text =
        str_format("Replication '%s' of the database '%s' cannot be removed yet, it is tried again: %s",
                   row->replication, row->name, work->err.message);
    if (text != NULL && work->migration.substate != SUB_COMPLETED) {
        (void)store_event_add(work->store, work->migration.id, text, &ignored);
    }
    log_event(LOG_WARNING, "replication is left behind", "migration", work->migration.uuid, "name",
              row->replication, "reason", work->err.message, NULL);
}

int online_clean_up_database(struct work *work, const struct sides *sides, struct migration_database *row)
{
    if (row->replication == NULL) {
        return 0;
    }
    follower_stop(work->executor->followers, work->migration.id, row->name);
    const struct replication replication = {
        .source = &sides->source.work, .database = row->name, .name = row->replication};
    /* Both are tried: one server may be gone for good. */
    bool source_clean = replication_drop(&replication, &work->err) == 0;
    bool target_clean = !row->target_claimed ||
                        replica_remove(&sides->target.work, row->name, row->replication, &work->err) == 0;
    if (!source_clean || !target_clean) {
        return -1;
    }
    row->following = false;
    (void)str_replace(&row->replication, NULL);
    return store_database_update(work->store, row, &work->err);
}

int online_cancel_database(struct work *work, const struct sides *sides, struct migration_database *row)
{
    struct err reason = work->err;
    row->state = DB_CANCELING;
    if (store_database_update(work->store, row, &work->err) < 0) {
        return -1;
    }
    if (online_clean_up_database(work, sides, row) != 0) {
        tell_left_behind(work, row);
    }
    work->err = reason;
    return database_end(work, row, DB_CANCELED, NULL);
}

int online_clean_up(struct work *work)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    if (!is_online(&work->migration)) {
        return 0;
    }
    if (store_database_list(work->store, work->migration.id, &work->err, &rows, &count) < 0) {
        return -1;
    }
    auto_sides struct sides sides = {0};
    bool found = sides_find(work->executor, &work->migration, &work->err, &sides) == 0;
    int result = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].replication == NULL) {
            continue;
        }
        follower_stop(work->executor->followers, work->migration.id, rows[i].name);
        if (!found || online_clean_up_database(work, &sides, &rows[i]) != 0) {
            tell_left_behind(work, &rows[i]);
            result = -1;
        }
    }
    migration_databases_free(rows, count);
    return result;
}

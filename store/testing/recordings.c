/* SPDX-License-Identifier: MIT */
#include "store/testing/recordings.h"

#include "core/attr.h"
#include "core/clock.h"
#include "store/session/db.h"
#include "store/session/stmt.h"
#include "store/testing/change_fields.h"

int store_frame_list(struct store *store, int64_t migration_id, struct err *err,
                     void (*take)(void *arg, int64_t at_us, const char *data), void *arg)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_FRAME_LIST, "SELECT at_us, data FROM frame WHERE migration_id = ? ORDER BY id",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, migration_id);
    int found = stmt_next(&stmt, err);
    while (found > 0) {
        int64_t at_us = column_int64(&stmt);
        auto_free char *fields = column_text(&stmt);
        auto_free char *data = fields == NULL ? NULL : change_fields_json(fields);
        if (data != NULL) {
            take(arg, at_us, data);
        }
        found = stmt_next(&stmt, err);
    }
    return found;
}

int store_recording_get(struct store *store, const char *name, struct err *err, char **ret_content)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_RECORDING_GET, "SELECT content FROM recording WHERE name = ?", err, &stmt) <
        0) {
        return -1;
    }
    bind_text(&stmt, name);
    int found = stmt_next(&stmt, err);
    if (found > 0) {
        *ret_content = column_text(&stmt);
        return *ret_content == NULL ? err_no_memory(err) : 1;
    }
    return found;
}

int store_recording_put(struct store *store, const char *name, const char *content, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_RECORDING_PUT,
                  "INSERT INTO recording (name, created_us, content) VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
                  " SET created_us = excluded.created_us, content = excluded.content",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, name);
    bind_int(&stmt, clock_now_us());
    bind_text(&stmt, content);
    return stmt_run(&stmt, err);
}

int store_recording_delete(struct store *store, const char *name, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_RECORDING_DELETE, "DELETE FROM recording WHERE name = ?", err, &stmt) < 0) {
        return -1;
    }
    bind_text(&stmt, name);
    return stmt_run(&stmt, err) < 0 ? -1 : stmt_changes(&stmt) > 0;
}

int store_recording_list(struct store *store, struct err *err,
                         void (*take)(void *arg, const char *name, int64_t created_us, int64_t bytes),
                         void *arg)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_RECORDING_LIST,
                  "SELECT name, created_us, length(content) FROM recording ORDER BY name", err, &stmt) < 0) {
        return -1;
    }
    int found = stmt_next(&stmt, err);
    while (found > 0) {
        auto_free char *name = column_text(&stmt);
        int64_t created_us = column_int64(&stmt);
        int64_t bytes = column_int64(&stmt);
        if (name != NULL) {
            take(arg, name, created_us, bytes);
        }
        found = stmt_next(&stmt, err);
    }
    return found;
}

int store_replay_get(struct store *store, int64_t migration_id, struct err *err, struct replay *ret_replay)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_REPLAY_GET,
                  "SELECT content, position, base_us FROM replay WHERE migration_id = ?", err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, migration_id);
    int found = stmt_next(&stmt, err);
    if (found > 0) {
        ret_replay->migration_id = migration_id;
        ret_replay->content = column_text(&stmt);
        ret_replay->position = column_int64(&stmt);
        ret_replay->base_us = column_int64(&stmt);
    }
    return found;
}

int store_replay_put(struct store *store, const struct replay *replay, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_REPLAY_PUT,
                  "INSERT INTO replay (migration_id, content, position, base_us) VALUES (?, ?, ?, ?)"
                  " ON CONFLICT DO UPDATE SET position = excluded.position, base_us = excluded.base_us",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, replay->migration_id);
    bind_text(&stmt, replay->content);
    bind_int(&stmt, replay->position);
    bind_int(&stmt, replay->base_us);
    return stmt_run(&stmt, err);
}

/* SPDX-License-Identifier: MIT */
#include "executor/fsm/database_row.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"

bool database_ended(const struct migration_database *row)
{
    return row->state == DB_SUCCEEDED || row->state == DB_FAILED || row->state == DB_CANCELED;
}

bool database_is_to_move(const struct migration_database *row)
{
    return !row->following && !database_ended(row);
}

int databases_to_move(struct work *work, struct str_list *ret_names)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    if (store_database_list(work->store, work->migration.id, &work->err, &rows, &count) < 0) {
        return -1;
    }
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        bool added = !database_is_to_move(&rows[i]) || str_list_add(ret_names, rows[i].name);
        result = added ? 0 : err_no_memory(&work->err);
    }
    migration_databases_free(rows, count);
    return result;
}

bool database_is_canceled(const struct work *work, const struct migration_database *row)
{
    const struct migration_spec *spec = &work->migration.spec;
    return spec->cancel == FLAG_TRUE && str_list_has(&spec->cancel_databases, row->name);
}

int database_end(struct work *work, struct migration_database *row, enum database_state state,
                 const char *message)
{
    row->state = state;
    row->ended_us = row->started_us == 0 ? 0 : clock_now_us();
    if (!str_replace(&row->operation, NULL) || (message != NULL && !str_replace(&row->message, message))) {
        return err_no_memory(&work->err);
    }
    log_event(LOG_INFO, "database", "migration", work->migration.uuid, "name", row->name, "state",
              word_of(WORDS_DATABASE_STATE, (int)state), "reason", message, NULL);
    return store_database_update(work->store, row, &work->err);
}

int database_fail(struct work *work, struct migration_database *row, const char *message, const char *code)
{
    return str_replace(&row->error_code, code) ? database_end(work, row, DB_FAILED, message)
                                               : err_no_memory(&work->err);
}

int databases_end(struct work *work, enum database_state state, const char *message)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    int result = store_database_list(work->store, work->migration.id, &work->err, &rows, &count);
    for (size_t i = 0; i < count && result == 0; i++) {
        result = database_ended(&rows[i]) ? 0 : database_end(work, &rows[i], state, message);
    }
    migration_databases_free(rows, count);
    return result;
}

int databases_fail(struct work *work, const char *message, const char *code)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    bool failed = false;
    int result = store_database_list(work->store, work->migration.id, &work->err, &rows, &count);
    for (size_t i = 0; i < count; i++) {
        failed = failed || rows[i].state == DB_FAILED;
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        if (!database_ended(&rows[i])) {
            result = failed ? database_end(work, &rows[i], DB_CANCELED, NULL)
                            : database_fail(work, &rows[i], message, code);
        }
    }
    migration_databases_free(rows, count);
    return result;
}

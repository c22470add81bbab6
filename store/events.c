/* SPDX-License-Identifier: MIT */
/* Events of a migration. Each records the migration's state at that time. */
#include "core/attr.h"
#include "core/clock.h"
#include "store/session/db.h"
#include "store/session/stmt.h"
#include "store/session/transaction.h"
#include "store/store.h"

/* A client that keeps sending PATCH must not fill the disk: the oldest events are deleted. */
enum { EVENTS_KEPT = 1000 };

static int read_event(struct stmt *stmt, void *row, struct err *err)
{
    struct migration_event *event = row;
    event->at_us = column_int64(stmt);
    event->state = (enum migration_state)column_word(stmt, WORDS_MIGRATION_STATE);
    event->substate = (enum migration_substate)column_word(stmt, WORDS_SUBSTATE);
    event->text = column_text(stmt);
    return stmt_check(stmt, err);
}

static void release_event(void *row)
{
    migration_event_done(row);
}

static const struct row_type event_type = {sizeof(struct migration_event), read_event, release_event};

static int trim_events(struct store *store, int64_t migration_id, struct err *err)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(
            store, STMT_EVENT_TRIM,
            "DELETE FROM migration_event WHERE migration_id = ?1 AND id <="
            " (SELECT id FROM migration_event WHERE migration_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, migration_id);
    bind_int(&stmt, EVENTS_KEPT);
    return stmt_run(&stmt, err);
}

int store_event_add(struct store *store, int64_t migration_id, const char *text, struct err *err)
{
    auto_db_tx struct db_tx tx = {0};
    if (db_begin(store, err, &tx) < 0) {
        return -1;
    }
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_EVENT_ADD,
                  "INSERT INTO migration_event (migration_id, at_us, state, substate, text)"
                  " SELECT id, ?, state, substate, ? FROM migration WHERE id = ?",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, clock_now_us());
    bind_text(&stmt, text);
    bind_int(&stmt, migration_id);
    if (stmt_run(&stmt, err) < 0 || trim_events(store, migration_id, err) < 0) {
        return -1;
    }
    return db_commit(&tx, err);
}

int store_event_list(struct store *store, int64_t migration_id, struct err *err,
                     struct migration_event **ret_events, size_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(
            store, STMT_EVENT_LIST,
            "SELECT at_us, state, substate, text FROM migration_event WHERE migration_id = ? ORDER BY id",
            err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, migration_id);
    void *rows = NULL;
    if (stmt_get_rows(&stmt, &event_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_events = rows;
    return 0;
}

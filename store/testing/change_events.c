/* SPDX-License-Identifier: MIT */
#include "store/testing/change_events.h"

#include <stdlib.h>

#include "core/attr.h"
#include "store/session/db.h"
#include "store/session/stmt.h"
#include "store/testing/change_fields.h"

static int read_row(struct stmt *stmt, void *row, struct err *err)
{
    struct change_event *event = row;
    event->id = column_int64(stmt);
    event->at_us = column_int64(stmt);
    event->source = column_text(stmt);
    event->type = column_text(stmt);
    auto_free char *fields = column_text(stmt);
    event->data = fields == NULL ? NULL : change_fields_json(fields);
    return fields != NULL && event->data == NULL ? err_no_memory(err) : stmt_check(stmt, err);
}

static void release_row(void *row)
{
    struct change_event *event = row;
    free(event->source);
    free(event->type);
    free(event->data);
}

static const struct row_type row_type = {sizeof(struct change_event), read_row, release_row};

void change_events_free(struct change_event *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        release_row(&rows[i]);
    }
    free(rows);
}

int store_change_event_list(struct store *store, int64_t after_id, const char *subscription_id, size_t limit,
                            struct err *err, struct change_event **ret_rows, size_t *ret_count)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_CHANGE_EVENT_LIST,
                  "SELECT id, at_us, source, type, data FROM change_event"
                  " WHERE id > ?1 AND (?2 IS NULL OR subscription_id = ?2) ORDER BY id LIMIT ?3",
                  err, &stmt) < 0) {
        return -1;
    }
    bind_int(&stmt, after_id);
    bind_text(&stmt, subscription_id);
    bind_int(&stmt, (int64_t)limit);
    void *rows = NULL;
    if (stmt_get_rows(&stmt, &row_type, err, &rows, ret_count) < 0) {
        return -1;
    }
    *ret_rows = rows;
    return 0;
}

int store_change_event_newest(struct store *store, struct err *err, int64_t *ret_id)
{
    auto_stmt struct stmt stmt = {0};
    if (stmt_open(store, STMT_CHANGE_EVENT_NEWEST, "SELECT coalesce(max(id), 0) FROM change_event", err,
                  &stmt) < 0) {
        return -1;
    }
    int found = stmt_next(&stmt, err);
    if (found > 0) {
        *ret_id = column_int64(&stmt);
    }
    return found < 0 ? -1 : 0;
}

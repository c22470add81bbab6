/* SPDX-License-Identifier: MIT */
/*
 * Materialized views, in the order of the archive, which is that of their dependencies. They come after
 * owners and privileges because a view is filled with its owner's rights.
 */
#include "engine/transfer_steps.h"

enum { SQL_MAX_BYTES = 16 * 1024 };

static int set_search_path(struct transfer_state *state, const char *search_path, struct err *err)
{
    auto_free char *ignored = NULL;
    return pg_value(&state->target, err, &ignored, "SELECT pg_catalog.set_config('search_path', $1, false)",
                    1, &search_path);
}

/* Functions without a search_path of their own may need that of the database. */
static int refresh_with_search_path(struct transfer_state *state, const char *sql, struct err *err)
{
    struct err reason = *err;
    struct err ignored = {0};
    const char *search_path = source_database_get(&state->database, DATABASE_SEARCH_PATH);
    if (set_search_path(state, search_path, err) != 0) {
        return -1;
    }
    bool filled = pg_run(&state->target, &ignored, sql) == 0;
    if (!filled && restore_is_over(&state->target, &ignored)) {
        *err = ignored;
        return -1;
    }
    if (!filled) {
        *err = reason;
        report_warning(&state->report, "A materialized view stays empty (%s): %s", sql, reason.message);
    }
    return set_search_path(state, "", err);
}

int views_refresh(struct transfer_state *state, struct err *err)
{
    for (size_t i = 0; i < state->archive.count; i++) {
        const struct archive_entry *entry = &state->archive.entries[i];
        auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
        if (!archive_entry_is(entry, "MATERIALIZED VIEW DATA")) {
            continue;
        }
        buf_adds(&sql, "REFRESH MATERIALIZED VIEW ");
        pg_add_qualified(&state->target, &sql, entry->schema, entry->name);
        if (pg_run(&state->target, err, buf_text(&sql)) == 0) {
            continue;
        }
        if (restore_is_over(&state->target, err) ||
            refresh_with_search_path(state, buf_text(&sql), err) != 0) {
            return -1;
        }
    }
    return 0;
}

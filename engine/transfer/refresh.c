/* SPDX-License-Identifier: MIT */
/*
 * Refreshes materialized views in the order of the archive, which follows their dependencies. It runs
 * after owners and privileges are set, because a view is refreshed with its owner's rights.
 */
#include "engine/transfer/refresh_private.h"

enum { SQL_MAX_BYTES = 16 * 1024 };

/* Functions without their own search_path may need the database's. */
static int refresh_all(struct transfer_state *state, struct err *err)
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
        if (restore_is_over(&state->target, err)) {
            return -1;
        }
        report_warning(&state->report,
                       "A materialized view is empty, because it could not be refreshed (%s): %s",
                       buf_text(&sql), err->message);
    }
    return 0;
}

int views_refresh(struct transfer_state *state, struct err *err)
{
    return source_settings_use_path(&state->settings, &state->target, true, err) != 0 ||
                   refresh_all(state, err) != 0
               ? -1
               : source_settings_use_path(&state->settings, &state->target, false, err);
}

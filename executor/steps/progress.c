/* SPDX-License-Identifier: MIT */
#include "executor/steps/progress.h"

#include <stdlib.h>

#include "core/buf.h"
#include "core/log.h"
#include "core/str.h"

enum { WARNINGS_MAX = 200 };

void progress_done(struct progress *progress)
{
    str_list_done(&progress->warnings);
}

int progress_write(struct progress *progress, struct err *err)
{
    return store_database_update(progress->store, progress->row, err);
}

static int claim_target(void *context, struct err *err)
{
    struct progress *progress = context;
    progress->row->target_claimed = true;
    return store_database_update(progress->store, progress->row, err);
}

static void call_on_progress(const struct progress *progress)
{
    if (progress->on_progress != NULL) {
        progress->on_progress(progress->context, progress->row);
    }
}

static void step(void *context, const char *text)
{
    struct progress *progress = context;
    struct err err = {0};
    call_on_progress(progress);
    if (str_replace(&progress->row->operation, text) && progress_write(progress, &err) < 0) {
        log_event(LOG_WARNING, "cannot store progress", "reason", err.message, NULL);
    }
}

static void warning(void *context, const char *text)
{
    struct progress *progress = context;
    if (progress->warnings.count >= WARNINGS_MAX || !str_list_add(&progress->warnings, text)) {
        progress->warnings_dropped++;
    }
}

static void add_note(void *context, const char *text)
{
    struct progress *progress = context;
    struct err ignored = {0};
    (void)store_event_add(progress->store, progress->row->migration_id, text, &ignored);
}

static int remember(void *context, const char *identities, struct err *err)
{
    struct progress *progress = context;
    const struct migration_database *row = progress->row;
    const struct pending_cleanup cleanup = {.migration_id = row->migration_id,
                                            .database = row->name,
                                            .side = "source",
                                            .kind = "identities",
                                            .object = row->replication,
                                            .undo = identities};
    return store_cleanup_add(progress->store, &cleanup, err);
}

static enum table_state stored_state(enum copy_state state)
{
    switch (state) {
    case COPY_QUEUED:
        return TABLE_QUEUED;
    case COPY_LOADING:
        return TABLE_LOADING;
    case COPY_COMPLETED:
        return TABLE_COMPLETED;
    case COPY_ERRORED:
        return TABLE_ERRORED;
    }
    return TABLE_QUEUED;
}

static void count_table(struct migration_database *row, const struct transfer_table *table)
{
    row->tables_queued += table->state == COPY_QUEUED ? 1 : 0;
    row->tables_loading += table->state == COPY_LOADING ? 1 : 0;
    row->tables_completed += table->state == COPY_COMPLETED ? 1 : 0;
    row->tables_errored += table->state == COPY_ERRORED ? 1 : 0;
    row->rows_copied += table->rows;
    row->bytes_copied += table->bytes;
    row->bytes_total += table->bytes_total;
}

/* The engine owns the names; the store only reads them. */
static void describe_table(const struct transfer_table *table, struct migration_table *ret_row)
{
    *ret_row = (struct migration_table){.state = stored_state(table->state),
                                        .bytes_total = table->bytes_total,
                                        .bytes_copied = table->bytes,
                                        .rows_copied = table->rows,
                                        .started_us = table->started_us,
                                        .ended_us = table->ended_us};
    union {
        const char *given;
        char *lent;
    } schema = {.given = table->schema}, name = {.given = table->name};
    ret_row->schema = schema.lent;
    ret_row->name = name.lent;
}

static void write_tables(void *context, const struct transfer_table *tables, size_t count)
{
    struct progress *progress = context;
    struct migration_database *row = progress->row;
    call_on_progress(progress);
    auto_free struct migration_table *changed = calloc(count == 0 ? 1 : count, sizeof(*changed));
    if (changed == NULL) {
        return; /* progress is only displayed: the next call updates it */
    }
    row->tables_queued = row->tables_loading = row->tables_completed = row->tables_errored = 0;
    row->rows_copied = row->bytes_copied = row->bytes_total = 0;
    size_t changed_count = 0;
    for (size_t i = 0; i < count; i++) {
        count_table(row, &tables[i]);
        if (tables[i].changed) {
            describe_table(&tables[i], &changed[changed_count++]);
        }
    }
    struct err err = {0};
    if (store_progress_write(progress->store, row, changed, changed_count, &err) < 0) {
        log_event(LOG_WARNING, "cannot store progress", "reason", err.message, NULL);
    }
}

struct transfer_observer progress_observer(struct progress *progress)
{
    return (struct transfer_observer){.context = progress,
                                      .claim_target = claim_target,
                                      .progress = write_tables,
                                      .step = step,
                                      .note = add_note,
                                      .remember = remember,
                                      .warning = warning};
}

char *progress_warnings(const struct progress *progress)
{
    if (progress->warnings.count == 0) {
        return NULL;
    }
    auto_buf struct buf text = BUF_MAX(256 * 1024);
    /* The COPY of each table has compared both row counts; for online migrations the cutover compares
     * them. */
    buf_addf(&text, "%sNot carried over as on the source (%zu):",
             progress->row->replication == NULL ? "All rows were moved. " : "",
             progress->warnings.count + progress->warnings_dropped);
    for (size_t i = 0; i < progress->warnings.count; i++) {
        buf_addf(&text, " (%zu) %s", i + 1, progress->warnings.items[i]);
    }
    if (progress->warnings_dropped > 0) {
        buf_addf(&text, " ... and %zu more.", progress->warnings_dropped);
    }
    return buf_take(&text);
}

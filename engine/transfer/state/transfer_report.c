/* SPDX-License-Identifier: MIT */
#include "engine/transfer/state/transfer_report.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"

void transfer_report_warnings(struct transfer_state *state)
{
    const struct transfer_observer *observer = state->transfer->observer;
    auto_str_list struct str_list warnings = {0};
    report_take_warnings(&state->report, &warnings);
    for (size_t i = 0; i < warnings.count && observer != NULL && observer->warning != NULL; i++) {
        observer->warning(observer->context, str_make_utf8(warnings.items[i]));
    }
}

void transfer_report_step(struct transfer_state *state, const char *text)
{
    const struct transfer_observer *observer = state->transfer->observer;
    transfer_report_warnings(state);
    if (observer != NULL && observer->step != NULL) {
        observer->step(observer->context, text);
    }
}

static void add_piece(struct transfer_table *table, const struct copy_piece *piece)
{
    int64_t started_us = atomic_load(&piece->started_us);
    int64_t ended_us = atomic_load(&piece->ended_us);
    table->bytes += atomic_load_explicit(&piece->bytes, memory_order_relaxed);
    table->rows += atomic_load_explicit(&piece->rows, memory_order_relaxed);
    if (started_us != 0 && (table->started_us == 0 || started_us < table->started_us)) {
        table->started_us = started_us;
    }
    table->ended_us = ended_us > table->ended_us ? ended_us : table->ended_us;
}

static void read_table(struct transfer_table *table, const struct copy_piece *first)
{
    struct transfer_table now = {.schema = table->schema,
                                 .name = table->name,
                                 .bytes_total = table->bytes_total,
                                 .state = copy_pieces_state(first)};
    for (uint32_t i = 0; i < first->parts; i++) {
        add_piece(&now, &first[i]);
    }
    if (now.state != COPY_COMPLETED && now.state != COPY_ERRORED) {
        now.ended_us = 0;
    }
    now.changed = now.state != table->state || now.bytes != table->bytes || now.rows != table->rows ||
                  now.started_us != table->started_us || now.ended_us != table->ended_us;
    *table = now;
}

void transfer_report_progress(void *context)
{
    struct transfer_state *state = context;
    const struct transfer_observer *observer = state->transfer->observer;
    for (size_t i = 0, at = 0; at < state->pool.count; i++, at += state->pool.pieces[at].parts) {
        read_table(&state->tables[i], &state->pool.pieces[at]);
    }
    if (observer != NULL && observer->progress != NULL) {
        observer->progress(observer->context, state->tables, state->catalog.table_count);
    }
}

/* The name for display; NULL when memory is out. */
static const char *shown_name(struct transfer_state *state, const char *name)
{
    if (str_is_utf8(name, strlen(name))) {
        return name;
    }
    struct str_list *names = &state->shown_names;
    return str_list_add(names, name) ? str_make_utf8(names->items[names->count - 1]) : NULL;
}

int transfer_list_tables(struct transfer_state *state, struct err *err)
{
    const struct transfer_observer *observer = state->transfer->observer;
    state->pool =
        (struct copy_pool){.source = state->transfer->source,
                           .target = state->transfer->target,
                           .database = state->transfer->database,
                           .stop = state->transfer->stop,
                           .holder = &state->source,
                           .snapshot = state->snapshot,
                           .session_encoding = state->encoding,
                           .copy_encoding = source_database_get(&state->database, DATABASE_ENCODING),
                           .settings = &state->settings,
                           .split = {.piece_bytes = state->transfer->piece_bytes,
                                     .lanes = state->transfer->more_pieces ? state->transfer->jobs : 0},
                           .report = &state->report};
    state->tables = calloc(state->catalog.table_count + 1, sizeof(*state->tables));
    if (state->tables == NULL || copy_pool_init(&state->pool, &state->catalog, err) != 0) {
        return err_no_memory(err);
    }
    for (size_t i = 0, at = 0; at < state->pool.count; i++, at += state->pool.pieces[at].parts) {
        const struct catalog_table *table = state->pool.pieces[at].table;
        state->tables[i] = (struct transfer_table){.schema = shown_name(state, table->schema),
                                                   .name = shown_name(state, table->name),
                                                   .bytes_total = table->bytes,
                                                   .changed = true};
        if (state->tables[i].schema == NULL || state->tables[i].name == NULL) {
            return err_no_memory(err);
        }
    }
    if (observer != NULL && observer->progress != NULL) {
        observer->progress(observer->context, state->tables, state->catalog.table_count);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* The order of the steps, and what the observer hears of them. */
#include "engine/transfer/transfer.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/apply/replica.h"
#include "engine/replication/replication.h"
#include "engine/transfer/source_window.h"
#include "engine/transfer/transfer_steps.h"

static void tell_warnings(struct transfer_state *state)
{
    const struct transfer_observer *observer = state->transfer->observer;
    auto_str_list struct str_list warnings = {0};
    report_take_warnings(&state->report, &warnings);
    for (size_t i = 0; i < warnings.count && observer != NULL && observer->warning != NULL; i++) {
        observer->warning(observer->context, str_make_utf8(warnings.items[i]));
    }
}

void transfer_tell_step(struct transfer_state *state, const char *text)
{
    const struct transfer_observer *observer = state->transfer->observer;
    tell_warnings(state);
    if (observer != NULL && observer->step != NULL) {
        observer->step(observer->context, text);
    }
}

static void look_at_piece(struct transfer_table *table, const struct copy_piece *piece)
{
    struct transfer_table now = *table;
    now.state = (enum transfer_table_state)atomic_load(&piece->state);
    now.bytes = atomic_load_explicit(&piece->bytes, memory_order_relaxed);
    now.rows = atomic_load_explicit(&piece->rows, memory_order_relaxed);
    now.started_us = atomic_load(&piece->started_us);
    now.ended_us = atomic_load(&piece->ended_us);
    now.changed = now.state != table->state || now.bytes != table->bytes || now.rows != table->rows ||
                  now.started_us != table->started_us || now.ended_us != table->ended_us;
    *table = now;
}

/* On the thread of transfer_run(): once a second while rows are copied. */
static void tell_progress(void *context)
{
    struct transfer_state *state = context;
    const struct transfer_observer *observer = state->transfer->observer;
    for (size_t i = 0; i < state->pool.count; i++) {
        look_at_piece(&state->tables[i], &state->pool.pieces[i]);
    }
    if (observer != NULL && observer->progress != NULL) {
        observer->progress(observer->context, state->tables, state->pool.count);
    }
}

/* The name as it is shown; NULL when memory is out. */
static const char *shown_name(struct transfer_state *state, const char *name)
{
    if (str_is_utf8(name, strlen(name))) {
        return name;
    }
    struct str_list *names = &state->shown_names;
    return str_list_add(names, name) ? str_make_utf8(names->items[names->count - 1]) : NULL;
}

static int list_tables(struct transfer_state *state, struct err *err)
{
    const struct transfer_observer *observer = state->transfer->observer;
    state->pool =
        (struct copy_pool){.transfer = state->transfer,
                           .holder = &state->source,
                           .snapshot = state->snapshot,
                           .session_encoding = state->encoding,
                           .copy_encoding = source_database_get(&state->database, DATABASE_ENCODING),
                           .settings = &state->settings,
                           .report = &state->report,
                           .tick = tell_progress,
                           .tick_context = state};
    state->tables = calloc(state->catalog.table_count + 1, sizeof(*state->tables));
    if (state->tables == NULL || copy_pool_init(&state->pool, &state->catalog, err) != 0) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < state->pool.count; i++) {
        const struct catalog_table *table = state->pool.pieces[i].table;
        state->tables[i] = (struct transfer_table){.schema = shown_name(state, table->schema),
                                                   .name = shown_name(state, table->name),
                                                   .bytes_total = table->bytes,
                                                   .changed = true};
        if (state->tables[i].schema == NULL || state->tables[i].name == NULL) {
            return err_no_memory(err);
        }
    }
    if (observer != NULL && observer->progress != NULL) {
        observer->progress(observer->context, state->tables, state->pool.count);
    }
    return 0;
}

/* Columns may ask for lz4, which not every server is built with (and none before 14): the table would be
 * refused. */
static int look_at_compression(struct transfer_state *state, struct pg *target, struct err *err)
{
    auto_free char *able = NULL;
    auto_free char *column = NULL;
    if (state->source.version < 140000) {
        return 0;
    }
    if (pg_value(
            target, err, &able,
            "SELECT 1 FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)", 0,
            NULL) != 0 ||
        pg_value(&state->source, err, &column,
                 "SELECT attrelid::regclass || '.' || attname FROM pg_attribute WHERE attcompression = 'l' "
                 "AND attnum > 0 AND NOT attisdropped ORDER BY 1 LIMIT 1",
                 0, NULL) != 0) {
        return -1;
    }
    state->no_compression = able == NULL && column != NULL;
    if (state->no_compression) {
        report_warning(&state->report,
                       "The target is built without lz4: columns that use this compression (%s is the first) "
                       "get the server's default.",
                       column);
    }
    return 0;
}

static int look_at_target(struct transfer_state *state, struct err *err)
{
    auto_pg struct pg target = {0};
    if (pg_open_any(state->transfer->target, NULL, PG_ADMIN, state->transfer->stop, err, &target) != 0) {
        return -1;
    }
    state->target_version = target.version;
    if (pg_set_encoding(&target, state->encoding, err) != 0 ||
        source_settings_choose_money(&state->settings, &target, &state->report, err) != 0 ||
        source_settings_use_money(&state->settings, &state->source, err) != 0) {
        return -1;
    }
    return look_at_compression(state, &target, err);
}

static int read_settings(struct transfer_state *state, struct err *err)
{
    const struct transfer *transfer = state->transfer;
    source_settings_done(&state->settings);
    return source_settings_read(transfer->source, transfer->database, transfer->stop, err, &state->settings);
}

static int open_source(struct transfer_state *state, struct err *err)
{
    const struct transfer *transfer = state->transfer;
    struct pg *source = &state->source;
    if (pg_open(transfer->source, transfer->database, PG_READ, transfer->stop, err, source) != 0) {
        return -1;
    }
    state->encoding =
        source_database_session_encoding(PQparameterStatus(source->connection, "server_encoding"));
    return pg_set_encoding(source, state->encoding, err) != 0 ||
                   source_database_read(source, err, &state->database) != 0
               ? -1
               : 0;
}

static int read_source(struct transfer_state *state, struct err *err)
{
    transfer_tell_step(state, "Reading the schema");
    return read_settings(state, err) != 0 || open_source(state, err) != 0 ||
                   look_at_target(state, err) != 0 || source_window_open(state, err) != 0 ||
                   list_tables(state, err) != 0
               ? -1
               : 0;
}

static int create_schema(struct transfer_state *state, struct err *err)
{
    const struct transfer_observer *observer = state->transfer->observer;
    transfer_tell_step(state, "Creating the database");
    if (target_database_prepare(state, err) != 0) {
        return -1;
    }
    if (observer != NULL && observer->claim_target != NULL &&
        observer->claim_target(observer->context, err) != 0) {
        return -1;
    }
    const struct transfer *transfer = state->transfer;
    state->restore =
        (struct restore){.target = transfer->target,
                         .database = transfer->database,
                         .heir = transfer->heir != NULL ? transfer->heir : transfer->target->user,
                         .jobs = transfer->jobs,
                         .stop = transfer->stop,
                         .archive = &state->archive,
                         .catalog = &state->catalog,
                         .encoding = state->encoding,
                         .settings = &state->settings,
                         .report = &state->report};
    transfer_tell_step(state, "Creating tables");
    if (restore_init(&state->restore, &state->source, &state->target, err) != 0 ||
        restore_in_order(&state->restore, &state->target, RESTORE_PRE_DATA, err) != 0 ||
        /* Not before: a setting may name a text search configuration of the database. */
        source_settings_try(&state->settings, &state->target, &state->report, err) != 0) {
        return -1;
    }
    /* Rows of gigabytes are not moved for a transfer that has failed already. */
    return report_result(&state->report, "object", err);
}

static int copy_data(struct transfer_state *state, struct err *err)
{
    transfer_tell_step(state, "Copying tables");
    int result = copy_pool_run(&state->pool, err);
    tell_progress(state);
    if (result != 0 || report_result(&state->report, "table", err) != 0) {
        return -1;
    }
    transfer_tell_step(state, "Copying sequences and large objects");
    if (sequences_copy(state, err) != 0 || large_objects_copy(state, err) != 0 ||
        large_objects_describe(state, err) != 0) {
        return -1;
    }
    /* From here on the source can clean up behind us. */
    pg_close(&state->source);
    return report_result(&state->report, "sequence", err);
}

static int finish_schema(struct transfer_state *state, struct err *err)
{
    struct restore *restore = &state->restore;
    struct pg *target = &state->target;
    transfer_tell_step(state, "Creating indexes and constraints");
    if (restore_post_data(restore, target, err) != 0 ||
        restore_in_order(restore, target, RESTORE_ROW_SECURITY, err) != 0 ||
        trigger_states_apply(state, err) != 0 || own_identities_apply(state, err) != 0) {
        return -1;
    }
    transfer_tell_step(state, "Setting owners and privileges");
    if (restore_owners(restore, target, false, err) != 0 || restore_privileges(restore, target, err) != 0) {
        return -1;
    }
    transfer_tell_step(state, "Refreshing materialized views");
    if (views_refresh(state, err) != 0 || restore_in_order(restore, target, RESTORE_REPLICATION, err) != 0) {
        return -1;
    }
    transfer_tell_step(state, "Analyzing tables");
    if (tables_analyze(state, err) != 0) {
        return -1;
    }
    transfer_tell_step(state, "Applying database settings");
    if (restore_in_order(restore, target, RESTORE_EVENT_TRIGGERS, err) != 0 ||
        restore_owners(restore, target, true, err) != 0 || server_settings_apply(state, err) != 0 ||
        database_properties_apply(state, err) != 0) {
        return -1;
    }
    report_roles(&state->report, state->restore.heir);
    return report_result(&state->report, "object", err);
}

/* Sessions that write do not wait for the disk: what is said to have arrived survives a crash only from here
 * on. Of an online migration, changes can be applied now; nothing of the base copy is done again. */
static int make_final(struct transfer_state *state, struct err *err)
{
    const struct transfer_follow *follow = state->transfer->follow;
    uint64_t position = 0;
    if (follow == NULL) {
        return replication_flush_position(&state->target, err, &position);
    }
    transfer_tell_step(state, "Preparing replication");
    const struct replica_start start = {
        .position = follow->position, .origin = state->origin, .seen = state->seen};
    return replica_begin_from(&state->target, follow->name, &start, err);
}

static void state_done(struct transfer_state *state)
{
    pg_close(&state->source);
    pg_close(&state->target);
    copy_pool_done(&state->pool);
    restore_done(&state->restore);
    catalog_done(&state->catalog);
    archive_done(&state->archive);
    source_database_done(&state->database);
    source_settings_done(&state->settings);
    report_done(&state->report);
    PQclear(state->trigger_states);
    PQclear(state->own_identities);
    PQclear(state->origin);
    PQclear(state->seen);
    free(state->snapshot);
    free(state->tables);
    str_list_done(&state->shown_names);
}

int transfer_run(const struct transfer *transfer, struct err *err)
{
    struct transfer_state state = {.transfer = transfer};
    report_init(&state.report);
    int result = -1;
    if (read_source(&state, err) == 0 && create_schema(&state, err) == 0 && copy_data(&state, err) == 0) {
        result = finish_schema(&state, err) != 0 ? -1 : make_final(&state, err);
    }
    tell_warnings(&state);
    if (result != 0) {
        str_make_utf8(err->message);
        str_make_utf8(err->target);
    }
    state_done(&state);
    return result;
}

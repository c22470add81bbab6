/* SPDX-License-Identifier: MIT */
#include "engine/transfer/transfer_stages.h"
#include "engine/pg/pg_point.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/transfer/analyze_private.h"
#include "engine/transfer/database_properties_private.h"
#include "engine/transfer/flow/flow.h"
#include "engine/transfer/large_objects.h"
#include "engine/transfer/refresh_private.h"
#include "engine/transfer/sequences_private.h"
#include "engine/transfer/server_settings_private.h"
#include "engine/transfer/source_window.h"
#include "engine/transfer/state/transfer_report.h"
#include "engine/transfer/target_database_private.h"
#include "engine/transfer/trigger_states_private.h"

/* Columns may ask for lz4, which is a build option (since 14): without it, creating the table would fail. */
static int check_compression(struct transfer_state *state, struct pg *target, struct err *err)
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

static int check_target(struct transfer_state *state, struct err *err)
{
    const struct transfer *transfer = state->transfer;
    struct pg *target = &state->admin;
    if (pg_open_any(transfer->target, transfer->database, PG_ADMIN, transfer->stop, err, target) != 0) {
        return -1;
    }
    state->target_version = target->version;
    if (pg_set_encoding(target, state->encoding, err) != 0 ||
        source_settings_choose_money(&state->settings, target, &state->report, err) != 0 ||
        source_settings_use_money(&state->settings, &state->source, err) != 0) {
        return -1;
    }
    return check_compression(state, target, err);
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

int transfer_read_source(struct transfer_state *state, struct err *err)
{
    transfer_report_step(state, "Reading the schema");
    if (read_settings(state, err) != 0 || open_source(state, err) != 0 || check_target(state, err) != 0) {
        return -1;
    }
    target_database_begin_early(state);
    bool read = source_window_open(state, err) == 0 && transfer_list_tables(state, err) == 0;
    target_database_end_early(state, read);
    return read ? 0 : -1;
}

static const char *fallback_owner(const struct transfer *transfer)
{
    return transfer->fallback_owner != NULL ? transfer->fallback_owner : transfer->target->user;
}

int transfer_create_schema(struct transfer_state *state, struct err *err)
{
    const struct transfer_observer *observer = state->transfer->observer;
    transfer_report_step(state, "Creating the database");
    if (target_database_prepare(state, err) != 0) {
        return -1;
    }
    if (observer != NULL && observer->claim_target != NULL &&
        observer->claim_target(observer->context, err) != 0) {
        return -1;
    }
    state->restore = (struct restore){.target = state->transfer->target,
                                      .database = state->transfer->database,
                                      .jobs = state->transfer->jobs,
                                      .stop = state->transfer->stop,
                                      .fallback_owner = fallback_owner(state->transfer),
                                      .archive = &state->archive,
                                      .catalog = &state->catalog,
                                      .encoding = state->encoding,
                                      .settings = &state->settings,
                                      .report = &state->report};
    state->archive.without_extensions = state->transfer->skip_extensions;
    if (state->transfer->skip_extensions) {
        report_warning(&state->report, "No extension was created, because the target server's parameter "
                                       "azure.migration_skip_extensions is on.");
    }
    transfer_report_step(state, "Creating tables");
    if (restore_init(&state->restore, &state->source, &state->target, err) != 0 ||
        restore_in_order(&state->restore, &state->target, RESTORE_PRE_DATA, err) != 0 ||
        /* Not earlier: a setting may name a text search configuration of the database. */
        source_settings_try(&state->settings, &state->target, &state->report, err) != 0) {
        return -1;
    }
    /* A transfer that has already failed should not copy gigabytes of rows. */
    return report_result(&state->report, "object", err);
}

static int copy_large_objects(struct transfer_state *state, struct err *err)
{
    const struct large_objects objects = {
        .source = &state->source, .target = &state->target, .restore = &state->restore};
    if (!state->catalog.has_large_objects) {
        return 0;
    }
    if (state->transfer->skip_large_objects) {
        report_warning(&state->report,
                       "The large objects were not copied, because the target server's parameter "
                       "azure.migration_skip_large_objects is on.");
        return 0;
    }
    return large_objects_copy(&objects, err) != 0 ? -1 : large_objects_describe(&objects, err);
}

static int visit(struct transfer_state *state, enum point point, struct err *err)
{
    const struct pg_point where = {.point = point, .source = &state->source, .target = &state->target};
    return pg_point_visit(&where, err);
}

static int copy_rest(struct transfer_state *state, struct err *err)
{
    return visit(state, POINT_SEQUENCES, err) != 0 || sequences_copy(state, err) != 0 ||
                   visit(state, POINT_LARGE_OBJECTS, err) != 0 || copy_large_objects(state, err) != 0
               ? -1
               : 0;
}

int transfer_copy_data(struct transfer_state *state, struct err *err)
{
    return flow_run(state, copy_rest, err) != 0 ||
                   restore_in_order(&state->restore, &state->target, RESTORE_ROW_SECURITY, err) != 0 ||
                   trigger_states_apply(state, err) != 0
               ? -1
               : 0;
}

static int analyze(struct transfer_state *state, struct err *err)
{
    if (state->transfer->skip_analyze) {
        report_warning(&state->report,
                       "The tables have no statistics yet, because the target server's parameter "
                       "azure.migration_skip_analyze is on. Run ANALYZE there.");
        return 0;
    }
    transfer_report_step(state, "Analyzing tables");
    return tables_analyze(state, err);
}

int transfer_finish_schema(struct transfer_state *state, struct err *err)
{
    struct restore *restore = &state->restore;
    struct pg *target = &state->target;
    transfer_report_step(state, "Setting owners and privileges");
    if (restore_owners(restore, target, false, err) != 0 || restore_privileges(restore, target, err) != 0) {
        return -1;
    }
    transfer_report_step(state, "Refreshing materialized views");
    if (views_refresh(state, err) != 0 || restore_in_order(restore, target, RESTORE_REPLICATION, err) != 0) {
        return -1;
    }
    if (analyze(state, err) != 0) {
        return -1;
    }
    transfer_report_step(state, "Applying database settings");
    if (restore_in_order(restore, target, RESTORE_EVENT_TRIGGERS, err) != 0 ||
        restore_owners(restore, target, true, err) != 0 || server_settings_apply(state, err) != 0 ||
        database_properties_apply(state, err) != 0) {
        return -1;
    }
    report_roles(&state->report, state->restore.fallback_owner);
    return report_result(&state->report, "object", err);
}

static void state_done(struct transfer_state *state)
{
    pg_close(&state->source);
    pg_close(&state->admin);
    pg_close(&state->target);
    copy_pool_done(&state->pool);
    restore_done(&state->restore);
    catalog_done(&state->catalog);
    archive_done(&state->archive);
    source_database_done(&state->database);
    source_settings_done(&state->settings);
    report_done(&state->report);
    PQclear(state->trigger_states);
    free(state->snapshot);
    free(state->tables);
    str_list_done(&state->shown_names);
}

void transfer_begin(struct transfer_state *ret_state, const struct transfer *transfer)
{
    *ret_state = (struct transfer_state){.transfer = transfer};
    report_init(&ret_state->report);
}

void transfer_end(struct transfer_state *state, int result, struct err *err)
{
    transfer_report_warnings(state);
    if (result != 0) {
        str_make_utf8(err->message);
        str_make_utf8(err->target);
    }
    state_done(state);
}

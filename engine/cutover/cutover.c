/* SPDX-License-Identifier: MIT */
/*
 * The order of a cutover's parts. What is data comes first, while the target's triggers are still silent and
 * its foreign keys deferred; replica_restore() then closes the helper, so that a run after an interruption
 * knows that all of it is done. Comparing comes last and cannot fail the cutover.
 *
 * One session per side does it all: most databases have next to nothing to do here, and somebody waits.
 */
#include "engine/cutover/cutover.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/apply/replica.h"
#include "engine/catalog/source_database.h"
#include "engine/cutover/cutover_private.h"
#include "engine/replication/position.h"

enum { SQL_MAX_BYTES = 4096, NOTE_MAX_BYTES = 16384, LOOK_MS = 5000, KEYS_MS = 1000 };

/* ---- both sides at once ----------------------------------------------------------------------------------
 */

static int send(struct pg *pg, const char *sql, int count, const char *const *params, struct err *err)
{
    if (!PQsendQueryParams(pg->connection, sql, count, NULL, params, NULL, NULL, 0) ||
        PQflush(pg->connection) < 0) {
        return pg_error(pg, NULL, err, "while sending a query");
    }
    return 0;
}

static int collect(struct pg *pg, struct err *err, PGresult **ret_rows)
{
    auto_result PGresult *rows = NULL;
    for (;;) {
        PGresult *next = NULL;
        if (pg_next_result(pg, 0, err, &next) != 0) {
            return -1;
        }
        if (next == NULL) {
            break;
        }
        PQclear(rows);
        rows = next;
    }
    if (PQresultStatus(rows) != PGRES_TUPLES_OK) {
        return pg_error(pg, rows, err, "%s", "");
    }
    *ret_rows = TAKE(rows);
    return 0;
}

int cutover_ask_both(struct cutover_state *state, const char *sql, int count, const char *const *params,
                     struct err *err, PGresult **ret_source, PGresult **ret_target)
{
    struct pg *source = &state->base.source;
    struct pg *target = &state->base.target;
    auto_result PGresult *rows = NULL;
    if (send(source, sql, count, params, err) != 0) {
        return -1;
    }
    bool sent = send(target, sql, count, params, err) == 0;
    if (!sent || collect(source, err, &rows) != 0 || collect(target, err, ret_target) != 0) {
        pg_abandon(source);
        pg_abandon(target);
        return -1;
    }
    *ret_source = TAKE(rows);
    return 0;
}

static void add_to(struct str_list *list, const char *format, va_list args)
{
    auto_buf struct buf text = BUF_MAX(NOTE_MAX_BYTES);
    buf_vaddf(&text, format, args);
    str_list_add(list, buf_failed(&text) ? "(this text was too long)" : buf_text(&text));
}

void cutover_note(struct cutover_state *state, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_to(&state->evidence->notes, format, args);
    va_end(args);
}

void cutover_warn(struct cutover_state *state, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_to(&state->evidence->warnings, format, args);
    va_end(args);
}

void cutover_lose(struct cutover_state *state, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_to(&state->evidence->losses, format, args);
    va_end(args);
}

/* ---- sessions --------------------------------------------------------------------------------------------
 */

/* Every name of the database can be written in it. */
static int use_encoding(struct pg *pg, const char *encoding, struct err *err)
{
    const char *now = PQparameterStatus(pg->connection, "client_encoding");
    return now != NULL && str_equals(now, encoding) ? 0 : pg_set_encoding(pg, encoding, err);
}

/* What is recopied or refreshed is computed as on the source; the search_path is set for that alone. */
static int use_settings(struct cutover_state *state, struct err *err)
{
    struct transfer_state *base = &state->base;
    struct source_settings *settings = &base->settings;
    return source_settings_choose_money(settings, &base->target, NULL, err) != 0 ||
                   source_settings_use_money(settings, &base->source, err) != 0
               ? -1
               : source_settings_use(settings, &base->target, false, err);
}

static int open_both(struct cutover_state *state, struct err *err)
{
    const struct cutover *cutover = state->cutover;
    struct transfer_state *base = &state->base;
    if (source_settings_read(cutover->source, cutover->database, cutover->stop, err, &base->settings) != 0 ||
        pg_open(cutover->source, cutover->database, PG_READ, cutover->stop, err, &base->source) != 0 ||
        pg_open(cutover->target, cutover->database, PG_WRITE, cutover->stop, err, &base->target) != 0) {
        return -1;
    }
    base->target_version = base->target.version;
    base->encoding =
        source_database_session_encoding(PQparameterStatus(base->source.connection, "server_encoding"));
    return use_encoding(&base->source, base->encoding, err) != 0 ||
                   use_encoding(&base->target, base->encoding, err) != 0
               ? -1
               : use_settings(state, err);
}

static int read_helper(struct cutover_state *state, struct err *err)
{
    struct pg *target = &state->base.target;
    auto_result PGresult *row = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SELECT position, closed FROM ");
    pg_add_qualified(target, &sql, state->cutover->name, "progress");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (replica_own(target, state->cutover->name, err) != 0 ||
        pg_query(target, err, &row, buf_text(&sql), 0, NULL) != 0) {
        return err_prefix(err, "Cannot read the applied position from the target. ");
    }
    if (PQntuples(row) != 1 || !position_parse(PQgetvalue(row, 0, 0), &state->applied)) {
        return err_set(err, ERR_INTERNAL, "The target does not follow the source ('%s').",
                       state->cutover->name);
    }
    state->closed = pg_is_true(row, 0, 1);
    return 0;
}

/* ---- parts -----------------------------------------------------------------------------------------------
 */

/* Sessions that write do not wait for the disk; the source keeps nothing any more once this has returned. */
static int make_durable(struct cutover_state *state, struct err *err)
{
    struct pg *target = &state->base.target;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SET LOCAL synchronous_commit = local; UPDATE ");
    pg_add_qualified(target, &sql, state->cutover->name, "progress");
    buf_adds(&sql, " SET closed = true");
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(target, err, buf_text(&sql));
}

/*
 * Sequences come last: they are then never behind rows that were written before, the recopied ones included.
 * Rows are counted before the target gets its own row level security back, which may hide them from us.
 */
static int bring_up_to_date(struct cutover_state *state, struct err *err)
{
    if (!state->closed &&
        (cutover_copy_tables(state, err) != 0 || cutover_copy_large_objects(state, err) != 0 ||
         cutover_refresh_views(state, err) != 0 ||
         replica_restore_keys(&state->base.source, &state->base.target, state->cutover->name, err) != 0)) {
        return -1;
    }
    return cutover_set_sequences(state, err) != 0 || cutover_count(state, err) != 0 ||
                   (!state->closed && cutover_warn_of_ddl(state, err) != 0) ||
                   replica_restore(&state->base.target, state->cutover->name, err) != 0
               ? -1
               : make_durable(state, err);
}

static void take_warnings(struct cutover_state *state)
{
    auto_str_list struct str_list warnings = {0};
    report_take_warnings(&state->base.report, &warnings);
    for (size_t i = 0; i < warnings.count; i++) {
        str_list_add(&state->evidence->warnings, warnings.items[i]);
    }
}

/* Names and PostgreSQL's messages need not be UTF-8; what the evidence and the error hold must be. */
static void make_texts_utf8(struct evidence *evidence, struct err *err)
{
    for (size_t i = 0; i < evidence->table_count; i++) {
        str_make_utf8(evidence->tables[i].schema);
        str_make_utf8(evidence->tables[i].name);
    }
    for (size_t i = 0; i < evidence->sequence_count; i++) {
        str_make_utf8(evidence->sequences[i].schema);
        str_make_utf8(evidence->sequences[i].name);
    }
    const struct str_list *const lists[] = {&evidence->losses, &evidence->warnings, &evidence->notes};
    for (size_t list = 0; list < ARRAY_LEN(lists); list++) {
        for (size_t i = 0; i < lists[list]->count; i++) {
            str_make_utf8(lists[list]->items[i]);
        }
    }
    str_make_utf8(err->message);
    str_make_utf8(err->target);
}

static void state_done(struct cutover_state *state)
{
    for (size_t i = 0; i < state->relation_count; i++) {
        free(state->relations[i].schema);
        free(state->relations[i].name);
        free(state->relations[i].condition);
        free(state->relations[i].root);
    }
    free(state->relations);
    str_list_done(&state->missing);
    str_list_done(&state->renamed);
    free(state->transactions);
    source_settings_done(&state->base.settings);
    pg_close(&state->base.source);
    pg_close(&state->base.target);
    str_list_done(&state->base.restore.roles);
    report_done(&state->base.report);
}

/* The parts of the state point to each other: it does not move. */
static void state_init(struct cutover_state *state, const struct cutover *cutover, struct evidence *evidence)
{
    *state = (struct cutover_state){.cutover = cutover,
                                    .transfer = {.source = cutover->source,
                                                 .target = cutover->target,
                                                 .database = cutover->database,
                                                 .heir = cutover->heir,
                                                 .jobs = cutover->jobs,
                                                 .stop = cutover->stop},
                                    .evidence = evidence};
    *evidence = (struct evidence){0};
    state->base.transfer = &state->transfer;
    state->base.restore = (struct restore){.transfer = &state->transfer, .report = &state->base.report};
    report_init(&state->base.report);
}

/* Before anything is changed. */
static int look_at_both(struct cutover_state *state, struct err *err)
{
    if (open_both(state, err) != 0 || read_helper(state, err) != 0 ||
        cutover_read_catalogs(state, err) != 0) {
        return -1;
    }
    if (state->closed) {
        return 0; /* what came after an earlier run is not ours to wait for */
    }
    if (!state->published) {
        err_set(err, ERR_CONFLICT,
                "The publication '%s' in the source's database '%s' was dropped, so Malachite no longer "
                "knows which tables were replicated. Create a new migration.",
                state->cutover->name, state->cutover->database);
        err->lasting = true;
        return -1;
    }
    return cutover_compare_types(state, err) != 0 ? -1 : cutover_check_missing(state, err);
}

int cutover_finish(const struct cutover *cutover, struct err *err, struct evidence *ret_evidence)
{
    struct cutover_state state;
    state_init(&state, cutover, ret_evidence);
    int result = look_at_both(&state, err) != 0 || cutover_find_stale(&state, err) != 0
                     ? -1
                     : bring_up_to_date(&state, err);
    take_warnings(&state);
    make_texts_utf8(ret_evidence, err);
    state_done(&state);
    return result;
}

int cutover_find_missing(const struct cutover *cutover, struct err *err, struct err *ret_missing,
                         struct late_tables *ret_late)
{
    struct cutover_state state;
    struct evidence ignored;
    *ret_missing = (struct err){0};
    *ret_late = (struct late_tables){0};
    state_init(&state, cutover, &ignored);
    int result = open_both(&state, err);
    if (result == 0) {
        state.base.source.statement_timeout_ms = LOOK_MS;
        state.base.target.statement_timeout_ms = LOOK_MS;
        result = cutover_read_catalogs(&state, err) != 0 || cutover_compare_types(&state, err) != 0 ||
                         cutover_find_stale(&state, err) != 0
                     ? -1
                     : cutover_list_late(&state, err, ret_late);
    }
    if (result == 0) {
        struct err ignored_err = {0};
        if (cutover_check_missing(&state, ret_missing) == 0) {
            (void)replica_find_violation(&state.base.source, &state.base.target, cutover->name, KEYS_MS,
                                         &ignored_err, ret_missing);
        }
    }
    make_texts_utf8(&ignored, err);
    str_make_utf8(ret_missing->message);
    str_make_utf8(ret_missing->target);
    evidence_done(&ignored);
    state_done(&state);
    return result;
}

void evidence_done(struct evidence *evidence)
{
    for (size_t i = 0; i < evidence->table_count; i++) {
        free(evidence->tables[i].schema);
        free(evidence->tables[i].name);
    }
    for (size_t i = 0; i < evidence->sequence_count; i++) {
        free(evidence->sequences[i].schema);
        free(evidence->sequences[i].name);
    }
    free(evidence->tables);
    free(evidence->sequences);
    str_list_done(&evidence->losses);
    str_list_done(&evidence->warnings);
    str_list_done(&evidence->notes);
    *evidence = (struct evidence){0};
}

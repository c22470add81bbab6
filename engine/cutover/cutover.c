/* SPDX-License-Identifier: MIT */
/*
 * The cutover of one database, stage by stage. Data comes first, while the target's triggers are still
 * disabled and its foreign keys deferred. Rows are counted before the target's row level security is
 * restored, because it may hide rows. At the end the helper is closed: after an interruption, that shows that
 * the data is done.
 */
#include "engine/cutover/cutover.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/cutover/cutover_private.h"
#include "engine/pg/pg_point.h"
#include "engine/replica/replica.h"
#include "engine/replication/tables/position.h"

enum { SQL_MAX_BYTES = 4096, LOOK_MS = 5000, KEYS_MS = 1000 };

/* ---- stages of this file ---------------------------------------------------------------------------------
 */

/* From here on, only this session may apply changes. */
static int read_helper(struct cutover_state *state, struct err *err)
{
    struct pg *target = &state->target;
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

/* The publication shows which tables the stream has carried. */
static int check_publication(struct cutover_state *state, struct err *err)
{
    if (state->published) {
        return 0;
    }
    err_set(
        err, ERR_CONFLICT,
        "The publication '%s' in the source's database '%s' was dropped, so Malachite no longer knows which "
        "tables were replicated. Create a new migration.",
        state->cutover->name, state->cutover->database);
    err->lasting = true;
    return -1;
}

static int restore_keys(struct cutover_state *state, struct err *err)
{
    return replica_restore_keys(&state->source, &state->target, state->cutover->name, err);
}

static int restore_target(struct cutover_state *state, struct err *err)
{
    return replica_restore(&state->target, state->cutover->name, err);
}

/* Sessions commit without waiting for the disk, but the source may forget its changes after the cutover. */
static int make_durable(struct cutover_state *state, struct err *err)
{
    struct pg *target = &state->target;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SET LOCAL synchronous_commit = local; UPDATE ");
    pg_add_qualified(target, &sql, state->cutover->name, "progress");
    buf_adds(&sql, " SET closed = true");
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(target, err, buf_text(&sql));
}

/* ---- all of them -----------------------------------------------------------------------------------------
 */

static int visit(struct cutover_state *state, enum point point, struct err *err)
{
    const struct pg_point where = {.point = point, .source = &state->source, .target = &state->target};
    return pg_point_visit(&where, err);
}

static int visit_large_objects(struct cutover_state *state, struct err *err)
{
    return visit(state, POINT_LARGE_OBJECTS, err);
}

static int visit_sequences(struct cutover_state *state, struct err *err)
{
    return visit(state, POINT_SEQUENCES, err);
}

static int visit_compare(struct cutover_state *state, struct err *err)
{
    return visit(state, POINT_CUTOVER_COMPARE, err);
}

struct cutover_stage {
    int (*run)(struct cutover_state *state, struct err *err);
    bool closed; /* runs also when an earlier cutover has closed the helper */
};

/* clang-format off */
static const struct cutover_stage stages[] = {
    /* Checks, which change nothing. */
    {cutover_open_sessions, true},
    {read_helper, true},
    {cutover_read_catalogs, true},
    {check_publication, false},
    {cutover_compare_types, false},
    {cutover_check_missing, false},     /* waits for the user */
    {cutover_find_stale, false},
    /* Data that the stream does not carry. */
    {cutover_copy_tables, false},
    {visit_large_objects, false},
    {cutover_copy_large_objects, false},
    {cutover_refresh_views, false},
    {restore_keys, false},              /* waits if rows violate one */
    {visit_sequences, true},
    {cutover_set_sequences, true},      /* after all rows, recopied ones included: no sequence may lag behind them */
    /* Evidence. */
    {visit_compare, true},
    {cutover_count, true},
    {cutover_warn_of_ddl, false},
    /* End of following: the helper is closed first. */
    {restore_target, true},
    {make_durable, true},
};
/* clang-format on */

static int run_stages(struct cutover_state *state, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
        if ((stages[i].closed || !state->closed) && stages[i].run(state, err) != 0) {
            return -1;
        }
    }
    return 0;
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
    source_settings_done(&state->settings);
    pg_close(&state->source);
    pg_close(&state->target);
    report_done(&state->report);
}

static void state_init(struct cutover_state *state, const struct cutover *cutover, struct evidence *evidence)
{
    *state = (struct cutover_state){.cutover = cutover, .evidence = evidence};
    *evidence = (struct evidence){0};
    report_init(&state->report);
}

int cutover_finish(const struct cutover *cutover, struct err *err, struct evidence *ret_evidence)
{
    struct cutover_state state;
    state_init(&state, cutover, ret_evidence);
    int result = run_stages(&state, err);
    cutover_take_warnings(&state);
    cutover_make_texts_utf8(ret_evidence, err);
    state_done(&state);
    return result;
}

/* Fails only without memory. */
static int list_uncarried(struct cutover_state *state, struct err *err, struct str_list *ret_names)
{
    for (size_t i = 0; i < state->relation_count; i++) {
        const struct cutover_relation *relation = &state->relations[i];
        auto_buf struct buf name = BUF_MAX(SQL_MAX_BYTES);
        if (relation->kind != 'r' || relation->carried) {
            continue;
        }
        pg_add_qualified(&state->target, &name, relation->schema, relation->name);
        if (buf_failed(&name) ||
            !str_list_add(ret_names, relation->root != NULL ? relation->root : buf_text(&name))) {
            return err_no_memory(err);
        }
    }
    return 0;
}

/* Finds a key that would make the cutover wait. A failure to look is no reason to wait, and is ignored. */
static void find_violation(struct cutover_state *state, struct err *ret_violated)
{
    struct err ignored = {0};
    auto_str_list struct str_list uncarried = {0};
    if (list_uncarried(state, &ignored, &uncarried) == 0) {
        (void)replica_find_violation(&state->source, &state->target, state->cutover->name, &uncarried,
                                     KEYS_MS, &ignored, ret_violated);
    }
}

int cutover_find_missing(const struct cutover *cutover, struct err *err, struct err *ret_missing,
                         struct late_tables *ret_late)
{
    struct cutover_state state;
    struct evidence ignored;
    *ret_missing = (struct err){0};
    *ret_late = (struct late_tables){0};
    state_init(&state, cutover, &ignored);
    int result = cutover_open_sessions(&state, err);
    if (result == 0) {
        state.source.statement_timeout_ms = LOOK_MS;
        state.target.statement_timeout_ms = LOOK_MS;
        result = cutover_read_catalogs(&state, err) != 0 || cutover_compare_types(&state, err) != 0 ||
                         cutover_find_stale(&state, err) != 0
                     ? -1
                     : cutover_list_late(&state, err, ret_late);
    }
    if (result == 0 && cutover_check_missing(&state, ret_missing) == 0) {
        find_violation(&state, ret_missing);
    }
    cutover_make_texts_utf8(&ignored, err);
    str_make_utf8(ret_missing->message);
    str_make_utf8(ret_missing->target);
    evidence_done(&ignored);
    state_done(&state);
    return result;
}

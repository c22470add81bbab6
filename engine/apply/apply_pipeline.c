/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_pipeline_private.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/pg/ddl_wait.h"
#include "engine/pg/pg.h"

enum { TICK_MS = 500, ROOM_AT_FIRST = 64 };

/* ---- the session -----------------------------------------------------------------------------------------
 */

/* Generated columns, indexes and CHECKs may need the search_path. It does not affect the applier's
 * statements, whose types and operators are qualified. */
static int use_settings(struct pg *pg, struct source_settings *settings, struct err *err)
{
    if (settings == NULL) {
        return pg_run(pg, err, "SET lc_monetary = 'C'");
    }
    return pg_set_encoding(pg, settings->encoding, err) != 0 ||
                   source_settings_choose_money(settings, pg, NULL, err) != 0
               ? -1
               : source_settings_use(settings, pg, true, err);
}

static int set_session(struct pipeline *pipeline, const struct pipeline_session *session, struct err *err)
{
    struct pg *pg = &pipeline->pg;
    if (use_settings(pg, session->settings, err) != 0 ||
        (pg->version >= 110000 && pg_run(pg, err, "SET jit = off") != 0)) {
        return -1;
    }
    return pg_set_encoding(pg, session->encoding, err);
}

int pipeline_open(const struct pipeline_session *session, struct err *err, struct pipeline *ret_pipeline)
{
    struct pipeline *pipeline = ret_pipeline;
    *pipeline = (struct pipeline){.tick = session->tick, .tick_context = session->context};
    if (pg_open(session->target, session->database, PG_WRITE, session->stop, err, &pipeline->pg) != 0) {
        return -1;
    }
    return set_session(pipeline, session, err);
}

void pipeline_close(struct pipeline *pipeline)
{
    pg_close(&pipeline->pg);
    free(pipeline->expected);
    free(pipeline->syncs);
    *pipeline = (struct pipeline){0};
}

int pipeline_enter(struct pipeline *pipeline, struct err *err)
{
    bool entered = PQenterPipelineMode(pipeline->pg.connection) == 1;
    return entered ? 0 : pg_error(&pipeline->pg, NULL, err, "while entering pipeline mode");
}

int pipeline_leave(struct pipeline *pipeline, struct err *err)
{
    if (pipeline->unsynced > 0 && pipeline_sync(pipeline, err) != 0) {
        return -1;
    }
    if (pipeline_wait(pipeline, err) != 0) {
        return -1;
    }
    bool left = PQexitPipelineMode(pipeline->pg.connection) == 1;
    return left ? 0 : pg_error(&pipeline->pg, NULL, err, "while leaving pipeline mode");
}

/* ---- sending ---------------------------------------------------------------------------------------------
 */

static int make_room(struct pipeline *pipeline, struct err *err)
{
    if (pipeline->first == pipeline->count) {
        pipeline->first = 0;
        pipeline->count = 0;
    }
    if (pipeline->count < pipeline->room) {
        return 0;
    }
    size_t room = pipeline->room == 0 ? ROOM_AT_FIRST : pipeline->room * 2;
    struct pipeline_expectation *expected = realloc(pipeline->expected, room * sizeof(*expected));
    if (expected == NULL) {
        return err_no_memory(err);
    }
    pipeline->expected = expected;
    bool *syncs = realloc(pipeline->syncs, room * sizeof(*syncs));
    if (syncs == NULL) {
        return err_no_memory(err);
    }
    pipeline->syncs = syncs;
    pipeline->room = room;
    return 0;
}

static int expect(struct pipeline *pipeline, int sent, const struct pipeline_expectation *expectation,
                  struct err *err)
{
    if (sent != 1) {
        return pg_error(&pipeline->pg, NULL, err, "while sending changes");
    }
    pipeline->expected[pipeline->count] = *expectation;
    pipeline->syncs[pipeline->count] = false;
    pipeline->count++;
    pipeline->unsynced++;
    return 0;
}

int pipeline_prepare(struct pipeline *pipeline, const char *name, const char *sql, const char *what,
                     struct err *err)
{
    const struct pipeline_expectation any = {.what = what, .rows = -1};
    if (make_room(pipeline, err) != 0) {
        return -1;
    }
    return expect(pipeline, PQsendPrepare(pipeline->pg.connection, name, sql, 0, NULL), &any, err);
}

int pipeline_execute(struct pipeline *pipeline, const char *name, const struct pipeline_params *params,
                     const struct pipeline_expectation *expectation, struct err *err)
{
    if (make_room(pipeline, err) != 0) {
        return -1;
    }
    return expect(pipeline,
                  PQsendQueryPrepared(pipeline->pg.connection, name, params->count, params->values,
                                      params->lengths, params->formats, 0),
                  expectation, err);
}

int pipeline_query(struct pipeline *pipeline, const char *sql, const struct pipeline_params *params,
                   const struct pipeline_expectation *expectation, struct err *err)
{
    if (make_room(pipeline, err) != 0) {
        return -1;
    }
    return expect(pipeline,
                  PQsendQueryParams(pipeline->pg.connection, sql, params->count, params->types,
                                    params->values, params->lengths, params->formats, 0),
                  expectation, err);
}

int pipeline_command(struct pipeline *pipeline, const char *sql,
                     const struct pipeline_expectation *expectation, struct err *err)
{
    static const struct pipeline_params none = {0};
    return pipeline_query(pipeline, sql, &none, expectation, err);
}

int pipeline_sync(struct pipeline *pipeline, struct err *err)
{
    if (make_room(pipeline, err) != 0) {
        return -1;
    }
    if (PQpipelineSync(pipeline->pg.connection) != 1) {
        return pg_error(&pipeline->pg, NULL, err, "while sending changes");
    }
    pipeline->expected[pipeline->count] = (struct pipeline_expectation){0};
    pipeline->syncs[pipeline->count] = true;
    pipeline->count++;
    pipeline->unsynced = 0;
    return 0;
}

/* ---- answers ---------------------------------------------------------------------------------------------
 */

/* The target lacks rows that the source had: to continue would hide a loss. */
static int missing_rows(const struct pipeline *pipeline, const struct pipeline_expectation *expected,
                        int64_t rows, struct err *err)
{
    err_set(err, ERR_CONFLICT,
            "The %s of the target, database '%s', differs from the source: a change affects %lld rows there "
            "and %lld here. Something else has written to it.",
            expected->what, pipeline->pg.database, (long long)expected->rows, (long long)rows);
    err->lasting = true;
    return err_target(err, "%s", pipeline->pg.database);
}

/* The facts about the target's tables are outdated, so the transaction is rolled back. */
static int other_definitions(const struct pipeline *pipeline, struct err *err)
{
    err_set(err, ERR_UNAVAILABLE,
            "Tables, triggers or foreign keys of the target's database '%s' were altered during replication. "
            "Malachite reads the definitions of the tables again and retries.",
            pipeline->pg.database);
    err->lasting = false;
    return err_target(err, "%s", pipeline->pg.database);
}

static int check_answer(struct pipeline *pipeline, PGresult *result,
                        const struct pipeline_expectation *expected, struct err *err)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        return ddl_wait_refused(&pipeline->pg, result, expected->what, err);
    }
    /* A statement of several parts returns the number itself. */
    const char *count =
        status == PGRES_TUPLES_OK && PQntuples(result) == 1 ? PQgetvalue(result, 0, 0) : PQcmdTuples(result);
    int64_t rows = 0;
    if (expected->rows < 0 || !str_to_int(count, 0, INT64_MAX, &rows)) {
        return 0;
    }
    if (rows == expected->rows) {
        return 0;
    }
    return expected->definitions ? other_definitions(pipeline, err)
                                 : missing_rows(pipeline, expected, rows, err);
}

static int lost(struct pipeline *pipeline, struct err *err)
{
    return pg_error(&pipeline->pg, NULL, err, "while applying changes");
}

/* Takes the result of the oldest statement. */
static int take_answer(struct pipeline *pipeline, struct err *err)
{
    const struct pipeline_expectation *expected = &pipeline->expected[pipeline->first];
    bool sync = pipeline->syncs[pipeline->first];
    auto_result PGresult *result = PQgetResult(pipeline->pg.connection);
    if (result == NULL) {
        return lost(pipeline, err);
    }
    if (sync) {
        pipeline->first++;
        return PQresultStatus(result) == PGRES_PIPELINE_SYNC ? 0 : lost(pipeline, err);
    }
    if (check_answer(pipeline, result, expected, err) != 0) {
        return -1;
    }
    pipeline->first++;
    auto_result PGresult *end = PQgetResult(pipeline->pg.connection);
    return end == NULL ? 0 : lost(pipeline, err);
}

static int take_answers(struct pipeline *pipeline, struct err *err)
{
    while (!pipeline_is_idle(pipeline) && !PQisBusy(pipeline->pg.connection)) {
        if (take_answer(pipeline, err) != 0) {
            return -1;
        }
    }
    return 0;
}

bool pipeline_is_idle(const struct pipeline *pipeline)
{
    return pipeline->first == pipeline->count;
}

/* *ret_unsent: the server does not accept all data at the moment. */
static int pump(struct pipeline *pipeline, struct err *err, bool *ret_unsent)
{
    int flushed = PQflush(pipeline->pg.connection);
    if (flushed < 0 || !PQconsumeInput(pipeline->pg.connection)) {
        return lost(pipeline, err);
    }
    *ret_unsent = flushed > 0;
    return take_answers(pipeline, err);
}

int pipeline_pump(struct pipeline *pipeline, struct err *err)
{
    bool unsent = false;
    return pipeline_is_idle(pipeline) ? 0 : pump(pipeline, err, &unsent);
}

int pipeline_wait(struct pipeline *pipeline, struct err *err)
{
    struct pg *pg = &pipeline->pg;
    int64_t tick_ms = clock_monotonic_ms() + TICK_MS;
    int64_t heard_ms = clock_monotonic_ms();
    for (;;) {
        bool unsent = false;
        if (pump(pipeline, err, &unsent) != 0) {
            return -1;
        }
        if (pipeline_is_idle(pipeline)) {
            return 0;
        }
        short events = (short)(unsent ? POLLIN | POLLOUT : POLLIN);
        enum pg_poll outcome = pg_poll_socket(PQsocket(pg->connection), events, tick_ms, pg->stop);
        if (clock_ms_left(tick_ms) == 0) {
            tick_ms = clock_monotonic_ms() + TICK_MS;
            if (pipeline->tick != NULL) {
                pipeline->tick(pipeline->tick_context);
            }
        }
        if (outcome != PG_POLL_TIMEOUT && outcome != PG_POLL_READY) {
            return pg_poll_error(pg, outcome, err);
        }
        if (outcome == PG_POLL_READY) {
            heard_ms = clock_monotonic_ms();
        } else if (pg_look_for_server(pg, heard_ms, err) != 0) {
            return -1;
        }
    }
}

/* SPDX-License-Identifier: MIT */
/* One session per side runs the whole cutover: most databases need very little of it, and the user is
 * waiting. */
#include "core/str.h"
#include "engine/catalog/source_database.h"
#include "engine/cutover/cutover_private.h"

/* An encoding that can express every name of the database. */
static int use_encoding(struct pg *pg, const char *encoding, struct err *err)
{
    const char *now = PQparameterStatus(pg->connection, "client_encoding");
    return now != NULL && str_equals(now, encoding) ? 0 : pg_set_encoding(pg, encoding, err);
}

/* Recopied and refreshed rows are computed under the source's settings; only they set its search_path. */
static int use_settings(struct cutover_state *state, struct err *err)
{
    struct source_settings *settings = &state->settings;
    return source_settings_choose_money(settings, &state->target, NULL, err) != 0 ||
                   source_settings_use_money(settings, &state->source, err) != 0
               ? -1
               : source_settings_use(settings, &state->target, false, err);
}

int cutover_open_sessions(struct cutover_state *state, struct err *err)
{
    const struct cutover *cutover = state->cutover;
    if (source_settings_read(cutover->source, cutover->database, cutover->stop, err, &state->settings) != 0 ||
        pg_open(cutover->source, cutover->database, PG_READ, cutover->stop, err, &state->source) != 0 ||
        pg_open(cutover->target, cutover->database, PG_WRITE, cutover->stop, err, &state->target) != 0) {
        return -1;
    }
    state->encoding =
        source_database_session_encoding(PQparameterStatus(state->source.connection, "server_encoding"));
    return use_encoding(&state->source, state->encoding, err) != 0 ||
                   use_encoding(&state->target, state->encoding, err) != 0
               ? -1
               : use_settings(state, err);
}

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
    struct pg *source = &state->source;
    struct pg *target = &state->target;
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

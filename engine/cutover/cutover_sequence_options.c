/* SPDX-License-Identifier: MIT */
/* Repeats ALTER SEQUENCE of the source on the target, because the next values depend on it. */
#include "core/str.h"
#include "engine/cutover/cutover_private.h"

/* Type, increment, limits, start, cache and cycle as ALTER SEQUENCE takes them, and a value within the
 * limits. */
#define OPTIONS_SQL                                                                                          \
    "SELECT format('%I.%I', n.nspname, c.relname) AS name,"                                                  \
    "  format('AS %s INCREMENT %s MINVALUE %s MAXVALUE %s START %s CACHE %s %s CYCLE RESTART %s',"           \
    "   format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,"          \
    "   CASE WHEN s.seqcycle THEN '' ELSE 'NO' END, s.seqmin) AS options FROM pg_sequence s"                 \
    "  JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace"                  \
    "  WHERE n.nspname !~ '^pg_' AND c.relpersistence <> 't'"

static const char source_sql[] =
    "SELECT coalesce(array_agg(o.name), '{}')::text, coalesce(array_agg(o.options), '{}')::text"
    " FROM (" OPTIONS_SQL ") o";
static const char target_sql[] =
    "SELECT s.name, s.options FROM unnest($1::text[], $2::text[]) AS s(name, options)"
    " JOIN (" OPTIONS_SQL ") t ON t.name = s.name WHERE t.options <> s.options";

static int alter(struct cutover_state *state, const char *name, const char *options, struct err *err)
{
    struct pg *target = &state->target;
    auto_free char *sql = str_format("ALTER SEQUENCE %s %s", name, options);
    if (sql == NULL) {
        return err_no_memory(err);
    }
    if (pg_run(target, err, sql) == 0) {
        cutover_note(state, "Sequence %s was given the source's current parameters.", name);
        return 0;
    }
    if (restore_is_over(target, err)) {
        return -1;
    }
    cutover_warn(state,
                 "Sequence %s does not have the source's current parameters. PostgreSQL said: \"%s\" (%s).",
                 name, err->message, err->sqlstate);
    return 0;
}

int cutover_set_sequence_options(struct cutover_state *state, struct err *err)
{
    auto_result PGresult *source = NULL;
    auto_result PGresult *differ = NULL;
    if (pg_query(&state->source, err, &source, source_sql, 0, NULL) != 0) {
        return err_prefix(err, "Cannot read the parameters of sequences. ");
    }
    const char *params[] = {PQgetvalue(source, 0, 0), PQgetvalue(source, 0, 1)};
    if (pg_query(&state->target, err, &differ, target_sql, 2, params) != 0) {
        return err_prefix(err, "Cannot compare the parameters of sequences. ");
    }
    for (int row = 0; row < PQntuples(differ); row++) {
        if (alter(state, PQgetvalue(differ, row, 0), PQgetvalue(differ, row, 1), err) != 0) {
            return -1;
        }
    }
    return 0;
}

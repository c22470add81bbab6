/* SPDX-License-Identifier: MIT */
/*
 * Sequences are not in the stream. The source's are read after the last change has been applied, so they are
 * never behind the rows; only those that differ are set.
 */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/cutover_private.h"

enum { BATCH = 500, SQL_MAX_BYTES = 4 * 1024 * 1024 };

/* Some of the sequences, and where they are on both sides. */
struct batch {
    const struct cutover_relation *sequences[BATCH];
    struct evidence_sequence *told[BATCH];
    size_t count;
};

static void add_name_literal(struct pg *pg, struct buf *sql, const struct cutover_relation *sequence)
{
    auto_buf struct buf name = BUF_MAX(SQL_MAX_BYTES);
    pg_add_qualified(pg, &name, sequence->schema, sequence->name);
    pg_add_literal(pg, sql, buf_text(&name));
}

static int read_values(struct cutover_state *state, const struct batch *batch, struct err *err,
                       PGresult **ret_source, PGresult **ret_target)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    for (size_t i = 0; i < batch->count; i++) {
        buf_addf(&sql, "%sSELECT %zu AS n, last_value, is_called FROM ", i > 0 ? " UNION ALL " : "", i);
        pg_add_qualified(&state->base.source, &sql, batch->sequences[i]->schema, batch->sequences[i]->name);
    }
    buf_adds(&sql, " ORDER BY n");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (cutover_ask_both(state, buf_text(&sql), 0, NULL, err, ret_source, ret_target) != 0) {
        return err_prefix(err, "The sequences cannot be read. ");
    }
    return 0;
}

static bool differ(const PGresult *source, const PGresult *target, int row)
{
    return strcmp(PQgetvalue(source, row, 1), PQgetvalue(target, row, 1)) != 0 ||
           strcmp(PQgetvalue(source, row, 2), PQgetvalue(target, row, 2)) != 0;
}

static void tell_value(const PGresult *rows, int row, int64_t *ret_value)
{
    str_to_int(PQgetvalue(rows, row, 1), INT64_MIN, INT64_MAX, ret_value);
}

/* Adds (n, name, value, called). */
static void add_row(struct cutover_state *state, struct buf *sql, const struct batch *batch,
                    const PGresult *source, int row)
{
    buf_addf(sql, "(%d, ", row);
    add_name_literal(&state->base.target, sql, batch->sequences[row]);
    buf_addf(sql, ", '%s'::bigint, '%s'::boolean)", PQgetvalue(source, row, 1), PQgetvalue(source, row, 2));
}

static const char set_head[] = "SELECT n, pg_catalog.setval(s::regclass, v, c) FROM (VALUES ";
static const char set_tail[] = ") AS x(n, s, v, c) ORDER BY n";

static int run_set(struct cutover_state *state, const struct buf *sql, const struct batch *batch,
                   struct err *err)
{
    auto_result PGresult *set = NULL;
    if (buf_failed(sql)) {
        return err_no_memory(err);
    }
    if (pg_query(&state->base.target, err, &set, buf_text(sql), 0, NULL) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(set); row++) {
        int64_t n = 0;
        str_to_int(PQgetvalue(set, row, 0), 0, BATCH - 1, &n);
        tell_value(set, row, &batch->told[n]->target_value);
    }
    return 0;
}

/* The source's limits were changed after the base copy: they are the value's. */
static int set_limits(struct cutover_state *state, const struct cutover_relation *sequence, struct err *err)
{
    struct transfer_state *base = &state->base;
    auto_result PGresult *limits = NULL;
    auto_buf struct buf name = BUF_MAX(SQL_MAX_BYTES);
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    pg_add_qualified(&base->source, &name, sequence->schema, sequence->name);
    const char *params[] = {buf_text(&name)};
    if (pg_query(&base->source, err, &limits,
                 "SELECT format_type(seqtypid, NULL), seqincrement, seqmin, seqmax FROM pg_sequence"
                 " WHERE seqrelid = $1::regclass",
                 1, params) != 0) {
        return -1;
    }
    if (PQntuples(limits) != 1) {
        return err_set(err, ERR_INTERNAL, "the sequence is gone on the source");
    }
    buf_addf(&sql, "ALTER SEQUENCE %s AS %s INCREMENT %s MINVALUE %s MAXVALUE %s RESTART %s", buf_text(&name),
             PQgetvalue(limits, 0, 0), PQgetvalue(limits, 0, 1), PQgetvalue(limits, 0, 2),
             PQgetvalue(limits, 0, 3), PQgetvalue(limits, 0, 2));
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_run(&base->target, err, buf_text(&sql)) != 0) {
        return -1;
    }
    cutover_note(state, "The sequence %s.%s has got the limits that it has on the source now.",
                 sequence->schema, sequence->name);
    return 0;
}

static int set_one(struct cutover_state *state, const struct batch *batch, const PGresult *source, int row,
                   struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, set_head);
    add_row(state, &sql, batch, source, row);
    buf_adds(&sql, set_tail);
    if (run_set(state, &sql, batch, err) == 0) {
        return 0;
    }
    bool out_of_range = strcmp(err->sqlstate, "22003") == 0;
    if (!out_of_range || set_limits(state, batch->sequences[row], err) != 0 ||
        run_set(state, &sql, batch, err) != 0) {
        return err_prefix(err, "The sequence %s.%s cannot be set to %s. ", batch->sequences[row]->schema,
                          batch->sequences[row]->name, PQgetvalue(source, row, 1));
    }
    return 0;
}

static int set_each(struct cutover_state *state, const struct batch *batch, const PGresult *source,
                    const PGresult *target, struct err *err)
{
    for (int row = 0; row < (int)batch->count; row++) {
        if (differ(source, target, row) && set_one(state, batch, source, row, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int set_batch(struct cutover_state *state, struct batch *batch, struct err *err)
{
    auto_result PGresult *source = NULL;
    auto_result PGresult *target = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    if (batch->count == 0) {
        return 0;
    }
    if (read_values(state, batch, err, &source, &target) != 0) {
        return -1;
    }
    for (int row = 0; row < (int)batch->count; row++) {
        tell_value(source, row, &batch->told[row]->source_value);
        tell_value(target, row, &batch->told[row]->target_value);
        if (differ(source, target, row)) {
            buf_adds(&sql, sql.len == 0 ? set_head : ", ");
            add_row(state, &sql, batch, source, row);
        }
    }
    if (sql.len == 0 && !buf_failed(&sql)) {
        return 0;
    }
    buf_adds(&sql, set_tail);
    if (run_set(state, &sql, batch, err) == 0) {
        return 0;
    }
    return restore_is_over(&state->base.target, err) ? -1 : set_each(state, batch, source, target, err);
}

static int tell(struct cutover_state *state, const struct cutover_relation *sequence, struct err *err,
                struct evidence_sequence **ret_told)
{
    struct evidence_sequence *told = &state->evidence->sequences[state->evidence->sequence_count++];
    told->schema = str_dup(sequence->schema);
    told->name = str_dup(sequence->name);
    *ret_told = told;
    return told->schema == NULL || told->name == NULL ? err_no_memory(err) : 0;
}

static bool is_wanted(struct cutover_state *state, const struct cutover_relation *relation)
{
    if (relation->kind != 'S') {
        return false;
    }
    bool readable = relation->source_readable && relation->target_readable;
    if (!readable) {
        cutover_note(state, "The sequence %s.%s may not be read on the %s: its value has not been set.",
                     relation->schema, relation->name, relation->source_readable ? "target" : "source");
    }
    return readable;
}

int cutover_set_sequences(struct cutover_state *state, struct err *err)
{
    auto_free struct batch *batch = calloc(1, sizeof(*batch));
    state->evidence->sequences = calloc(state->relation_count + 1, sizeof(*state->evidence->sequences));
    if (batch == NULL || state->evidence->sequences == NULL) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < state->relation_count; i++) {
        const struct cutover_relation *relation = &state->relations[i];
        if (!is_wanted(state, relation)) {
            continue;
        }
        if (tell(state, relation, err, &batch->told[batch->count]) != 0) {
            return -1;
        }
        batch->sequences[batch->count++] = relation;
        if (batch->count == BATCH) {
            if (set_batch(state, batch, err) != 0) {
                return -1;
            }
            batch->count = 0;
        }
    }
    return set_batch(state, batch, err);
}

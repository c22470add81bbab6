/* SPDX-License-Identifier: MIT */
/*
 * Sequences do not belong to a snapshot: their current values are read, which are never behind the rows.
 * Values are read from the sequences themselves, regardless of their names and owners.
 */
#include <string.h>

#include "engine/transfer/sequences_private.h"

enum { BATCH = 100, SQL_MAX_BYTES = 1024 * 1024 };

static int read_values(struct transfer_state *state, size_t from, size_t to, struct err *err,
                       PGresult **ret_values)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    for (size_t i = from; i < to; i++) {
        buf_addf(&sql, "%sSELECT %zu AS n, last_value, is_called FROM ", i > from ? " UNION ALL " : "", i);
        pg_add_qualified(&state->source, &sql, state->catalog.sequences[i].schema,
                         state->catalog.sequences[i].name);
    }
    buf_adds(&sql, " ORDER BY n");
    return buf_failed(&sql) ? err_no_memory(err)
                            : pg_query(&state->source, err, ret_values, buf_text(&sql), 0, NULL);
}

/* Adds setval('"schema"."name"', value, called). */
static void add_setval(struct transfer_state *state, struct buf *sql, size_t sequence, const PGresult *values,
                       int row)
{
    auto_buf struct buf name = BUF_MAX(SQL_MAX_BYTES);
    pg_add_qualified(&state->target, &name, state->catalog.sequences[sequence].schema,
                     state->catalog.sequences[sequence].name);
    buf_adds(sql, "pg_catalog.setval(");
    pg_add_literal(&state->target, sql, buf_text(&name));
    buf_addf(sql, ", %s, %s)", PQgetvalue(values, row, 1), pg_is_true(values, row, 2) ? "true" : "false");
}

static int set_each(struct transfer_state *state, size_t from, const PGresult *values, struct err *err)
{
    for (int row = 0; row < PQntuples(values); row++) {
        const struct catalog_sequence *sequence = &state->catalog.sequences[from + (size_t)row];
        auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
        buf_adds(&sql, "SELECT ");
        add_setval(state, &sql, from + (size_t)row, values, row);
        if (pg_run(&state->target, err, buf_text(&sql)) == 0) {
            continue;
        }
        if (restore_is_over(&state->target, err)) {
            return -1;
        }
        report_failure(&state->report, err, "value of the sequence %s.%s: %s", sequence->schema,
                       sequence->name, err->message);
    }
    return 0;
}

static int copy_batch(struct transfer_state *state, size_t from, size_t to, struct err *err)
{
    auto_result PGresult *values = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    if (read_values(state, from, to, err, &values) != 0) {
        return err_prefix(err, "Cannot read the sequences of the source. ");
    }
    for (int row = 0; row < PQntuples(values); row++) {
        buf_adds(&sql, row == 0 ? "SELECT " : ", ");
        add_setval(state, &sql, from + (size_t)row, values, row);
    }
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_run(&state->target, err, buf_text(&sql)) == 0) {
        return 0;
    }
    return restore_is_over(&state->target, err) ? -1 : set_each(state, from, values, err);
}

int sequences_copy(struct transfer_state *state, struct err *err)
{
    for (size_t from = 0; from < state->catalog.sequence_count; from += BATCH) {
        size_t left = state->catalog.sequence_count - from;
        if (copy_batch(state, from, from + (left < BATCH ? left : BATCH), err) != 0) {
            return -1;
        }
    }
    return 0;
}

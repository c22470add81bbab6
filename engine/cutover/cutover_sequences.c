/* SPDX-License-Identifier: MIT */
/*
 * The stream does not carry sequences. This reads the source's after the last change was applied, so that
 * they are never behind the rows. It sets only those that differ.
 */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/cutover/cutover_private.h"

/* Limits the members of a UNION, whose planning takes disproportionate time. */
enum { READ_AT_ONCE = 32, SET_AT_ONCE = 500, SQL_MAX_BYTES = 4 * 1024 * 1024 };

struct sequence {
    const struct cutover_relation *relation;
    struct evidence_sequence *reported;
    bool called; /* on the source: nextval() continues after the value */
    bool differs;
};

struct sequences {
    struct cutover_state *state;
    struct sequence *items;
    size_t count;
};

/* ---- reading ---------------------------------------------------------------------------------------------
 */

static int read_values(struct sequences *sequences, size_t from, size_t to, struct err *err,
                       PGresult **ret_source, PGresult **ret_target)
{
    struct pg *source = &sequences->state->source;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    for (size_t i = from; i < to; i++) {
        const struct cutover_relation *relation = sequences->items[i].relation;
        buf_addf(&sql, "%sSELECT %zu, last_value, is_called FROM ", i > from ? " UNION ALL " : "", i);
        pg_add_qualified(source, &sql, relation->schema, relation->name);
    }
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (cutover_ask_both(sequences->state, buf_text(&sql), 0, NULL, err, ret_source, ret_target) != 0) {
        return err_prefix(err, "Cannot read the sequences. ");
    }
    return 0;
}

static struct sequence *sequence_of(struct sequences *sequences, const PGresult *rows, int row)
{
    int64_t n = 0;
    str_to_int(PQgetvalue(rows, row, 0), 0, (int64_t)sequences->count - 1, &n);
    return &sequences->items[n];
}

static int64_t value_of(const PGresult *rows, int row)
{
    int64_t value = 0;
    str_to_int(PQgetvalue(rows, row, 1), INT64_MIN, INT64_MAX, &value);
    return value;
}

static bool is_called(const PGresult *rows, int row)
{
    return pg_is_true(rows, row, 2);
}

static int compare_some(struct sequences *sequences, size_t from, size_t to, struct err *err)
{
    auto_result PGresult *source = NULL;
    auto_result PGresult *target = NULL;
    if (read_values(sequences, from, to, err, &source, &target) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(source); row++) {
        struct sequence *sequence = sequence_of(sequences, source, row);
        sequence->reported->source_value = value_of(source, row);
        sequence->called = is_called(source, row);
    }
    for (int row = 0; row < PQntuples(target); row++) {
        struct sequence *sequence = sequence_of(sequences, target, row);
        sequence->reported->target_value = value_of(target, row);
        sequence->differs = sequence->reported->target_value != sequence->reported->source_value ||
                            sequence->called != is_called(target, row);
    }
    return 0;
}

/* ---- setting ---------------------------------------------------------------------------------------------
 */

/* Adds (n, name, value, called). */
static void add_row(struct sequences *sequences, struct buf *sql, size_t n)
{
    const struct sequence *sequence = &sequences->items[n];
    struct pg *target = &sequences->state->target;
    auto_buf struct buf name = BUF_MAX(SQL_MAX_BYTES);
    pg_add_qualified(target, &name, sequence->relation->schema, sequence->relation->name);
    buf_addf(sql, "(%zu, ", n);
    pg_add_literal(target, sql, buf_text(&name));
    buf_addf(sql, ", '%lld'::bigint, %s)", (long long)sequence->reported->source_value,
             sequence->called ? "true" : "false");
}

static const char set_head[] = "SELECT n, pg_catalog.setval(s::regclass, v, c) FROM (VALUES ";
static const char set_tail[] = ") AS x(n, s, v, c)";

static int run_set(struct sequences *sequences, const struct buf *sql, struct err *err)
{
    auto_result PGresult *set = NULL;
    if (buf_failed(sql)) {
        return err_no_memory(err);
    }
    if (pg_query(&sequences->state->target, err, &set, buf_text(sql), 0, NULL) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(set); row++) {
        struct sequence *sequence = sequence_of(sequences, set, row);
        sequence->reported->target_value = value_of(set, row);
        sequence->differs = false;
    }
    return 0;
}

static int set_one(struct sequences *sequences, size_t n, struct err *err)
{
    const struct sequence *sequence = &sequences->items[n];
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, set_head);
    add_row(sequences, &sql, n);
    buf_adds(&sql, set_tail);
    if (run_set(sequences, &sql, err) == 0) {
        return 0;
    }
    return err_prefix(err, "Cannot set the sequence %s.%s to %lld. ", sequence->relation->schema,
                      sequence->relation->name, (long long)sequence->reported->source_value);
}

/* Sets up to SET_AT_ONCE sequences in one statement, or one by one if that fails. Advances *from. */
static int set_some(struct sequences *sequences, size_t *from, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    size_t first = *from;
    for (int added = 0; *from < sequences->count && added < SET_AT_ONCE; (*from)++) {
        if (sequences->items[*from].differs) {
            buf_adds(&sql, added++ == 0 ? set_head : ", ");
            add_row(sequences, &sql, *from);
        }
    }
    if (sql.len == 0 && !buf_failed(&sql)) {
        return 0;
    }
    buf_adds(&sql, set_tail);
    if (run_set(sequences, &sql, err) == 0) {
        return 0;
    }
    if (restore_is_over(&sequences->state->target, err)) {
        return -1;
    }
    for (size_t n = first; n < *from; n++) {
        if (sequences->items[n].differs && set_one(sequences, n, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- all of them -----------------------------------------------------------------------------------------
 */

static bool is_wanted(struct cutover_state *state, const struct cutover_relation *relation)
{
    if (relation->kind != 'S') {
        return false;
    }
    bool readable = relation->source_readable && relation->target_readable;
    if (!readable) {
        cutover_lose(state, "Sequence %s.%s could not be set: the user may not read it on the %s.",
                     relation->schema, relation->name, relation->source_readable ? "target" : "source");
    }
    return readable;
}

static int list(struct sequences *sequences, struct err *err)
{
    struct cutover_state *state = sequences->state;
    struct evidence *evidence = state->evidence;
    for (size_t i = 0; i < state->relation_count; i++) {
        const struct cutover_relation *relation = &state->relations[i];
        if (!is_wanted(state, relation)) {
            continue;
        }
        struct evidence_sequence *reported = &evidence->sequences[evidence->sequence_count++];
        *reported =
            (struct evidence_sequence){.schema = str_dup(relation->schema), .name = str_dup(relation->name)};
        if (reported->schema == NULL || reported->name == NULL) {
            return err_no_memory(err);
        }
        sequences->items[sequences->count++] = (struct sequence){.relation = relation, .reported = reported};
    }
    return 0;
}

int cutover_set_sequences(struct cutover_state *state, struct err *err)
{
    auto_free struct sequence *items = calloc(state->relation_count + 1, sizeof(*items));
    struct sequences sequences = {.state = state, .items = items};
    state->evidence->sequences = calloc(state->relation_count + 1, sizeof(*state->evidence->sequences));
    if (items == NULL || state->evidence->sequences == NULL) {
        return err_no_memory(err);
    }
    if (list(&sequences, err) != 0 || cutover_set_sequence_options(state, err) != 0) {
        return -1;
    }
    for (size_t from = 0; from < sequences.count; from += READ_AT_ONCE) {
        size_t left = sequences.count - from;
        if (compare_some(&sequences, from, from + (left < READ_AT_ONCE ? left : READ_AT_ONCE), err) != 0) {
            return -1;
        }
    }
    for (size_t from = 0; from < sequences.count;) {
        if (set_some(&sequences, &from, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Compares the counts. While nobody writes to the source, differing counts and uncountable tables are losses.
 * Tables that were not counted in time, and writes after the cutover's trigger, are warnings.
 */
#include <stdlib.h>

#include "core/str.h"
#include "engine/cutover/evidence_private.h"

enum { NAMED = 5, NAMES_MAX_BYTES = 16 * 1024 };

bool evidence_is_readable(const struct counted *table, enum side side)
{
    return side == SOURCE ? table->relation->source_readable : table->relation->target_readable;
}

static void lose_difference(struct cutover_state *state, const char *what, int64_t source, int64_t target)
{
    cutover_lose(state,
                 "Table %s has %lld rows on the source and %lld on the target, although nobody wrote to the "
                 "source.",
                 what, (long long)source, (long long)target);
}

/* Rows may be in other partitions on the target, so all partitions of a root are compared together and
 * reported once. "first": the first table with this root. */
static void compare_root(struct cutover_state *state, const struct counted *tables, size_t count,
                         size_t first)
{
    const char *root = tables[first].relation->root;
    int64_t source = 0;
    int64_t target = 0;
    for (size_t i = first; i < count; i++) {
        const struct counted *table = &tables[i];
        if (table->relation->root == NULL || !str_equals(table->relation->root, root)) {
            continue;
        }
        if (table->reported->source_rows < 0 || table->reported->target_rows < 0) {
            return;
        }
        source += table->reported->source_rows;
        target += table->reported->target_rows;
    }
    if (source != target) {
        lose_difference(state, root, source, target);
    }
}

static bool is_first_of_root(const struct counted *tables, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *root = tables[i].relation->root;
        if (root != NULL && str_equals(root, tables[n].relation->root)) {
            return false;
        }
    }
    return true;
}

/* Whether the stream carries all changes: a recopied table may have changed since the recopy. */
static bool is_followed(const struct counted *tables, size_t count, size_t n)
{
    const char *root = tables[n].relation->root;
    bool followed = tables[n].relation->carried;
    for (size_t i = 0; root != NULL && i < count; i++) {
        const struct cutover_relation *other = tables[i].relation;
        followed = followed && (other->root == NULL || !str_equals(other->root, root) || other->carried);
    }
    return followed;
}

static void compare_table(struct cutover_state *state, const struct counted *tables, size_t count, size_t n)
{
    const struct counted *table = &tables[n];
    const struct evidence_table *reported = table->reported;
    auto_free char *name = str_format("%s.%s", reported->schema, reported->name);
    if (name == NULL) {
        return;
    }
    bool refused = table->refusal != NULL || !evidence_is_readable(table, SOURCE) ||
                   !evidence_is_readable(table, TARGET);
    if (refused && state->closed) {
        cutover_note(state, "Table %s could not be compared after an interruption.", name);
    } else if (!evidence_is_readable(table, SOURCE) || !evidence_is_readable(table, TARGET)) {
        cutover_lose(state, "Table %s could not be compared: the user may not read it on the %s.", name,
                     evidence_is_readable(table, SOURCE) ? "target" : "source");
    } else if (table->refusal != NULL) {
        cutover_lose(state, "Table %s could not be compared. PostgreSQL said: \"%s\".", name, table->refusal);
    } else if (table->relation->root != NULL) {
        if (is_first_of_root(tables, n)) {
            compare_root(state, tables, count, n);
        }
    } else if (reported->source_rows >= 0 && reported->target_rows >= 0 &&
               reported->source_rows != reported->target_rows) {
        lose_difference(state, name, reported->source_rows, reported->target_rows);
    }
}

static bool is_uncounted(const struct counted *table)
{
    return table->refusal == NULL && evidence_is_readable(table, SOURCE) &&
           evidence_is_readable(table, TARGET) &&
           (table->reported->source_rows < 0 || table->reported->target_rows < 0);
}

/* The time is up. Reports the tables that were not compared, because users rely on equal rows. */
static void warn_of_uncounted(struct cutover_state *state, const struct counted *tables, size_t count)
{
    size_t uncounted = 0;
    auto_buf struct buf names = BUF_MAX(NAMES_MAX_BYTES);
    for (size_t i = count; i > 0; i--) {
        const struct evidence_table *reported = tables[i - 1].reported;
        if (is_uncounted(&tables[i - 1]) && ++uncounted <= NAMED) {
            buf_addf(&names, "%s%s.%s", uncounted > 1 ? ", " : "", reported->schema, reported->name);
        }
    }
    if (uncounted > 0) {
        cutover_warn(state,
                     "The rows of %zu of %zu tables were not counted within %d ms (--evidence-ms), so source "
                     "and target were not compared: %s%s.",
                     uncounted, count, state->cutover->count_ms, buf_text(&names),
                     uncounted > NAMED ? " and others" : "");
    }
}

/* Differing counts prove nothing while the source is written to. */
static void explain_no_comparison(struct cutover_state *state, enum source_quiet quiet)
{
    if (quiet == SOURCE_WRITTEN) {
        cutover_warn(state,
                     "The source was written to after the cutover was triggered: those changes are not on "
                     "the target, and row counts were not compared.");
    } else {
        cutover_note(state, "Malachite could not find out whether the source was written to, so it did not "
                            "compare row counts.");
    }
}

void evidence_conclude(struct cutover_state *state, const struct counted *tables, size_t count)
{
    if (state->cutover->count_ms == 0) {
        cutover_note(state, "Rows were not counted (--evidence-ms 0).");
        return;
    }
    enum source_quiet quiet = cutover_source_is_quiet(state);
    state->evidence->quiet = quiet == SOURCE_QUIET && cutover_copies_are_current(state);
    if (quiet != SOURCE_QUIET) {
        explain_no_comparison(state, quiet);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (state->evidence->quiet || is_followed(tables, count, i)) {
            compare_table(state, tables, count, i);
        }
    }
    warn_of_uncounted(state, tables, count);
}

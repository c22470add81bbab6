/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_send_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/apply/apply_batch_private.h"
#include "engine/apply/apply_params_private.h"
#include "engine/apply/relation/apply_sql.h"
#include "engine/apply/relation/apply_values.h"

enum { SQL_MAX_BYTES = 4 * 1024 * 1024, COUNT_TEXT_SIZE = 24, PLAN_MODE_SINCE = 120000 };

static const struct pipeline_expectation unchecked = {.rows = -1};

/* ---- finding and preparing -------------------------------------------------------------------------------
 */

static bool is_shape(const struct apply_relation *relation, const struct apply_statement *statement,
                     enum apply_statement_kind kind, const bool *set)
{
    return statement->kind == kind &&
           (set == NULL || memcmp(statement->set, set, relation->column_count * sizeof(*set)) == 0);
}

static int prepare(const struct apply_relation *relation, const struct apply_statement *statement,
                   struct pipeline *pipeline, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    apply_add_statement(relation, statement->kind, statement->set, false, &sql);
    return buf_failed(&sql)
               ? err_no_memory(err)
               : pipeline_prepare(pipeline, statement->name, buf_text(&sql), relation->what, err);
}

static struct apply_statement *make(struct apply_relation *relation, enum apply_statement_kind kind,
                                    const bool *set, unsigned serial, struct pipeline *pipeline,
                                    struct err *err)
{
    struct apply_statement *statement = calloc(1, sizeof(*statement));
    bool *copy = set == NULL ? NULL : calloc(relation->column_count + 1, sizeof(*set));
    if (statement == NULL || (set != NULL && copy == NULL)) {
        free(copy);
        free(statement);
        err_no_memory(err);
        return NULL;
    }
    if (set != NULL) {
        memcpy(copy, set, relation->column_count * sizeof(*set));
    }
    *statement = (struct apply_statement){.kind = kind, .set = copy, .next = relation->statements};
    snprintf(statement->name, sizeof(statement->name), "malachite_%u", serial);
    if (prepare(relation, statement, pipeline, err) != 0) {
        apply_statement_free(statement);
        return NULL;
    }
    relation->statements = statement;
    return statement;
}

/* The statement of that kind and shape; it is prepared when it is new. NULL: error. */
static struct apply_statement *find_statement(struct apply_sender *sender, struct apply_relation *relation,
                                              enum apply_statement_kind kind, const bool *set,
                                              struct err *err)
{
    struct apply_statement *statement = relation->statements;
    while (statement != NULL && !is_shape(relation, statement, kind, set)) {
        statement = statement->next;
    }
    return statement != NULL ? statement : make(relation, kind, set, ++sender->serial, sender->pipeline, err);
}

static void take_row(struct apply_statement *statement, struct apply_row *row)
{
    row->next_of_statement = NULL;
    if (statement->last_row == NULL) {
        statement->first_row = row;
    } else {
        statement->last_row->next_of_statement = row;
    }
    statement->last_row = row;
    statement->row_count += (size_t)(row->copies < 0 ? -row->copies : row->copies);
}

/* ---- running ---------------------------------------------------------------------------------------------
 */

static struct pipeline_expectation expect(const struct apply_relation *relation,
                                          const struct apply_statement *statement)
{
    bool any = relation->facts.lenient && statement->kind == APPLY_DELETE;
    return (struct pipeline_expectation){.what = relation->what,
                                         .rows = any ? -1 : (int64_t)statement->row_count};
}

static int execute(const struct apply_relation *relation, const struct apply_statement *statement,
                   const struct pipeline_params *params, struct pipeline *pipeline, struct err *err)
{
    const struct pipeline_expectation expectation = expect(relation, statement);
    return pipeline_execute(pipeline, statement->name, params, &expectation, err);
}

/* Of a table without columns only the number of rows is known. */
static int run_without_columns(const struct apply_relation *relation, const struct apply_statement *statement,
                               struct pipeline *pipeline, struct err *err)
{
    char count[COUNT_TEXT_SIZE];
    snprintf(count, sizeof(count), "%zu", statement->row_count);
    const char *const values[] = {count};
    const struct pipeline_params params = {.values = values, .count = 1};
    return execute(relation, statement, &params, pipeline, err);
}

/* The only row holds a large value: an array of it would be another copy, here and on the target. */
static bool is_alone(const struct apply_relation *relation, const struct apply_statement *statement)
{
    const struct apply_row *row = statement->first_row;
    bool whole = relation->facts.identity == APPLY_BY_ROW;
    return statement->row_count == 1 &&
           (values_are_large(row->key, whole ? relation->column_count : relation->facts.key_count) ||
            values_are_large(row->before, relation->column_count) ||
            values_are_large(row->fresh, relation->column_count));
}

/* Planning for values that it knows would copy them several times. */
static int plan_without_values(struct pipeline *pipeline, bool without, struct err *err)
{
    const char *sql =
        without ? "SET LOCAL plan_cache_mode = force_generic_plan" : "SET LOCAL plan_cache_mode TO DEFAULT";
    return pipeline->pg.version < PLAN_MODE_SINCE ? 0 : pipeline_command(pipeline, sql, &unchecked, err);
}

static int run_alone(const struct apply_relation *relation, const struct apply_statement *statement,
                     struct pipeline *pipeline, struct err *err)
{
    auto_apply_params struct apply_params params = {0};
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    if (apply_params_alone(relation, statement, pipeline->pg.database, err, &params) != 0) {
        return -1;
    }
    apply_add_statement(relation, statement->kind, params.set == NULL ? statement->set : params.set, true,
                        &sql);
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    const struct pipeline_expectation expectation = expect(relation, statement);
    return plan_without_values(pipeline, true, err) != 0 ||
                   pipeline_query(pipeline, buf_text(&sql), &params.shape, &expectation, err) != 0
               ? -1
               : plan_without_values(pipeline, false, err);
}

static int run(const struct apply_relation *relation, const struct apply_statement *statement,
               struct apply_space *space, struct pipeline *pipeline, struct err *err)
{
    auto_apply_params struct apply_params params = {0};
    if (is_alone(relation, statement)) {
        return run_alone(relation, statement, pipeline, err);
    }
    if (apply_params_make(relation, statement, space, err, &params) != 0) {
        return -1;
    }
    return params.shape.count == 0 ? run_without_columns(relation, statement, pipeline, err)
                                   : execute(relation, statement, &params.shape, pipeline, err);
}

static int run_statement(struct apply_relation *relation, struct apply_statement *statement,
                         struct apply_space *space, struct pipeline *pipeline, struct err *err)
{
    int result = statement->row_count > 0 ? run(relation, statement, space, pipeline, err) : 0;
    statement->first_row = NULL;
    statement->last_row = NULL;
    statement->row_count = 0;
    return result;
}

/* ---- gathering deletes ----------------------------------------------------------------------------------
 */

static bool gathers_deletes(const struct apply_relation *relation, bool more)
{
    bool able = relation->facts.may_gather && relation->facts.identity == APPLY_BY_ROW &&
                !relation->facts.ordered && !relation->facts.grouped && relation->column_count > 0;
    return able && (more || relation->pending.gathered_rows > 0);
}

static int run_sql(struct apply_sender *sender, const struct buf *sql,
                   const struct pipeline_expectation *expectation, struct err *err)
{
    return buf_failed(sql) ? err_no_memory(err)
                           : pipeline_command(sender->pipeline, buf_text(sql), expectation, err);
}

static int run_on_table(struct apply_sender *sender, const struct apply_relation *relation,
                        const char *before, const char *after, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, before);
    apply_add_gathering_table(relation, &sql);
    buf_adds(&sql, after);
    return run_sql(sender, &sql, &unchecked, err);
}

static int prepare_gathering(struct apply_sender *sender, struct apply_relation *relation, struct err *err)
{
    if (relation->pending.gathers) {
        return 0;
    }
    relation->pending.gathers = true;
    return run_on_table(sender, relation, "CREATE TEMPORARY TABLE IF NOT EXISTS ", " (line text)", err);
}

static void note_gathered(struct apply_sender *sender, struct apply_relation *relation, int64_t rows)
{
    if (relation->pending.gathered_rows == 0) {
        relation->pending.next_gathered = sender->gathered;
        sender->gathered = relation;
    }
    relation->pending.gathered_rows += rows;
}

static int delete_gathered(struct apply_sender *sender, struct apply_relation *relation, struct err *err)
{
    const struct pipeline_expectation all = {.what = relation->what, .rows = relation->pending.gathered_rows};
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    apply_add_delete_gathered(relation, &sql);
    if (run_on_table(sender, relation, "ANALYZE ", "", err) != 0 || run_sql(sender, &sql, &all, err) != 0) {
        return -1;
    }
    relation->pending.gathered_rows = 0;
    return run_on_table(sender, relation, "TRUNCATE ", "", err);
}

int apply_send_gathered(struct apply_sender *sender, struct err *err)
{
    while (sender->gathered != NULL) {
        struct apply_relation *relation = sender->gathered;
        sender->gathered = relation->pending.next_gathered;
        if (delete_gathered(sender, relation, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- which rows go by which statement -------------------------------------------------------------------
 */

static int send_deletes(struct apply_sender *sender, struct apply_relation *relation, bool more,
                        struct err *err)
{
    struct apply_statement *statement = NULL;
    bool gathers = gathers_deletes(relation, more);
    enum apply_statement_kind kind = gathers ? APPLY_GATHER : APPLY_DELETE;
    for (struct apply_row *row = relation->pending.first_row; row != NULL; row = row->next) {
        if (!row->remove) {
            continue;
        }
        if (statement == NULL && gathers && prepare_gathering(sender, relation, err) != 0) {
            return -1;
        }
        statement = statement != NULL ? statement : find_statement(sender, relation, kind, NULL, err);
        if (statement == NULL) {
            return -1;
        }
        take_row(statement, row);
    }
    if (statement == NULL) {
        return 0;
    }
    if (gathers) {
        note_gathered(sender, relation, (int64_t)statement->row_count);
    }
    return run_statement(relation, statement, &sender->space, sender->pipeline, err);
}

/* False: nothing is to be set. */
static bool shape_of(const struct apply_relation *relation, const struct apply_row *row, bool *set)
{
    bool any = false;
    for (size_t i = 0; i < relation->column_count; i++) {
        set[i] = row->fresh[i].kind != PGOUTPUT_UNCHANGED;
    }
    for (size_t i = 0; i < relation->facts.key_count && !row->moves; i++) {
        set[relation->facts.keys[i]] = false;
    }
    for (size_t i = 0; i < relation->column_count; i++) {
        any = any || set[i];
    }
    return any;
}

static int take_update(struct apply_sender *sender, struct apply_relation *relation, struct apply_row *row,
                       bool *set, struct err *err)
{
    if (!shape_of(relation, row, set)) {
        return 0;
    }
    enum apply_statement_kind kind = relation->facts.identity == APPLY_BY_ROW  ? APPLY_UPDATE_ROW
                                     : relation->facts.rewrites && !row->moves ? APPLY_REWRITE
                                                                               : APPLY_UPDATE;
    struct apply_statement *statement =
        find_statement(sender, relation, kind, kind == APPLY_UPDATE ? set : NULL, err);
    if (statement == NULL) {
        return -1;
    }
    take_row(statement, row);
    return 0;
}

static bool is_update(enum apply_statement_kind kind)
{
    return kind == APPLY_UPDATE || kind == APPLY_UPDATE_ROW || kind == APPLY_REWRITE;
}

static int send_updates(struct apply_sender *sender, struct apply_relation *relation, struct err *err)
{
    auto_free bool *set = calloc(relation->column_count + 1, sizeof(*set));
    if (set == NULL) {
        return err_no_memory(err);
    }
    for (struct apply_row *row = relation->pending.first_row; row != NULL; row = row->next) {
        if (row->write == APPLY_WRITES_UPDATE && take_update(sender, relation, row, set, err) != 0) {
            return -1;
        }
    }
    for (struct apply_statement *statement = relation->statements; statement != NULL;
         statement = statement->next) {
        if (is_update(statement->kind) &&
            run_statement(relation, statement, &sender->space, sender->pipeline, err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int send_inserts(struct apply_sender *sender, struct apply_relation *relation, struct err *err)
{
    struct apply_statement *statement = NULL;
    for (struct apply_row *row = relation->pending.first_row; row != NULL; row = row->next) {
        if (row->write != APPLY_WRITES_INSERT) {
            continue;
        }
        statement = statement != NULL ? statement : find_statement(sender, relation, APPLY_INSERT, NULL, err);
        if (statement == NULL) {
            return -1;
        }
        take_row(statement, row);
    }
    return statement == NULL ? 0 : run_statement(relation, statement, &sender->space, sender->pipeline, err);
}

int apply_send_relation(struct apply_sender *sender, struct apply_relation *relation, bool more,
                        struct err *err)
{
    if (send_deletes(sender, relation, more, err) != 0 || send_updates(sender, relation, err) != 0 ||
        send_inserts(sender, relation, err) != 0) {
        return -1;
    }
    apply_batch_clear(relation);
    return 0;
}

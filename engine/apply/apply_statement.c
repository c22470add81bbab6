/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_statement_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/apply/apply_batch_private.h"
#include "engine/apply/apply_params_private.h"
#include "engine/apply/apply_sql_private.h"
#include "engine/apply/apply_values_private.h"

enum { SQL_MAX_BYTES = 4 * 1024 * 1024, COUNT_TEXT_SIZE = 24, PLAN_MODE_SINCE = 120000 };

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

static void statement_free(struct apply_statement *statement)
{
    if (statement != NULL) {
        free(statement->set);
        free(statement);
    }
}

static int make(struct apply_relation *relation, enum apply_statement_kind kind, const bool *set,
                unsigned serial, struct pipeline *pipeline, struct err *err,
                struct apply_statement **ret_statement)
{
    struct apply_statement *statement = calloc(1, sizeof(*statement));
    if (statement == NULL) {
        return err_no_memory(err);
    }
    statement->kind = kind;
    snprintf(statement->name, sizeof(statement->name), "malachite_%u", serial);
    if (set != NULL) {
        statement->set = calloc(relation->column_count + 1, sizeof(*set));
        if (statement->set == NULL) {
            statement_free(statement);
            return err_no_memory(err);
        }
        memcpy(statement->set, set, relation->column_count * sizeof(*set));
    }
    if (prepare(relation, statement, pipeline, err) != 0) {
        statement_free(statement);
        return -1;
    }
    statement->next = relation->statements;
    relation->statements = statement;
    *ret_statement = statement;
    return 0;
}

int apply_statement_find(struct apply_relation *relation, enum apply_statement_kind kind, const bool *set,
                         unsigned *serial, struct pipeline *pipeline, struct err *err,
                         struct apply_statement **ret_statement)
{
    struct apply_statement *statement = relation->statements;
    while (statement != NULL && !is_shape(relation, statement, kind, set)) {
        statement = statement->next;
    }
    if (statement != NULL) {
        *ret_statement = statement;
        return 0;
    }
    *serial += 1;
    return make(relation, kind, set, *serial, pipeline, err, ret_statement);
}

void apply_statements_free(struct apply_relation *relation)
{
    while (relation->statements != NULL) {
        struct apply_statement *statement = relation->statements;
        relation->statements = statement->next;
        statement_free(statement);
    }
}

void apply_statement_take(struct apply_statement *statement, struct apply_row *row)
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

void apply_space_done(struct apply_space *space)
{
    free(space->bytes);
    *space = (struct apply_space){0};
}

/* ---- running ---------------------------------------------------------------------------------------------
 */

static struct pipeline_expectation expect(const struct apply_relation *relation,
                                          const struct apply_statement *statement)
{
    bool any = relation->lenient && statement->kind == APPLY_DELETE;
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
    bool whole = relation->identity == APPLY_BY_ROW;
    return statement->row_count == 1 &&
           (values_are_large(row->key, whole ? relation->column_count : relation->key_count) ||
            values_are_large(row->before, relation->column_count) ||
            values_are_large(row->fresh, relation->column_count));
}

/* Planning for values that it knows would copy them several times. */
static int plan_without_values(struct pipeline *pipeline, bool without, struct err *err)
{
    static const struct pipeline_expectation any = {.rows = -1};
    const char *sql =
        without ? "SET LOCAL plan_cache_mode = force_generic_plan" : "SET LOCAL plan_cache_mode TO DEFAULT";
    return pipeline->pg.version < PLAN_MODE_SINCE ? 0 : pipeline_command(pipeline, sql, &any, err);
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

int apply_statement_run(struct apply_relation *relation, struct apply_statement *statement,
                        struct apply_space *space, struct pipeline *pipeline, struct err *err)
{
    int result = statement->row_count > 0 ? run(relation, statement, space, pipeline, err) : 0;
    statement->first_row = NULL;
    statement->last_row = NULL;
    statement->row_count = 0;
    return result;
}

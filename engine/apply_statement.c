/* SPDX-License-Identifier: MIT */
#include "engine/apply_statement.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/apply_batch.h"
#include "engine/apply_sql.h"

enum { SQL_MAX_BYTES = 4 * 1024 * 1024, TEXT_OID = 25, ARRAY_HEADER_BYTES = 20, COUNT_TEXT_SIZE = 24 };

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
    switch (statement->kind) {
    case APPLY_INSERT:
        apply_add_insert(relation, &sql);
        break;
    case APPLY_UPDATE:
        apply_add_update(relation, statement->set, &sql);
        break;
    case APPLY_REWRITE:
        apply_add_rewrite(relation, &sql);
        break;
    case APPLY_DELETE:
        apply_add_delete(relation, &sql);
        break;
    case APPLY_GATHER:
        apply_add_gather(relation, &sql);
        break;
    }
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

/* ---- parameters ------------------------------------------------------------------------------------------
 */

/* Which value of a row is a parameter's element. */
struct source {
    enum { OF_KEY, OF_FRESH, OF_MASK } kind;
    size_t index; /* in row->key or row->fresh */
    bool by_array;
    struct pgoutput_value mask; /* of the row last looked at */
    size_t mask_room;
};

/* Which columns were sent, one character each. */
static const struct pgoutput_value *mask_of(struct source *source, const struct apply_row *row)
{
    char *text = (char *)(source + 1);
    for (size_t i = 0; i < source->mask_room; i++) {
        text[i] = row->fresh[i].kind == PGOUTPUT_UNCHANGED ? '0' : '1';
    }
    source->mask =
        (struct pgoutput_value){.text = text, .len = (uint32_t)source->mask_room, .kind = PGOUTPUT_TEXT};
    return &source->mask;
}

static const struct pgoutput_value *value_of(struct source *source, const struct apply_row *row)
{
    switch (source->kind) {
    case OF_KEY:
        return &row->key[source->index];
    case OF_FRESH:
        return &row->fresh[source->index];
    case OF_MASK:
        break;
    }
    return mask_of(source, row);
}

/* Behind the last of them there is room for a mask. */
static struct source *make_sources(const struct apply_relation *relation)
{
    size_t count = relation->key_count + relation->column_count + 2;
    return calloc(1, count * sizeof(struct source) + relation->column_count);
}

static size_t list_sources(const struct apply_relation *relation, const struct apply_statement *statement,
                           struct source *sources)
{
    size_t count = 0;
    bool removes = statement->kind == APPLY_DELETE || statement->kind == APPLY_GATHER;
    bool whole = !removes ? statement->kind == APPLY_INSERT : relation->identity == APPLY_BY_ROW;
    for (size_t i = 0; !whole && i < relation->key_count; i++) {
        sources[count++] = (struct source){
            .kind = OF_KEY, .index = i, .by_array = relation->columns[relation->keys[i]].by_array};
    }
    for (size_t i = 0; i < relation->column_count; i++) {
        bool rewritten = statement->kind == APPLY_REWRITE && !relation->columns[i].key;
        if (whole || rewritten || (statement->set != NULL && statement->set[i])) {
            sources[count++] = (struct source){
                .kind = removes ? OF_KEY : OF_FRESH, .index = i, .by_array = relation->columns[i].by_array};
        }
    }
    if (statement->kind == APPLY_REWRITE) {
        sources[count++] = (struct source){.kind = OF_MASK, .mask_room = relation->column_count};
    }
    return count;
}

static int64_t copies(const struct apply_row *row)
{
    return row->copies < 0 ? -row->copies : row->copies;
}

/* At most so many bytes. */
static size_t measure(struct source *source, const struct apply_statement *statement)
{
    size_t size = ARRAY_HEADER_BYTES;
    for (const struct apply_row *row = statement->first_row; row != NULL; row = row->next_of_statement) {
        const struct pgoutput_value *value = value_of(source, row);
        size_t len = value->kind == PGOUTPUT_TEXT ? value->len : 0;
        size += (size_t)copies(row) * (source->by_array ? 2 * len + sizeof("\"\",NULL") : len + 4);
    }
    return size;
}

static char *put_u32(char *at, uint32_t number)
{
    number = htobe32(number);
    memcpy(at, &number, sizeof(number));
    return at + sizeof(number);
}

static char *put_binary_element(char *at, const struct pgoutput_value *value)
{
    if (value->kind != PGOUTPUT_TEXT) {
        return put_u32(at, UINT32_MAX); /* -1: NULL */
    }
    at = put_u32(at, value->len);
    memcpy(at, value->text, value->len);
    return at + value->len;
}

/* text[] as its receive function wants it: nothing has to be escaped. */
static char *put_binary(char *at, struct source *source, const struct apply_statement *statement)
{
    at = put_u32(at, 1); /* dimension */
    at = put_u32(at, 1); /* there may be NULLs */
    at = put_u32(at, TEXT_OID);
    at = put_u32(at, (uint32_t)statement->row_count);
    at = put_u32(at, 1); /* the first subscript */
    for (const struct apply_row *row = statement->first_row; row != NULL; row = row->next_of_statement) {
        for (int64_t copy = 0; copy < copies(row); copy++) {
            at = put_binary_element(at, value_of(source, row));
        }
    }
    return at;
}

static char *put_text_element(char *at, const struct pgoutput_value *value)
{
    if (value->kind != PGOUTPUT_TEXT) {
        return stpcpy(at, "NULL");
    }
    *at++ = '"';
    for (uint32_t i = 0; i < value->len; i++) {
        if (value->text[i] == '"' || value->text[i] == '\\') {
            *at++ = '\\';
        }
        *at++ = value->text[i];
    }
    *at++ = '"';
    return at;
}

/* '{"a",NULL}' */
static char *put_text(char *at, struct source *source, const struct apply_statement *statement)
{
    char separator = '{';
    for (const struct apply_row *row = statement->first_row; row != NULL; row = row->next_of_statement) {
        for (int64_t copy = 0; copy < copies(row); copy++) {
            *at++ = separator;
            separator = ',';
            at = put_text_element(at, value_of(source, row));
        }
    }
    *at++ = '}';
    *at++ = '\0';
    return at;
}

/* NULL when memory is out. */
static char *reserve(struct apply_space *space, size_t size)
{
    if (space->bytes == NULL || size > space->room) {
        free(space->bytes);
        space->bytes = malloc(size);
        space->room = space->bytes == NULL ? 0 : size;
    }
    return space->bytes;
}

/* ---- running ---------------------------------------------------------------------------------------------
 */

static int execute(const struct apply_relation *relation, const struct apply_statement *statement,
                   const struct pipeline_params *params, struct pipeline *pipeline, struct err *err)
{
    bool any = relation->lenient && statement->kind == APPLY_DELETE;
    const struct pipeline_expectation expectation = {.what = relation->what,
                                                     .rows = any ? -1 : (int64_t)statement->row_count};
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

static int run_with(const struct apply_relation *relation, const struct apply_statement *statement,
                    struct source *sources, size_t count, struct apply_space *space,
                    struct pipeline *pipeline, struct err *err)
{
    auto_free const char **starts = calloc(count, sizeof(*starts));
    auto_free int *lengths = calloc(count, sizeof(*lengths));
    auto_free int *formats = calloc(count, sizeof(*formats));
    size_t size = 0;
    if (starts == NULL || lengths == NULL || formats == NULL) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        size += measure(&sources[i], statement);
    }
    char *at = reserve(space, size);
    if (at == NULL) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        starts[i] = at;
        formats[i] = sources[i].by_array ? 0 : 1;
        at = sources[i].by_array ? put_text(at, &sources[i], statement)
                                 : put_binary(at, &sources[i], statement);
        if (at - starts[i] > INT32_MAX) {
            return err_set(err, ERR_TOO_LARGE, "A change of the %s is too large to be sent.", relation->what);
        }
        lengths[i] = (int)(at - starts[i]);
    }
    const struct pipeline_params params = {
        .values = starts, .lengths = lengths, .formats = formats, .count = (int)count};
    return execute(relation, statement, &params, pipeline, err);
}

int apply_statement_run(struct apply_relation *relation, struct apply_statement *statement,
                        struct apply_space *space, struct pipeline *pipeline, struct err *err)
{
    int result = 0;
    if (statement->row_count > 0) {
        auto_free struct source *sources = make_sources(relation);
        if (sources == NULL) {
            return err_no_memory(err);
        }
        size_t count = list_sources(relation, statement, sources);
        result = count == 0 ? run_without_columns(relation, statement, pipeline, err)
                            : run_with(relation, statement, sources, count, space, pipeline, err);
    }
    statement->first_row = NULL;
    statement->last_row = NULL;
    statement->row_count = 0;
    return result;
}

/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_params_private.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "engine/apply/relation/apply_values.h"
#include "engine/pg/ddl_wait.h"

enum { TEXT_OID = 25, ARRAY_HEADER_BYTES = 20, MESSAGE_MAX_BYTES = 1024 * 1024 * 1024 - 64 * 1024 };

/* ---- sources ---------------------------------------------------------------------------------------------
 */

/* Which value of a row is a parameter's element. */
enum source_kind { OF_KEY, OF_BEFORE, OF_FRESH, OF_MASK };

struct source {
    enum source_kind kind;
    size_t index; /* in row->key, row->before or row->fresh */
    const struct apply_column *column;
    bool by_array;
    char delimiter;
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
    case OF_BEFORE:
        return &row->before[source->index];
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
    size_t count = relation->facts.key_count + 2 * relation->column_count + 2;
    return calloc(1, count * sizeof(struct source) + relation->column_count);
}

static struct source source_of(const struct apply_column *column, enum source_kind kind, size_t index)
{
    return (struct source){.kind = kind,
                           .index = index,
                           .column = column,
                           .by_array = column->by_array,
                           .delimiter = column->delimiter};
}

static size_t list_key(const struct apply_relation *relation, struct source *sources)
{
    for (size_t i = 0; i < relation->facts.key_count; i++) {
        sources[i] = source_of(&relation->columns[relation->facts.keys[i]], OF_KEY, i);
    }
    return relation->facts.key_count;
}

static size_t list_row(const struct apply_relation *relation, enum source_kind kind, struct source *sources)
{
    for (size_t i = 0; i < relation->column_count; i++) {
        sources[i] = source_of(&relation->columns[i], kind, i);
    }
    return relation->column_count;
}

/* The values that an UPDATE sets: "set" NULL is all but those of the key. */
static size_t list_set(const struct apply_relation *relation, const bool *set, struct source *sources)
{
    size_t count = 0;
    for (size_t i = 0; i < relation->column_count; i++) {
        if (set == NULL ? !relation->columns[i].key : set[i]) {
            sources[count++] = source_of(&relation->columns[i], OF_FRESH, i);
        }
    }
    return count;
}

/* In the order of the statement's parameters: engine/apply/relation/apply_sql.h. */
static size_t list_sources(const struct apply_relation *relation, const struct apply_statement *statement,
                           struct source *sources)
{
    size_t count = 0;
    switch (statement->kind) {
    case APPLY_INSERT:
        return list_row(relation, OF_FRESH, sources);
    case APPLY_DELETE:
    case APPLY_GATHER:
        return relation->facts.identity == APPLY_BY_ROW ? list_row(relation, OF_KEY, sources)
                                                        : list_key(relation, sources);
    case APPLY_UPDATE:
        count = list_key(relation, sources);
        return count + list_set(relation, statement->set, sources + count);
    case APPLY_UPDATE_ROW:
        count = list_row(relation, OF_BEFORE, sources);
        return count + list_row(relation, OF_FRESH, sources + count);
    case APPLY_REWRITE:
        count = list_key(relation, sources);
        count += list_set(relation, NULL, sources + count);
        sources[count++] = (struct source){.kind = OF_MASK, .mask_room = relation->column_count};
        return count;
    }
    return count;
}

/* ---- arrays ----------------------------------------------------------------------------------------------
 */

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
        size_t len = value_has_bytes(value) ? value->len : 0;
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
    if (!value_has_bytes(value)) {
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
    if (!value_has_bytes(value)) {
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

/* '{"a",NULL}', with the type's own delimiter */
static char *put_text(char *at, struct source *source, const struct apply_statement *statement)
{
    char separator = '{';
    for (const struct apply_row *row = statement->first_row; row != NULL; row = row->next_of_statement) {
        for (int64_t copy = 0; copy < copies(row); copy++) {
            *at++ = separator;
            separator = source->delimiter;
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

/* ---- all of them -----------------------------------------------------------------------------------------
 */

static int fill(const struct apply_relation *relation, const struct apply_statement *statement,
                struct source *sources, char *at, struct apply_params *params, struct err *err)
{
    for (size_t i = 0; i < (size_t)params->shape.count; i++) {
        params->starts[i] = at;
        params->formats[i] = sources[i].by_array ? 0 : 1;
        at = sources[i].by_array ? put_text(at, &sources[i], statement)
                                 : put_binary(at, &sources[i], statement);
        if (at - params->starts[i] > INT32_MAX) {
            return err_set(err, ERR_TOO_LARGE, "A change of the %s is too large to be sent.", relation->what);
        }
        params->lengths[i] = (int)(at - params->starts[i]);
    }
    return 0;
}

static bool init(struct apply_params *params, size_t count)
{
    params->starts = calloc(count + 1, sizeof(*params->starts));
    params->lengths = calloc(count + 1, sizeof(*params->lengths));
    params->formats = calloc(count + 1, sizeof(*params->formats));
    params->shape = (struct pipeline_params){.values = params->starts,
                                             .lengths = params->lengths,
                                             .formats = params->formats,
                                             .count = (int)count};
    return params->starts != NULL && params->lengths != NULL && params->formats != NULL;
}

int apply_params_make(const struct apply_relation *relation, const struct apply_statement *statement,
                      struct apply_space *space, struct err *err, struct apply_params *ret_params)
{
    struct apply_params *params = ret_params;
    auto_free struct source *sources = make_sources(relation);
    if (sources == NULL) {
        return err_no_memory(err);
    }
    size_t count = list_sources(relation, statement, sources);
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += measure(&sources[i], statement);
    }
    char *at = reserve(space, size + 1);
    if (at == NULL || !init(params, count)) {
        return err_no_memory(err);
    }
    return fill(relation, statement, sources, at, params, err);
}

/* ---- one row ---------------------------------------------------------------------------------------------
 */

static int cannot_send(const struct apply_relation *relation, const struct apply_column *column,
                       const char *database, const char *why, struct err *err)
{
    const struct ddl_wait wait = {.schema = relation->schema,
                                  .table = relation->name,
                                  .column = column == NULL ? NULL : column->name,
                                  .why = why};
    return ddl_wait_error(err, database, &wait);
}

static int add_alone(const struct apply_relation *relation, struct source *source,
                     const struct pgoutput_value *value, const char *database, size_t i,
                     struct apply_params *params, struct err *err)
{
    params->formats[i] = 1;
    params->lengths[i] = (int)value->len;
    if (value->kind == PGOUTPUT_BINARY && source->column->base != value->type) {
        return cannot_send(
            relation, source->column, database,
            "The source has written a value there that is too large to be sent as text, and the "
            "column's type is not that of the source. Give it the same type.",
            err);
    }
    if (!value_has_bytes(value)) {
        params->lengths[i] = 0;
        params->types[i] = source->by_array ? 0 : TEXT_OID;
    } else if (value->kind == PGOUTPUT_BINARY || !source->by_array) {
        params->starts[i] = value->text;
        params->types[i] = value->kind == PGOUTPUT_BINARY ? value->type : TEXT_OID;
    } else {
        params->texts[i] = strndup(value->text, value->len);
        params->starts[i] = params->texts[i];
        params->formats[i] = 0;
        return params->texts[i] == NULL ? err_no_memory(err) : 0;
    }
    return 0;
}

/* What an UPDATE of a whole row leaves as it is, is not sent twice. */
static bool *changes_of(const struct apply_relation *relation, const struct apply_row *row)
{
    bool *set = calloc(relation->column_count + 1, sizeof(*set));
    bool any = false;
    for (size_t i = 0; set != NULL && i < relation->column_count; i++) {
        set[i] = row->fresh[i].kind != row->before[i].kind || row->fresh[i].text != row->before[i].text;
        any = any || set[i];
    }
    if (set != NULL && !any) {
        set[0] = true;
    }
    return set;
}

int apply_params_alone(const struct apply_relation *relation, const struct apply_statement *statement,
                       const char *database, struct err *err, struct apply_params *ret_params)
{
    static const struct pgoutput_value nothing = {.kind = PGOUTPUT_NULL};
    struct apply_params *params = ret_params;
    const struct apply_row *row = statement->first_row;
    bool whole = statement->kind == APPLY_UPDATE_ROW;
    auto_free struct source *sources = make_sources(relation);
    size_t count = sources == NULL ? 0 : list_sources(relation, statement, sources);
    size_t bytes = 0;
    params->types = calloc(count + 1, sizeof(*params->types));
    params->texts = calloc(count + 1, sizeof(*params->texts));
    params->set = whole ? changes_of(relation, row) : NULL;
    if (sources == NULL || params->types == NULL || params->texts == NULL || (whole && params->set == NULL) ||
        !init(params, count)) {
        return err_no_memory(err);
    }
    params->shape.types = params->types;
    for (size_t i = 0; i < count; i++) {
        bool left = whole && sources[i].kind == OF_FRESH && !params->set[sources[i].index];
        const struct pgoutput_value *value = left ? &nothing : value_of(&sources[i], row);
        bytes += value->len;
        if (add_alone(relation, &sources[i], value, database, i, params, err) != 0) {
            return -1;
        }
    }
    return bytes <= MESSAGE_MAX_BYTES
               ? 0
               : cannot_send(
                     relation, NULL, database,
                     "The source has changed a row of nearly 1 GB there, which PostgreSQL does not take "
                     "in one message. Cancel this migration and start a new one: its base copy reads the "
                     "row.",
                     err);
}

void apply_params_done(struct apply_params *params)
{
    free(params->starts);
    free(params->lengths);
    free(params->formats);
    free(params->types);
    free(params->set);
    for (int i = 0; params->texts != NULL && i < params->shape.count; i++) {
        free(params->texts[i]);
    }
    free(params->texts);
}

void apply_space_done(struct apply_space *space)
{
    free(space->bytes);
    *space = (struct apply_space){0};
}

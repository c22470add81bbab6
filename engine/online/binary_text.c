/* SPDX-License-Identifier: MIT */
#include "engine/online/binary_text.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/str.h"
#include "engine/online/too_large.h"

enum {
    LARGE_BYTES = 64 * 1024 * 1024, /* smaller values fit into PostgreSQL's limit of 1 GB as text */
    NUMBER_TEXT_SIZE = 24,
    SQL_MAX_BYTES = 64 * 1024,
    FIRST_USER_OID = 10000,
};

/* OIDs that are equal on every server. */
enum {
    BOOL_OID = 16,
    BYTEA_OID = 17,
    INT8_OID = 20,
    INT2_OID = 21,
    INT4_OID = 23,
    TEXT_OID = 25,
    OID_OID = 26,
    JSON_OID = 114,
    BPCHAR_OID = 1042,
    VARCHAR_OID = 1043,
};

struct binary_column {
    uint32_t type;
    uint32_t base; /* the base type of a domain, otherwise the type itself */
    char *name;
};

struct binary_relation {
    struct binary_relation *next;
    uint32_t id;
    char *name; /* schema.name */
    size_t column_count;
    struct binary_column *columns;
};

/* ---- what the stream has described -----------------------------------------------------------------------
 */

static void relation_free(struct binary_relation *relation)
{
    for (size_t i = 0; relation->columns != NULL && i < relation->column_count; i++) {
        free(relation->columns[i].name);
    }
    free(relation->columns);
    free(relation->name);
    free(relation);
}

static struct binary_relation *find(const struct binary_text *text, uint32_t id)
{
    struct binary_relation *at = text->relations;
    while (at != NULL && at->id != id) {
        at = at->next;
    }
    return at;
}

static void forget(struct binary_text *text, uint32_t id)
{
    struct binary_relation **at = &text->relations;
    while (*at != NULL && (*at)->id != id) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        struct binary_relation *old = *at;
        *at = old->next;
        relation_free(old);
    }
}

/* The values of a domain are those of its base type. A type that has been dropped since is not resolved. */
static const char bases_sql[] =
    "WITH RECURSIVE base(type, at) AS (SELECT t, t FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS t UNION"
    "   SELECT b.type, d.typbasetype FROM base b JOIN pg_catalog.pg_type d ON d.oid = b.at WHERE d.typtype = "
    "'d')"
    " SELECT b.type, b.at FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.at WHERE t.typtype <> 'd'";

static int find_bases(struct binary_text *text, struct binary_relation *relation, struct err *err)
{
    auto_buf struct buf types = BUF_MAX(SQL_MAX_BYTES);
    auto_result PGresult *bases = NULL;
    struct pg *source = NULL;
    for (size_t i = 0; i < relation->column_count; i++) {
        if (relation->columns[i].type >= FIRST_USER_OID) {
            buf_addf(&types, "%s%u", types.len == 0 ? "{" : ",", (unsigned)relation->columns[i].type);
        }
    }
    if (types.len == 0) {
        return 0;
    }
    buf_addc(&types, '}');
    if (buf_failed(&types)) {
        return err_no_memory(err);
    }
    const char *params[] = {buf_text(&types)};
    if (text->source(text->context, err, &source) != 0 ||
        pg_query(source, err, &bases, bases_sql, 1, params) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(bases); row++) {
        uint32_t type = (uint32_t)strtoul(PQgetvalue(bases, row, 0), NULL, 10);
        for (size_t i = 0; i < relation->column_count; i++) {
            struct binary_column *column = &relation->columns[i];
            column->base =
                column->type == type ? (uint32_t)strtoul(PQgetvalue(bases, row, 1), NULL, 10) : column->base;
        }
    }
    return 0;
}

static int remember(struct binary_text *text, const struct pgoutput_message *message, struct err *err)
{
    struct binary_relation *relation = calloc(1, sizeof(*relation));
    if (relation == NULL) {
        return err_no_memory(err);
    }
    forget(text, message->relation);
    relation->next = text->relations;
    text->relations = relation;
    relation->id = message->relation;
    relation->name =
        str_format("%s.%s", message->schema[0] == '\0' ? "pg_catalog" : message->schema, message->name);
    relation->columns = calloc(message->column_count + 1, sizeof(*relation->columns));
    if (relation->name == NULL || relation->columns == NULL) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < message->column_count; i++) {
        relation->columns[i].type = message->columns[i].type;
        relation->columns[i].base = message->columns[i].type;
        relation->columns[i].name = str_dup(message->columns[i].name);
        relation->column_count++;
        if (relation->columns[i].name == NULL) {
            return err_no_memory(err);
        }
    }
    return find_bases(text, relation, err);
}

/* ---- one value -------------------------------------------------------------------------------------------
 */

/* Types with the same OID and binary format on every server whose values may be larger as text. An array's
 * binary format contains the OID of its element type. */
static bool is_portable(uint32_t type)
{
    static const uint32_t types[] = {
        BYTEA_OID, 602,  604,                                                  /* paths, polygons */
        1560,      1562,                                                       /* bit, varbit */
        1000,      1001, 1005, 1007, 1009, 1014, 1015, 1016, 1021, 1022, 1028, /* arrays of them, of text, */
        1115,      1182, 1185, 1231, 1561, 1563, 2951, 199,                    /* numbers and times */
    };
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i] == type) {
            return true;
        }
    }
    return false;
}

static uint64_t read_number(const struct pgoutput_value *value)
{
    uint64_t number = 0;
    for (uint32_t i = 0; i < value->len; i++) {
        number = number << 8 | (unsigned char)value->text[i];
    }
    return number;
}

static bool set_text(struct arena *arena, struct pgoutput_value *value, const char *text)
{
    size_t len = strlen(text);
    char *copy = arena_alloc(arena, len + 1);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, text, len + 1);
    *value = (struct pgoutput_value){.text = copy, .len = (uint32_t)len, .kind = PGOUTPUT_TEXT};
    return true;
}

static bool set_number(struct arena *arena, struct pgoutput_value *value, int64_t number)
{
    char text[NUMBER_TEXT_SIZE];
    snprintf(text, sizeof(text), "%" PRId64, number);
    return set_text(arena, value, text);
}

static bool set_hex(struct arena *arena, struct pgoutput_value *value)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(arena, 2 * (size_t)value->len + 2);
    if (text == NULL) {
        return false;
    }
    text[0] = '\\';
    text[1] = 'x';
    for (uint32_t i = 0; i < value->len; i++) {
        unsigned char byte = (unsigned char)value->text[i];
        text[2 + 2 * (size_t)i] = digits[byte >> 4];
        text[3 + 2 * (size_t)i] = digits[byte & 15];
    }
    *value = (struct pgoutput_value){.text = text, .len = 2 * value->len + 2, .kind = PGOUTPUT_TEXT};
    return true;
}

/* Converts the most common types without a query. 1: done, 0: the source must convert, -1: memory is out. */
static int convert_here(struct arena *arena, uint32_t type, struct pgoutput_value *value)
{
    bool done = true;
    switch (type) {
    case TEXT_OID:
    case VARCHAR_OID:
    case BPCHAR_OID:
    case JSON_OID:
        value->kind = PGOUTPUT_TEXT; /* the same bytes */
        break;
    case BYTEA_OID:
        done = set_hex(arena, value);
        break;
    case BOOL_OID:
        done = set_text(arena, value, read_number(value) != 0 ? "t" : "f");
        break;
    case INT2_OID:
        done = set_number(arena, value, (int16_t)read_number(value));
        break;
    case INT4_OID:
        done = set_number(arena, value, (int32_t)read_number(value));
        break;
    case INT8_OID:
    case OID_OID:
        done = set_number(arena, value, (int64_t)read_number(value));
        break;
    default:
        return 0;
    }
    return done ? 1 : -1;
}

/* ---- those that the source has to write ------------------------------------------------------------------
 */

struct question {
    size_t count;
    struct pgoutput_value **values;
    Oid *types;
    const char **params;
    int *lengths;
    const char *largest; /* its column's name */
    uint32_t largest_len;
};

static void question_done(struct question *question)
{
    free(question->values);
    free(question->types);
    free(question->params);
    free(question->lengths);
}

static bool question_init(struct question *question, size_t room)
{
    *question = (struct question){.values = calloc(room, sizeof(struct pgoutput_value *)),
                                  .types = calloc(room, sizeof(*question->types)),
                                  .params = calloc(room, sizeof(*question->params)),
                                  .lengths = calloc(room, sizeof(*question->lengths))};
    return question->values != NULL && question->types != NULL && question->params != NULL &&
           question->lengths != NULL;
}

static void add(struct question *question, const struct binary_column *column, struct pgoutput_value *value)
{
    question->values[question->count] = value;
    question->types[question->count] = column->type;
    question->params[question->count] = value->text;
    question->lengths[question->count] = (int)value->len;
    question->count++;
    if (question->largest == NULL || value->len > question->largest_len) {
        question->largest = column->name;
        question->largest_len = value->len;
    }
}

static int convert_on_source(struct binary_text *text, const struct binary_relation *relation,
                             const struct question *question, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    struct pg *source = NULL;
    for (size_t i = 0; i < question->count; i++) {
        buf_addf(&sql, "%s$%zu", i == 0 ? "SELECT " : ", ", i + 1);
    }
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (text->source(text->context, err, &source) != 0) {
        return -1;
    }
    const struct pg_binary_params params = {.count = (int)question->count,
                                            .types = question->types,
                                            .values = question->params,
                                            .lengths = question->lengths};
    if (pg_query_binary(source, err, &text->answer, buf_text(&sql), &params) != 0) {
        bool too_large = question->largest_len >= LARGE_BYTES && too_large_is_state(err->sqlstate);
        return too_large ? too_large_value(err, source->database, relation->name, question->largest) : -1;
    }
    for (size_t i = 0; i < question->count; i++) {
        *question->values[i] = (struct pgoutput_value){.text = PQgetvalue(text->answer, 0, (int)i),
                                                       .len = (uint32_t)PQgetlength(text->answer, 0, (int)i),
                                                       .kind = PGOUTPUT_TEXT};
    }
    return 0;
}

/* ---- messages --------------------------------------------------------------------------------------------
 */

static int convert_tuple(struct arena *arena, const struct binary_relation *relation,
                         const struct pgoutput_tuple *tuple, struct question *question, struct err *err)
{
    for (size_t i = 0; tuple->values != NULL && i < tuple->count; i++) {
        struct pgoutput_value *value = &tuple->values[i];
        uint32_t type = i < relation->column_count ? relation->columns[i].base : 0;
        if (value->kind != PGOUTPUT_BINARY) {
            continue;
        }
        if (value->len >= LARGE_BYTES && is_portable(type)) {
            value->type = (uint16_t)type;
            continue;
        }
        int converted = convert_here(arena, type, value);
        if (converted < 0) {
            return err_no_memory(err);
        }
        if (converted == 0 && type != 0) {
            add(question, &relation->columns[i], value);
        }
    }
    return 0;
}

static int convert(struct binary_text *text, const struct pgoutput_message *message, struct err *err)
{
    const struct binary_relation *relation = find(text, message->relation);
    __attribute__((cleanup(question_done))) struct question question = {0};
    if (relation == NULL) {
        return 0; /* the applier reports the error */
    }
    if (!question_init(&question, message->old.count + message->fresh.count + 1)) {
        return err_no_memory(err);
    }
    if (convert_tuple(&text->arena, relation, &message->old, &question, err) != 0 ||
        convert_tuple(&text->arena, relation, &message->fresh, &question, err) != 0) {
        return -1;
    }
    return question.count == 0 ? 0 : convert_on_source(text, relation, &question, err);
}

int binary_text_convert(struct binary_text *text, struct pgoutput_message *message, struct err *err)
{
    arena_reset(&text->arena);
    PQclear(text->answer);
    text->answer = NULL;
    switch (message->kind) {
    case PGOUTPUT_RELATION:
        return remember(text, message, err);
    case PGOUTPUT_INSERT:
    case PGOUTPUT_UPDATE:
    case PGOUTPUT_DELETE:
        return convert(text, message, err);
    default:
        return 0;
    }
}

void binary_text_done(struct binary_text *text)
{
    while (text->relations != NULL) {
        forget(text, text->relations->id);
    }
    arena_done(&text->arena);
    PQclear(text->answer);
    *text = (struct binary_text){0};
}

/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_relation_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/apply/apply_keys_private.h"
#include "engine/apply/apply_statement_private.h"
#include "engine/catalog/transfer_catalog.h"

enum { SQL_MAX_BYTES = 1024 * 1024, GENERATED_SINCE = 120000, SHA256_SINCE = 110000, BYTEA_OID = 17 };

/* ---- what the stream says --------------------------------------------------------------------------------
 */

static char *quote(struct pg *target, const char *name)
{
    auto_buf struct buf text = BUF_MAX(SQL_MAX_BYTES);
    pg_add_identifier(target, &text, name);
    return buf_take(&text);
}

int apply_relation_name_column(struct apply_column *column, struct pg *target, const char *name,
                               struct err *err)
{
    free(column->quoted);
    column->quoted = quote(target, name);
    return column->quoted == NULL || !str_replace(&column->name, name) ? err_no_memory(err) : 0;
}

static bool fill_columns(struct apply_relation *relation, const struct pgoutput_message *message,
                         struct pg *target)
{
    relation->columns = calloc(message->column_count + 1, sizeof(*relation->columns));
    if (relation->columns == NULL) {
        return false;
    }
    relation->column_count = message->column_count;
    for (size_t i = 0; i < message->column_count; i++) {
        struct apply_column *column = &relation->columns[i];
        struct err ignored;
        column->source_name = str_dup(message->columns[i].name);
        column->source_key = message->columns[i].key;
        column->type_id = message->columns[i].type;
        column->modifier = message->columns[i].modifier;
        if (column->source_name == NULL ||
            apply_relation_name_column(column, target, column->source_name, &ignored) != 0) {
            return false;
        }
    }
    return true;
}

int apply_relation_new(const struct pgoutput_message *message, struct pg *target, struct err *err,
                       struct apply_relation **ret_relation)
{
    struct apply_relation *relation = calloc(1, sizeof(*relation));
    if (relation == NULL) {
        return err_no_memory(err);
    }
    const char *schema = message->schema[0] == '\0' ? "pg_catalog" : message->schema;
    relation->id = message->relation;
    relation->source_identity = message->identity;
    relation->schema = str_dup(schema);
    relation->name = str_dup(message->name);
    relation->what = str_format("table %s.%s", schema, message->name);
    if (relation->schema == NULL || relation->name == NULL || relation->what == NULL ||
        !fill_columns(relation, message, target)) {
        apply_relation_free(relation);
        return err_no_memory(err);
    }
    *ret_relation = relation;
    return 0;
}

void apply_relation_free(struct apply_relation *relation)
{
    if (relation == NULL) {
        return;
    }
    for (size_t i = 0; relation->columns != NULL && i < relation->column_count; i++) {
        free(relation->columns[i].source_name);
        free(relation->columns[i].name);
        free(relation->columns[i].quoted);
        free(relation->columns[i].type);
        free(relation->columns[i].equals);
    }
    apply_statements_free(relation);
    free(relation->columns);
    table_now_done(&relation->source);
    free(relation->schema);
    free(relation->name);
    free(relation->what);
    free(relation->table);
    free(relation->check);
    free(relation->keys);
    free(relation->buckets);
    free(relation);
}

bool apply_relation_same(const struct apply_relation *a, const struct apply_relation *b)
{
    bool same = str_equals(a->schema, b->schema) && str_equals(a->name, b->name) &&
                a->source_identity == b->source_identity && a->column_count == b->column_count &&
                a->described == b->described && table_now_same(&a->source, &b->source);
    for (size_t i = 0; same && i < a->column_count; i++) {
        const struct apply_column *one = &a->columns[i];
        const struct apply_column *other = &b->columns[i];
        same = str_equals(one->source_name, other->source_name) && one->source_key == other->source_key &&
               one->type_id == other->type_id && one->modifier == other->modifier;
    }
    return same;
}

/* ---- the table on the target -----------------------------------------------------------------------------
 */

static const char table_sql[] =
    "SELECT c.relispartition,"
    " pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY')"
    " FROM pg_catalog.pg_class c WHERE c.oid = $1::pg_catalog.oid";

static int set_table(struct apply_relation *relation, struct pg *target, const char *schema, const char *name,
                     struct err *err)
{
    auto_buf struct buf text = BUF_MAX(SQL_MAX_BYTES);
    pg_add_qualified(target, &text, schema, name);
    free(relation->table);
    relation->table = buf_take(&text);
    return relation->table == NULL ? err_no_memory(err) : 0;
}

/* The partitioned table whose partitions' rows may be in other partitions than on the source, if any. */
static int find_root(struct apply_relation *relation, struct pg *target, struct err *err, char **oid)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    auto_result PGresult *root = NULL;
    const char *params[] = {*oid};
    buf_adds(&sql, "WITH RECURSIVE relations AS (SELECT $1::oid AS oid)");
    catalog_add_hash_roots(&sql, target->version);
    buf_adds(&sql, ", below(oid) AS (SELECT root FROM roots UNION ALL SELECT i.inhrelid FROM below b"
                   " JOIN pg_inherits i ON i.inhparent = b.oid)"
                   " SELECT c.oid, n.nspname, c.relname, (SELECT count(*) FROM below b JOIN pg_class l"
                   " ON l.oid = b.oid AND l.relkind = 'r') FROM roots r JOIN pg_class c ON c.oid = r.root"
                   " JOIN pg_namespace n ON n.oid = c.relnamespace");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_query(target, err, &root, buf_text(&sql), 1, params) != 0) {
        return -1;
    }
    if (PQntuples(root) == 0) {
        return 0;
    }
    int64_t partitions = 0;
    str_to_int(PQgetvalue(root, 0, 3), 0, INT32_MAX, &partitions);
    relation->partitions = (size_t)partitions;
    relation->through = true;
    relation->grouped = true;
    return str_replace(oid, PQgetvalue(root, 0, 0))
               ? set_table(relation, target, PQgetvalue(root, 0, 1), PQgetvalue(root, 0, 2), err)
               : err_no_memory(err);
}

static int find_table(struct apply_relation *relation, const struct table_now *there, struct pg *target,
                      struct err *err, char **oid)
{
    auto_result PGresult *table = NULL;
    const char *params[] = {*oid};
    if (pg_query(target, err, &table, table_sql, 1, params) != 0) {
        return -1;
    }
    if (PQntuples(table) == 0) {
        err_set(err, ERR_CONFLICT, "The %s of the target has just been dropped.", relation->what);
        err->lasting = false;
        return -1;
    }
    relation->through = there->kind == 'p';
    relation->grouped = relation->acts;
    relation->partitions = 0;
    relation->may_gather = pg_is_true(table, 0, 1);
    if (set_table(relation, target, there->schema, there->name, err) != 0) {
        return -1;
    }
    return pg_is_true(table, 0, 0) ? find_root(relation, target, err, oid) : 0;
}

/* ---- its columns -----------------------------------------------------------------------------------------
 */

/* A cast from text usually calls the type's input function. Where a cast function is declared instead it may
 * read something else: such values go as an array of the type. */
static const char columns_sql[] =
    "SELECT a.attname, pg_catalog.format_type(a.atttypid, -1), EXISTS ("
    "  WITH RECURSIVE base(type) AS (SELECT a.atttypid UNION ALL SELECT t.typbasetype FROM base b"
    "    JOIN pg_catalog.pg_type t ON t.oid = b.type WHERE t.typbasetype <> 0)"
    "  SELECT 1 FROM pg_catalog.pg_cast k WHERE k.castsource = 25 AND k.castmethod = 'f'"
    "    AND k.casttarget IN (SELECT type FROM base)), (SELECT t.typdelim FROM pg_catalog.pg_type t"
    "    WHERE t.oid = a.atttypid), ("
    "  WITH RECURSIVE base(type) AS (SELECT a.atttypid UNION ALL SELECT t.typbasetype FROM base b"
    "    JOIN pg_catalog.pg_type t ON t.oid = b.type WHERE t.typbasetype <> 0)"
    "  SELECT b.type FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.type WHERE t.typbasetype = 0)"
    " FROM pg_catalog.pg_attribute a"
    " WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped";

struct apply_column *apply_relation_column(struct apply_relation *relation, const char *name)
{
    for (size_t i = 0; i < relation->column_count; i++) {
        if (strcmp(relation->columns[i].name, name) == 0) {
            return &relation->columns[i];
        }
    }
    return NULL;
}

static int load_columns(struct apply_relation *relation, struct pg *target, const char *oid, struct err *err)
{
    relation->spare = false;
    auto_result PGresult *columns = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, columns_sql);
    buf_adds(&sql, target->version >= GENERATED_SINCE ? " AND a.attgenerated = ''" : "");
    if (pg_query(target, err, &columns, buf_text(&sql), 1, &oid) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(columns); row++) {
        struct apply_column *column = apply_relation_column(relation, PQgetvalue(columns, row, 0));
        if (column == NULL) {
            relation->spare = true;
            continue;
        }
        column->by_array = pg_is_true(columns, row, 2);
        column->delimiter = PQgetvalue(columns, row, 3)[0];
        column->base = (uint32_t)strtoul(PQgetvalue(columns, row, 4), NULL, 10);
        column->digest = column->base != BYTEA_OID        ? NULL
                         : target->version < SHA256_SINCE ? "pg_catalog.md5"
                                                          : "pg_catalog.sha256";
        if (!str_replace(&column->type, PQgetvalue(columns, row, 1))) {
            return err_no_memory(err);
        }
    }
    return 0;
}

int apply_relation_load(struct apply_relation *relation, const struct table_now *there, struct pg *target,
                        struct err *err)
{
    auto_free char *oid = str_format("%u", (unsigned)there->oid);
    if (oid == NULL) {
        return err_no_memory(err);
    }
    if (find_table(relation, there, target, err, &oid) != 0 ||
        load_columns(relation, target, oid, err) != 0 || apply_keys_load(relation, target, oid, err) != 0) {
        return -1;
    }
    relation->loaded = true;
    return 0;
}

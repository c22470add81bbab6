/* SPDX-License-Identifier: MIT */
#include "engine/apply/relation/apply_facts.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/apply/relation/apply_keys_private.h"
#include "engine/catalog/transfer_catalog.h"

enum { SQL_MAX_BYTES = 1024 * 1024, GENERATED_SINCE = 120000, SHA256_SINCE = 110000, BYTEA_OID = 17 };

/* ---- its foreign keys ------------------------------------------------------------------------------------
 */

/* Includes the keys of partitions and of the partitioned tables above. The order of changes matters for keys
 * that change rows, and for keys that reject rows immediately. */
static const char actions_sql[] =
    "WITH RECURSIVE above(oid) AS (SELECT c.oid FROM pg_catalog.pg_class c"
    "    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2"
    "  UNION SELECT i.inhparent FROM above a JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.oid"
    "    JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'),"
    " family(oid) AS (SELECT oid FROM above UNION SELECT i.inhrelid FROM family f"
    "    JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid"
    "    JOIN pg_catalog.pg_class p ON p.oid = f.oid AND p.relkind = 'p'),"
    " keys AS (SELECT (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))"
    "      AND r.relkind = 'r' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger t"
    "        WHERE t.tgrelid = k.conrelid AND t.tgname = $3 AND t.tgenabled <> 'D') AS changes,"
    "    k.confdeltype = 'r' OR k.confupdtype = 'r' OR NOT k.condeferrable AS refuses"
    "  FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class r ON r.oid = k.conrelid"
    "  WHERE k.contype = 'f' AND (k.conrelid IN (SELECT oid FROM family)"
    "    OR k.confrelid IN (SELECT oid FROM family)))"
    " SELECT coalesce(bool_or(changes), false), coalesce(bool_or(changes OR refuses), false) FROM keys";

static int load_actions(struct apply_relation *relation, const struct table_now *there, struct pg *target,
                        const char *helper, struct err *err)
{
    auto_result PGresult *actions = NULL;
    const char *params[] = {there->schema, there->name, helper};
    relation->facts.lenient = false;
    relation->facts.acts = false;
    if (target->replica) {
        return 0;
    }
    if (pg_query(target, err, &actions, actions_sql, 3, params) != 0) {
        return -1;
    }
    relation->facts.lenient = pg_is_true(actions, 0, 0);
    relation->facts.acts = pg_is_true(actions, 0, 1);
    return 0;
}

/* ---- the table -------------------------------------------------------------------------------------------
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
    free(relation->facts.table);
    relation->facts.table = buf_take(&text);
    return relation->facts.table == NULL ? err_no_memory(err) : 0;
}

/* The root of table $1 ("roots", catalog_add_hash_roots()) and the number of tables with rows below it. */
static const char root_begin[] = "WITH RECURSIVE relations AS (SELECT $1::oid AS oid)";
static const char root_select[] =
    ", below(oid) AS (SELECT root FROM roots"
    "   UNION ALL SELECT i.inhrelid FROM below b JOIN pg_inherits i ON i.inhparent = b.oid)"
    " SELECT c.oid, n.nspname, c.relname,"
    "   (SELECT count(*) FROM below b JOIN pg_class l ON l.oid = b.oid AND l.relkind = 'r')"
    " FROM roots r JOIN pg_class c ON c.oid = r.root JOIN pg_namespace n ON n.oid = c.relnamespace";

/* Finds the partitioned table, if any, whose rows may be in other partitions than on the source. */
static int find_root(struct apply_relation *relation, struct pg *target, struct err *err, char **oid)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    auto_result PGresult *root = NULL;
    const char *params[] = {*oid};
    buf_adds(&sql, root_begin);
    catalog_add_hash_roots(&sql, target->version);
    buf_adds(&sql, root_select);
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
    relation->facts.partitions = (size_t)partitions;
    relation->facts.through = true;
    relation->facts.grouped = true;
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
    relation->facts.through = there->kind == 'p';
    relation->facts.grouped = relation->facts.acts;
    relation->facts.partitions = 0;
    relation->facts.may_gather = pg_is_true(table, 0, 1);
    if (set_table(relation, target, there->schema, there->name, err) != 0) {
        return -1;
    }
    return pg_is_true(table, 0, 0) ? find_root(relation, target, err, oid) : 0;
}

/* ---- its columns -----------------------------------------------------------------------------------------
 */

/*
 * Columns, the types below their domains, and how their values are sent. A cast from text usually calls the
 * type's input function. A declared cast function may accept another format, so such values are sent as an
 * array of the type.
 */
#define COLUMNS                                                                                              \
    "SELECT a.attname, pg_catalog.format_type(a.atttypid, -1), EXISTS (SELECT 1 FROM pg_catalog.pg_cast k"   \
    "    WHERE k.castsource = 25 AND k.castmethod = 'f' AND k.casttarget = ANY (b.types)),"                  \
    "  t.typdelim, b.types[pg_catalog.cardinality(b.types)]"                                                 \
    " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid CROSS JOIN LATERAL ("   \
    "   WITH RECURSIVE below(type, depth) AS (SELECT a.atttypid, 0 UNION ALL SELECT d.typbasetype,"          \
    "       depth + 1 FROM below JOIN pg_catalog.pg_type d ON d.oid = below.type WHERE d.typtype = 'd')"     \
    "   SELECT pg_catalog.array_agg(type ORDER BY depth) AS types FROM below) b"                             \
    " WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped"

static const char columns_until_11[] = COLUMNS;
/* Generated columns cannot be written. */
static const char columns_since_12[] = COLUMNS " AND a.attgenerated = ''";

static int load_columns(struct apply_relation *relation, struct pg *target, const char *oid, struct err *err)
{
    relation->facts.has_target_only_columns = false;
    auto_result PGresult *columns = NULL;
    const char *sql = target->version >= GENERATED_SINCE ? columns_since_12 : columns_until_11;
    if (pg_query(target, err, &columns, sql, 1, &oid) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(columns); row++) {
        struct apply_column *column = apply_relation_column(relation, PQgetvalue(columns, row, 0));
        if (column == NULL) {
            relation->facts.has_target_only_columns = true;
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

int apply_facts_load(struct apply_relation *relation, const struct table_now *there, struct pg *target,
                     const char *helper, bool careful, struct err *err)
{
    auto_free char *oid = str_format("%u", (unsigned)there->oid);
    if (oid == NULL) {
        return err_no_memory(err);
    }
    if (load_actions(relation, there, target, helper, err) != 0) {
        return -1;
    }
    relation->facts.acts = relation->facts.acts || careful;
    if (find_table(relation, there, target, err, &oid) != 0 ||
        load_columns(relation, target, oid, err) != 0 || apply_keys_load(relation, target, oid, err) != 0) {
        return -1;
    }
    relation->loaded = true;
    return 0;
}

/* ---- younger triggers ------------------------------------------------------------------------------------
 */

int apply_facts_newest(struct pg *target, struct err *err, char **ret_oid)
{
    return pg_value(target, err, ret_oid, "SELECT coalesce(max(oid), 0::oid) FROM pg_catalog.pg_trigger", 0,
                    NULL);
}

/* Uses the index on the OID. Temporary tables belong to other sessions. */
const char apply_facts_newer_sql[] =
    "SELECT count(*) FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid"
    " WHERE t.oid > $1::pg_catalog.oid AND c.relpersistence <> 't'";

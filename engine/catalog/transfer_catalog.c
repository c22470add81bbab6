/* SPDX-License-Identifier: MIT */
#include "engine/catalog/transfer_catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/catalog/user_relation.h"

enum { SQL_MAX_BYTES = 64 * 1024 * 1024 };

/* Relations of the user: not the system's, and an extension's only if it is configuration ("config"). */
#define USER_RELATIONS(relkind)                                                                              \
    "config AS (SELECT u.oid, u.condition FROM pg_extension e, LATERAL (SELECT unnest(e.extconfig) AS oid, " \
    "  unnest(e.extcondition) AS condition) u), "                                                            \
    "relations AS (SELECT c.oid, n.nspname, c.relname, g.oid IS NOT NULL AS config, g.condition "            \
    "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN config g ON g.oid = c.oid "   \
    "  WHERE c.relkind = '" relkind "' AND " USER_RELATION("g.oid IS NOT NULL") ")"

/* Every type that a column's type consists of: domains, arrays, composites, ranges. "inside": the type is
 * a member of an array or a composite, whose binary form contains the member's OID. */
static const char type_parts[] =
    ", parts(top, type, inside) AS ("
    "  SELECT a.atttypid, a.atttypid, false FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid"
    "    WHERE a.attnum > 0 AND NOT a.attisdropped"
    "  UNION"
    "  SELECT p.top, x.type, p.inside OR x.inside FROM parts p JOIN pg_type t ON t.oid = p.type"
    "    CROSS JOIN LATERAL ("
    "      SELECT t.typbasetype, false WHERE t.typbasetype <> 0"
    "      UNION ALL SELECT t.typelem, true WHERE t.typelem <> 0 AND t.typlen = -1"
    "      UNION ALL SELECT a.atttypid, true FROM pg_attribute a WHERE a.attrelid = t.typrelid"
    "        AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped"
    "      UNION ALL SELECT g.rngsubtype, false FROM pg_range g WHERE g.rngtypid = t.oid%s"
    "    ) x(type, inside))";

/* Types that must be copied as text: types without binary functions; types that contain OIDs (they would
 * silently refer to other objects on the target); pg_node_tree and similar types, which have no input
 * function; XML in another encoding than UTF8, where the binary form declares the encoding inside the
 * value; members whose OIDs differ between servers, if the target checks them (up to 13). */
static const char text_types[] =
    ", textual AS (SELECT DISTINCT p.top FROM parts p JOIN pg_type t ON t.oid = p.type"
    "  WHERE t.typsend = 0 OR t.typreceive = 0"
    "    OR (t.typnamespace = 'pg_catalog'::regnamespace AND t.typname IN ('regproc', 'regprocedure', "
    "'regoper',"
    "      'regoperator', 'regclass', 'regtype', 'regrole', 'regnamespace', 'regconfig', 'regdictionary',"
    "      'regcollation', 'regdatabase', 'aclitem', 'pg_node_tree', 'pg_ndistinct', 'pg_dependencies',"
    "      'pg_mcv_list'))"
    "    OR (t.typname = 'xml' AND $2 <> 'UTF8')"
    "    OR (p.inside AND t.oid >= 10000 AND $1::int < 140000)"
    "    OR current_setting('integer_datetimes') <> 'on')";

/* Partitions below a hash-partitioned table whose hash may differ on the target: the hash of an enum is
 * that of its OID, and that of a text under a nondeterministic collation depends on the ICU library. Their
 * rows are loaded through the topmost partitioned table, which routes them again. */
static const char hash_roots[] =
    ", up(leaf, ancestor, depth) AS ("
    "  SELECT r.oid, i.inhparent, 1 FROM relations r JOIN pg_class c ON c.oid = r.oid AND c.relispartition"
    "    JOIN pg_inherits i ON i.inhrelid = r.oid"
    "  UNION ALL"
    "  SELECT u.leaf, i.inhparent, u.depth + 1 FROM up u JOIN pg_class c ON c.oid = u.ancestor"
    "    AND c.relispartition JOIN pg_inherits i ON i.inhrelid = u.ancestor)"
    ", unsafe AS (SELECT p.partrelid FROM pg_partitioned_table p WHERE p.partstrat = 'h' AND ("
    "  EXISTS (SELECT 1 FROM unnest(p.partclass::oid[]) k JOIN pg_opclass o ON o.oid = k WHERE o.oid >= 16384"
    "    OR o.opcintype IN (26, 2249, 2277, 3500, 3831, 4537))" /* oid, record, any array, enum, range,
                                                                   multirange */
    "  OR EXISTS (SELECT 1 FROM unnest(p.partcollation::oid[]) k JOIN pg_collation l ON l.oid = k"
    "    WHERE NOT %s)))"
    ", roots AS (SELECT leaf, (array_agg(ancestor ORDER BY depth DESC))[1] AS root FROM up GROUP BY leaf"
    "  HAVING bool_or(ancestor IN (SELECT partrelid FROM unsafe)))";

static const char tables_select[] =
    ", columns AS (SELECT a.attrelid, bool_or(a.atttypid IN (SELECT top FROM textual)) AS text,"
    "    string_agg('\"' || replace(a.attname, '\"', '\"\"') || '\"', ', ' ORDER BY a.attnum) AS names"
    "  FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid"
    "  WHERE a.attnum > 0 AND NOT a.attisdropped%s GROUP BY 1)"
    " SELECT r.oid, r.nspname, r.relname, c.names, coalesce(c.text, true),"
    "   CASE WHEN r.config THEN coalesce(r.condition, '') END, n.nspname, p.relname,"
    "   greatest(coalesce(pg_table_size(r.oid), 0), %s), coalesce(%s, 0)"
    " FROM relations r LEFT JOIN columns c ON c.attrelid = r.oid LEFT JOIN roots o ON o.leaf = r.oid"
    " JOIN pg_class t ON t.oid = r.oid LEFT JOIN pg_class p ON p.oid = o.root LEFT JOIN pg_namespace n ON "
    "n.oid = p.relnamespace ORDER BY r.oid";

void catalog_add_hash_roots(struct buf *sql, int version)
{
    if (version >= 110000) {
        buf_addf(sql, hash_roots, version >= 120000 ? "l.collisdeterministic" : "true");
    } else {
        buf_adds(sql, ", roots AS (SELECT NULL::oid AS leaf, NULL::oid AS root WHERE false)");
    }
}

static void add_tables_sql(struct buf *sql, int version)
{
    buf_adds(sql, "WITH RECURSIVE " USER_RELATIONS("r"));
    buf_addf(sql, type_parts,
             version >= 140000
                 ? " UNION ALL SELECT g.rngtypid, false FROM pg_range g WHERE g.rngmultitypid = t.oid"
                 : "");
    buf_adds(sql, text_types);
    catalog_add_hash_roots(sql, version);
    /* Size 0 means no rows, but only for the access method heap (2). */
    bool has_methods = version >= 120000;
    buf_addf(sql, tables_select, has_methods ? " AND a.attgenerated = ''" : "",
             has_methods ? "CASE t.relam WHEN 2 THEN 0 ELSE 1 END" : "0",
             version >= 140000 ? "CASE t.relam WHEN 2 THEN pg_relation_size(r.oid)"
                                 " / current_setting('block_size')::int END"
                               : "0");
}

/* A copy of a value, NULL for SQL NULL; sets *failed when memory is out. */
static char *copy_value(const PGresult *result, int row, int column, bool *failed)
{
    if (PQgetisnull(result, row, column)) {
        return NULL;
    }
    char *copy = str_dup(PQgetvalue(result, row, column));
    *failed = *failed || copy == NULL;
    return copy;
}

static bool fill_table(const PGresult *result, int row, struct catalog_table *table)
{
    bool failed = false;
    int64_t oid = 0;
    int64_t blocks = 0;
    str_to_int(PQgetvalue(result, row, 0), 0, UINT32_MAX, &oid);
    table->oid = (uint32_t)oid;
    table->schema = copy_value(result, row, 1, &failed);
    table->name = copy_value(result, row, 2, &failed);
    table->columns = copy_value(result, row, 3, &failed);
    table->text = pg_is_true(result, row, 4);
    table->condition = copy_value(result, row, 5, &failed);
    table->root_schema = copy_value(result, row, 6, &failed);
    table->root_name = copy_value(result, row, 7, &failed);
    str_to_int(PQgetvalue(result, row, 8), 0, INT64_MAX, &table->bytes);
    str_to_int(PQgetvalue(result, row, 9), 0, UINT32_MAX, &blocks);
    table->blocks = (uint32_t)blocks;
    return !failed;
}

static int read_tables(struct pg *source, int target_version, const char *encoding, struct err *err,
                       struct catalog *catalog)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    auto_result PGresult *result = NULL;
    char version[16];
    snprintf(version, sizeof(version), "%d", target_version);
    add_tables_sql(&sql, source->version);
    const char *params[] = {version, encoding};
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_query(source, err, &result, buf_text(&sql), 2, params) != 0) {
        return -1;
    }
    size_t count = (size_t)PQntuples(result);
    catalog->tables = calloc(count + 1, sizeof(*catalog->tables));
    if (catalog->tables == NULL) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        catalog->table_count = i + 1;
        if (!fill_table(result, (int)i, &catalog->tables[i])) {
            return err_no_memory(err);
        }
    }
    return 0;
}

static int read_sequences(struct pg *source, struct err *err, struct catalog *catalog)
{
    auto_result PGresult *result = NULL;
    if (pg_query(source, err, &result,
                 "WITH " USER_RELATIONS("S") " SELECT nspname, relname FROM relations ORDER BY oid", 0,
                 NULL) != 0) {
        return -1;
    }
    size_t count = (size_t)PQntuples(result);
    catalog->sequences = calloc(count + 1, sizeof(*catalog->sequences));
    bool failed = catalog->sequences == NULL;
    for (size_t i = 0; i < count && !failed; i++) {
        catalog->sequence_count = i + 1;
        catalog->sequences[i].schema = copy_value(result, (int)i, 0, &failed);
        catalog->sequences[i].name = copy_value(result, (int)i, 1, &failed);
    }
    return failed ? err_no_memory(err) : 0;
}

static int read_large_objects(struct pg *source, struct err *err, struct catalog *catalog)
{
    auto_free char *any = NULL;
    if (pg_value(source, err, &any, "SELECT 1 FROM pg_largeobject_metadata LIMIT 1", 0, NULL) != 0) {
        return -1;
    }
    catalog->has_large_objects = any != NULL;
    return 0;
}

int catalog_read(struct pg *source, int target_version, const char *encoding, struct err *err,
                 struct catalog *ret_catalog)
{
    auto_catalog struct catalog catalog = {0};
    if (read_tables(source, target_version, encoding, err, &catalog) != 0 ||
        read_sequences(source, err, &catalog) != 0 || read_large_objects(source, err, &catalog) != 0) {
        return err_prefix(err, "Cannot read the catalog of the source database. ");
    }
    *ret_catalog = catalog;
    catalog = (struct catalog){0};
    return 0;
}

void catalog_done(struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->table_count; i++) {
        struct catalog_table *table = &catalog->tables[i];
        free(table->schema);
        free(table->name);
        free(table->columns);
        free(table->condition);
        free(table->root_schema);
        free(table->root_name);
    }
    for (size_t i = 0; i < catalog->sequence_count; i++) {
        free(catalog->sequences[i].schema);
        free(catalog->sequences[i].name);
    }
    free(catalog->tables);
    free(catalog->sequences);
    *catalog = (struct catalog){0};
}

const struct catalog_table *catalog_table(const struct catalog *catalog, uint32_t oid)
{
    size_t low = 0;
    size_t high = catalog->table_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (catalog->tables[middle].oid < oid) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < catalog->table_count && catalog->tables[low].oid == oid ? &catalog->tables[low] : NULL;
}

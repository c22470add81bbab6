/* SPDX-License-Identifier: MIT */
/*
 * Determines which tables of the source can be published, which of them need another replica identity for
 * that, and which original identities the comments of Malachite's publications record.
 */
#include "engine/catalog/user_relation.h"
#include "engine/replication/replication_private.h"

enum {
    SQL_MAX_BYTES = 32 * 1024,
    GENERATED_SINCE = 120000,
    PARTITIONED_SINCE = 130000,          /* a partitioned table can be published */
    GENERATED_BREAKS_FULL_SINCE = 180000 /* with REPLICA IDENTITY FULL and a generated column, UPDATE fails */
};

/*
 * Original identities of tables that are FULL for a migration. Several migrations can read one database:
 * the first has recorded the identity that the last must restore. $1: name of the publication, $2:
 * identities stored outside its comment, because somebody may have dropped it.
 */
#define KEPT_SQL                                                                                             \
    "ours AS (SELECT p.pubname, obj_description(p.oid, 'pg_publication') AS note FROM pg_publication p"      \
    "  WHERE p.pubname = $1 OR p.pubname ~ '^malachite_[0-9a-f]{32}_[0-9]+$'), "                             \
    "kept AS (SELECT r.key::oid AS oid, o.pubname, r.value AS own FROM ours o, LATERAL"                      \
    "  jsonb_each_text(CASE WHEN o.note ~ '^[{].*[}]$' THEN o.note::jsonb END) r"                            \
    "  WHERE r.key ~ '^[0-9]+$' AND r.value ~ '^(d|n|i[0-9]*)$'"                                             \
    "  UNION SELECT r.key::oid, $1, r.value FROM jsonb_each_text($2::jsonb) r)"

/* The user's tables as the base copy sees them (engine/catalog/transfer_catalog.c), and partitioned ones. */
#define TABLES_SQL                                                                                           \
    "tables AS (SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relispartition,"          \
    "    c.relreplident::text AS identity, c.relowner,"                                                      \
    "    pg_has_role(c.relowner, 'USAGE') AND has_schema_privilege(n.oid, 'USAGE') AS may"                   \
    "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"                                        \
    "  WHERE c.relkind IN ('r', 'p') AND c.oid >= 16384 AND " USER_RELATION(                                 \
        "c.oid IN (SELECT unnest(e.extconfig) FROM pg_extension e)") ")"

/* Only these indexes can be an identity (RelationGetIndexList); generated columns are not in the stream. */
static void add_keys_sql(struct buf *sql, bool has_generated)
{
    buf_adds(sql, ", keys AS (SELECT i.indrelid, bool_or(i.indisprimary) AS main,"
                  "    bool_or(i.indisreplident) AS chosen FROM pg_index i"
                  "  WHERE i.indisunique AND i.indisvalid AND i.indislive AND i.indimmediate"
                  "    AND (i.indisprimary OR i.indisreplident)");
    if (has_generated) {
        buf_adds(sql, " AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid"
                      "   AND a.attgenerated <> '' AND a.attnum ="
                      "   ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))");
    }
    buf_addf(sql,
             "  GROUP BY 1), columns AS (SELECT a.attrelid, bool_or(%s) AS generated, bool_or(NOT %s) AS sent"
             "  FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid"
             "  WHERE a.attnum > 0 AND NOT a.attisdropped GROUP BY 1)",
             has_generated ? "a.attgenerated <> ''" : "false",
             has_generated ? "a.attgenerated <> ''" : "false");
}

/* "keyed": UPDATE and DELETE work even if the table is published. "unfit": FULL would not help. */
static void add_states_sql(struct buf *sql, bool breaks_full)
{
    buf_addf(sql,
             ", states AS (SELECT t.*, coalesce(y.main, false) AS main, coalesce(c.sent, false) AS sent,"
             "    coalesce(c.generated, false) AND %s AS unfit,"
             "    CASE t.identity WHEN 'f' THEN true WHEN 'd' THEN coalesce(y.main, false)"
             "      WHEN 'i' THEN coalesce(y.chosen, false) ELSE false END AS keyed"
             "  FROM tables t LEFT JOIN keys y ON y.indrelid = t.oid"
             "    LEFT JOIN columns c ON c.attrelid = t.oid)",
             breaks_full ? "true" : "false");
}

/*
 * Partitioned tables that are published as a whole, so that later partitions are included. Such a
 * partition has no identity but its primary key, so the partitioned table needs one, and no table may need
 * a change.
 */
static void add_wholes_sql(struct buf *sql, bool partitioned)
{
    buf_adds(sql, ", wholes AS (SELECT s.oid FROM states s WHERE s.relkind = 'p' AND ");
    buf_adds(sql, partitioned
                      ? "NOT s.relispartition AND s.relpersistence = 'p' AND s.may AND s.main"
                        " AND NOT EXISTS (SELECT FROM pg_partition_tree(s.oid) p"
                        "  LEFT JOIN states l ON l.oid = p.relid WHERE p.isleaf"
                        "  AND (l.keyed AND NOT (l.unfit AND l.identity = 'f')) IS NOT TRUE))"
                        ", covered AS (SELECT p.relid::oid AS oid FROM wholes w, pg_partition_tree(w.oid) p)"
                      : "false), covered AS (SELECT w.oid FROM wholes w)");
}

/* In the order of enum publication_column. */
static const char select_sql[] =
    ", obstacles AS (SELECT s.*, v.oid IS NOT NULL AS covered,"
    "    CASE WHEN s.relkind = 'p' THEN NULL"
    "      WHEN s.relpersistence = 'u' THEN 'it is unlogged'"
    "      WHEN NOT s.sent THEN 'it has no columns'"
    "      WHEN v.oid IS NOT NULL THEN NULL"
    "      WHEN s.unfit AND (s.identity = 'f' OR NOT s.keyed) THEN 'it has generated columns, and no primary"
    " key without them as its replica identity'"
    "      WHEN NOT s.may THEN 'it belongs to \"' || pg_get_userbyid(s.relowner)"
    "        || '\", whose rights \"' || current_user || '\" lacks' END AS obstacle"
    "  FROM states s LEFT JOIN covered v ON v.oid = s.oid)"
    " SELECT o.oid, o.nspname, o.relname, o.obstacle,"
    "   o.obstacle IS NULL AND o.relkind = 'r' AND NOT o.keyed AS change,"
    "   o.covered AND o.relkind = 'r' AS covered,"
    "   CASE WHEN o.identity = 'f' THEN (SELECT min(k.own) FROM kept k WHERE k.oid = o.oid)"
    "     WHEN o.obstacle IS NULL AND o.relkind = 'r' AND NOT o.keyed THEN o.identity || coalesce("
    "       (SELECT min(i.indexrelid::text) FROM pg_index i WHERE i.indrelid = o.oid AND i.indisreplident"
    "        AND o.identity = 'i'), '') END AS own,"
    "   o.identity"
    " FROM obstacles o WHERE o.relkind = 'r' OR o.oid IN (SELECT w.oid FROM wholes w) ORDER BY o.oid";

int replication_read_tables(struct pg *control, const struct replication *replication, struct err *err,
                            PGresult **ret_tables)
{
    const char *params[] = {replication->name, replication->identities};
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "WITH " KEPT_SQL ", " TABLES_SQL);
    add_keys_sql(&sql, control->version >= GENERATED_SINCE);
    add_states_sql(&sql, control->version >= GENERATED_BREAKS_FULL_SINCE);
    add_wholes_sql(&sql, control->version >= PARTITIONED_SINCE);
    buf_adds(&sql, select_sql);
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_query(control, err, ret_tables, buf_text(&sql), 2, params) != 0) {
        return err_prefix(err, "Cannot list the tables to publish. ");
    }
    return 0;
}

int replication_read_kept(struct pg *control, const struct replication *replication, struct err *err,
                          PGresult **ret_tables)
{
    const char *params[] = {replication->name, replication->identities};
    static const char sql[] = "WITH " KEPT_SQL " SELECT n.nspname, c.relname, left(k.own, 1), i.relname"
                              " FROM kept k JOIN pg_class c ON c.oid = k.oid"
                              " JOIN pg_namespace n ON n.oid = c.relnamespace"
                              " LEFT JOIN pg_class i ON i.oid::text = substr(k.own, 2)"
                              " WHERE k.pubname = $1 AND c.relreplident = 'f' AND NOT EXISTS"
                              "  (SELECT FROM kept o WHERE o.oid = k.oid AND o.pubname <> $1) ORDER BY c.oid";
    return pg_query(control, err, ret_tables, sql, 2, params);
}

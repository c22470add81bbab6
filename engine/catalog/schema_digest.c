/* SPDX-License-Identifier: MIT */
#include "engine/catalog/schema_digest.h"

#include "core/buf.h"
#include "core/str.h"

enum { SQL_MAX_BYTES = 64 * 1024, GENERATED_SINCE = 120000 };

/* Relations and schemas that are the user's. Until 11 an OID is a system column, which c.* leaves out. */
static const char users_sql[] =
    "WITH spaces AS (SELECT n.oid, n.nspname, n.nspowner, n.nspacl FROM pg_namespace n"
    "  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname !~ '^malachite_'),"
    " relations AS (SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relispartition, c.relpartbound,"
    "   c.relrowsecurity, c.relforcerowsecurity, c.reloftype, c.relowner, c.relacl, c.reloptions,"
    "   c.relreplident, s.nspname FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace"
    "  WHERE c.relpersistence <> 't' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')),"
    " lines(line) AS (";

static const char tables_sql[] =
    "SELECT concat_ws('|', 'table', nspname, relname, relkind, relpersistence, relispartition,"
    "  relpartbound::text, relrowsecurity, reloftype::regtype) FROM relations WHERE relkind <> 'S'"
    " UNION ALL SELECT concat_ws('|', 'parent', r.nspname, r.relname, i.inhseqno, i.inhparent::regclass)"
    "  FROM relations r JOIN pg_inherits i ON i.inhrelid = r.oid"
    " UNION ALL SELECT concat_ws('|', 'column', r.nspname, r.relname, a.attnum, a.attname, a.attisdropped,"
    "  format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, (SELECT l.collname FROM "
    "pg_collation l WHERE l.oid = a.attcollation)%s)"
    "  FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid WHERE a.attnum > 0 AND r.relkind <> 'S'"
    " UNION ALL SELECT concat_ws('|', 'label', t.typnamespace::regnamespace, t.typname, e.enumlabel,"
    "  e.enumsortorder) FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid";

static const char all_sql[] =
    " UNION ALL SELECT concat_ws('|', 'schema', nspname, nspowner::regrole, nspacl::text) FROM spaces"
    " UNION ALL SELECT concat_ws('|', 'relation', nspname, relname, relkind, relowner::regrole, relacl::text,"
    "  reloptions::text, relreplident, relforcerowsecurity, obj_description(oid, 'pg_class')) FROM relations"
    " UNION ALL SELECT concat_ws('|', 'attribute', r.nspname, r.relname, a.attname, a.attstorage,"
    "  a.attstattarget, a.attacl::text, pg_get_expr(d.adbin, d.adrelid), col_description(r.oid, a.attnum))"
    "  FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped"
    "  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE r.relkind <> 'S'"
    " UNION ALL SELECT concat_ws('|', 'constraint', k.connamespace::regnamespace, k.conrelid::regclass,"
    "  k.contypid::regtype, k.conname, k.convalidated, k.condeferrable, pg_get_constraintdef(k.oid))"
    "  FROM pg_constraint k JOIN spaces s ON s.oid = k.connamespace"
    " UNION ALL SELECT concat_ws('|', 'index', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered,"
    "  i.indisreplident) FROM pg_index i JOIN relations r ON r.oid = i.indrelid"
    " UNION ALL SELECT concat_ws('|', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger t"
    "  JOIN relations r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal"
    " UNION ALL SELECT concat_ws('|', 'rule', r.nspname, r.relname, u.ev_enabled, pg_get_ruledef(u.oid))"
    "  FROM pg_rewrite u JOIN relations r ON r.oid = u.ev_class"
    " UNION ALL SELECT concat_ws('|', 'policy', r.nspname, r.relname, p.polname, p.polcmd,"
    "  p.polroles::regrole[]::text, pg_get_expr(p.polqual, p.polrelid),"
    "  pg_get_expr(p.polwithcheck, p.polrelid)) FROM pg_policy p JOIN relations r ON r.oid = p.polrelid"
    " UNION ALL SELECT concat_ws('|', 'sequence', r.nspname, r.relname, q.seqtypid::regtype, q.seqstart,"
    "  q.seqincrement, q.seqmax, q.seqmin, q.seqcache, q.seqcycle) FROM pg_sequence q"
    "  JOIN relations r ON r.oid = q.seqrelid"
    " UNION ALL SELECT concat_ws('|', 'type', s.nspname, t.typname, t.typtype, t.typowner::regrole,"
    "  t.typacl::text, format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault)"
    "  FROM pg_type t JOIN spaces s ON s.oid = t.typnamespace"
    " UNION ALL SELECT concat_ws('|', 'function', s.nspname, p.proname,"
    "  pg_get_function_arguments(p.oid), p.prorettype::regtype, p.proowner::regrole, p.proacl::text,"
    "  p.provolatile, p.prosecdef, p.proisstrict, p.proconfig::text, p.probin, p.prosrc)"
    "  FROM pg_proc p JOIN spaces s ON s.oid = p.pronamespace"
    " UNION ALL SELECT concat_ws('|', 'statistics', pg_get_statisticsobjdef(x.oid)) FROM pg_statistic_ext x"
    " UNION ALL SELECT concat_ws('|', 'extension', extname, extversion, extnamespace::regnamespace)"
    "  FROM pg_extension"
    " UNION ALL SELECT concat_ws('|', 'event trigger', evtname, evtevent, evtenabled, evtfoid::regproc)"
    "  FROM pg_event_trigger";

int schema_digest(struct pg *source, enum schema_scope scope, struct err *err, char **ret_digest)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, users_sql);
    auto_free char *columns =
        str_format(tables_sql, source->version >= GENERATED_SINCE ? ", a.attgenerated" : "");
    if (columns == NULL) {
        return err_no_memory(err);
    }
    buf_adds(&sql, columns);
    buf_adds(&sql, scope == SCHEMA_ALL ? all_sql : "");
    buf_adds(&sql,
             ") SELECT md5(coalesce(string_agg(line, E'\\n' ORDER BY line COLLATE \"C\"), '')) FROM lines");
    return buf_failed(&sql) ? err_no_memory(err) : pg_value(source, err, ret_digest, buf_text(&sql), 0, NULL);
}

#define STAMP(catalog) "count(*) || ':' || coalesce(sum(xmin::text::bigint), 0) FROM " catalog

int schema_stamp(struct pg *source, struct err *err, char **ret_stamp)
{
    return pg_value(
        source, err, ret_stamp,
        "SELECT string_agg(part, ',') FROM (SELECT " STAMP("pg_class") " UNION ALL SELECT " STAMP(
            "pg_"
            "attribute") " UNION ALL SELECT " STAMP("pg_type") " UNION ALL SELECT " STAMP("pg_namespace") " U"
                                                                                                          "NI"
                                                                                                          "ON"
                                                                                                          " A"
                                                                                                          "LL"
                                                                                                          " S"
                                                                                                          "EL"
                                                                                                          "EC"
                                                                                                          "T"
                                                                                                          " " STAMP("pg_proc") " UNION ALL SELECT " STAMP("pg_rewrite") " UNION ALL SELECT " STAMP("pg_constraint") " UNION ALL SELECT " STAMP("pg_index") " UNION ALL SELECT " STAMP(
                                                                                                              "pg_trigger") " UNION ALL SELECT " STAMP("pg_inherits") " UNION ALL SELECT " STAMP("pg_depend") " UNION ALL SELECT " STAMP("pg_enum") ") AS parts(part)",
        0, NULL);
}

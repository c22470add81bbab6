/* SPDX-License-Identifier: MIT */
/*
 * Reads catalog columns rather than pg_get_...def(): those functions lock the relations that a view reads,
 * and would wait for concurrent ALTERs.
 */
#include "engine/catalog/fingerprint.h"

#include "engine/catalog/fingerprint_private.h"
#include "engine/catalog/identity.h"
#include "engine/catalog/user_relation.h"

enum { SQL_MAX_BYTES = 256 * 1024 * 1024, PROCEDURE_BODY_SINCE = 140000, GENERATED_SINCE = 120000 };

_Static_assert((int)FINGERPRINT_LINES == (int)IDENTITY_ORIGIN_COLUMNS, "the column comes behind those");

/* Names of migrations' helper objects are not part of the user's definitions. */
static const char places_sql[] =
    "places AS (SELECT n.oid, n.nspname FROM pg_namespace n WHERE " USER_SCHEMA
    "   AND n.nspname !~ '^malachite_[0-9a-f]{32}_[0-9]+$'),"
    " members AS (SELECT d.classid, d.objid FROM pg_depend d WHERE d.deptype = 'e'),"
    " tables AS (SELECT c.oid, c.relkind::text AS relkind, c.relnamespace,"
    "     format('%I.%I', p.nspname, c.relname) AS name, c.relpersistence::text AS relpersistence, "
    "c.relowner,"
    "     c.reloptions::text AS options, c.relrowsecurity, c.relforcerowsecurity, c.relacl::text AS acl, "
    "c.relam"
    "   FROM pg_class c JOIN places p ON p.oid = c.relnamespace"
    "   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I') AND c.relpersistence <> 't'"
    "     AND NOT EXISTS (SELECT 1 FROM members m WHERE m.classid = 'pg_class'::regclass AND m.objid = "
    "c.oid)),"
    " kinds(relkind, kind) AS (VALUES ('r', 'table'), ('p', 'table'), ('v', 'view'), ('m', 'materialized "
    "view'),"
    "   ('f', 'foreign table'), ('S', 'sequence'))";

/* Kind, object, its parent, definition. A sequence's parameters are migrated at the cutover, so only its
 * existence counts. */
static const char relations_sql[] =
    " SELECT k.kind, t.name, '', CASE WHEN t.relkind = 'S' THEN '' ELSE concat_ws('|', t.relkind, "
    "t.relpersistence,"
    "   t.options, t.relrowsecurity, t.relforcerowsecurity, (SELECT w.ev_action::text FROM pg_rewrite w"
    "     WHERE w.ev_class = t.oid AND w.rulename = '_RETURN')) END"
    "  FROM tables t JOIN kinds k ON k.relkind = t.relkind"
    " UNION ALL SELECT 'owner or privileges of ' || k.kind, t.name, t.name, concat_ws('|', "
    "t.relowner::regrole, t.acl,"
    "   (SELECT string_agg(a.attname || a.attacl::text, ',' ORDER BY a.attnum) FROM pg_attribute a"
    "     WHERE a.attrelid = t.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped))"
    "  FROM tables t JOIN kinds k ON k.relkind = t.relkind"
    " UNION ALL SELECT 'columns of table', t.name, t.name, string_agg(concat_ws('|', a.attnum, a.attname,"
    "   format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attcollation, a.attstorage,"
    "   a.attstattarget,"
    "   d.adbin::text), ',' ORDER BY a.attnum)"
    "  FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped"
    "  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
    "  WHERE t.relkind IN ('r', 'p', 'f') GROUP BY t.name"
    " UNION ALL SELECT 'index', x.name, t.name, concat_ws('|', x.relam, x.options, i.indisunique, "
    "i.indisvalid,"
    "   i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text, i.indexprs::text,"
    "   i.indpred::text)"
    "  FROM pg_index i JOIN tables t ON t.oid = i.indrelid JOIN tables x ON x.oid = i.indexrelid"
    "  WHERE NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN "
    "('p', 'u', 'x'))"
    " UNION ALL SELECT 'constraint', quote_ident(c.conname) || ' of ' || t.name, t.name, concat_ws('|', "
    "c.contype,"
    "   c.condeferrable, c.condeferred, c.convalidated, c.conkey::text, c.confrelid, c.confkey::text, "
    "c.confupdtype,"
    "   c.confdeltype, c.confmatchtype, c.conbin::text)"
    "  FROM pg_constraint c JOIN tables t ON t.oid = c.conrelid WHERE c.contype NOT IN ('t', 'n')"
    " UNION ALL SELECT 'trigger', quote_ident(g.tgname) || ' of ' || t.name, t.name, concat_ws('|', g.tgtype,"
    "   g.tgenabled, g.tgfoid, g.tgattr::text, g.tgqual::text, encode(g.tgargs, 'hex'), g.tgdeferrable,"
    "   g.tginitdeferred) FROM pg_trigger g JOIN tables t ON t.oid = g.tgrelid WHERE NOT g.tgisinternal"
    " UNION ALL SELECT 'rule', quote_ident(w.rulename) || ' of ' || t.name, t.name, concat_ws('|', w.ev_type,"
    "   w.ev_enabled, w.is_instead, w.ev_qual::text, w.ev_action::text)"
    "  FROM pg_rewrite w JOIN tables t ON t.oid = w.ev_class WHERE w.rulename <> '_RETURN'"
    " UNION ALL SELECT 'policy', quote_ident(y.polname) || ' of ' || t.name, t.name, concat_ws('|', y.polcmd,"
    "   y.polpermissive, y.polroles::text, y.polqual::text, y.polwithcheck::text)"
    "  FROM pg_policy y JOIN tables t ON t.oid = y.polrelid"
    " UNION ALL SELECT 'statistics object', format('%I.%I', p.nspname, s.stxname), t.name, "
    "   to_jsonb(s)::text FROM pg_statistic_ext s JOIN tables t ON t.oid = s.stxrelid"
    "  JOIN places p ON p.oid = s.stxnamespace";

static const char others_sql[] =
    " UNION ALL SELECT 'schema', quote_ident(p.nspname), '', concat_ws('|', n.nspowner::regrole, "
    "n.nspacl::text)"
    "  FROM pg_namespace n JOIN places p ON p.oid = n.oid"
    " UNION ALL SELECT 'type', format('%I.%I', p.nspname, y.typname), '', concat_ws('|', y.typtype, "
    "y.typnotnull,"
    "   y.typbasetype, y.typtypmod, y.typdefault, y.typowner::regrole, y.typacl::text,"
    "   (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = "
    "y.oid),"
    "   (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ',' ORDER BY a.attnum)"
    "     FROM pg_attribute a WHERE a.attrelid = y.typrelid AND a.attnum > 0 AND NOT a.attisdropped),"
    "   (SELECT string_agg(c.conname || c.convalidated || c.conbin::text, ',' ORDER BY c.conname)"
    "     FROM pg_constraint c WHERE c.contypid = y.oid AND c.contype = 'c'),"
    "   (SELECT to_jsonb(r)::text FROM pg_range r WHERE r.rngtypid = y.oid))"
    "  FROM pg_type y JOIN places p ON p.oid = y.typnamespace"
    "  WHERE NOT EXISTS (SELECT 1 FROM pg_type e WHERE e.typarray = y.oid)"
    "   AND (y.typrelid = 0 OR EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = y.typrelid AND c.relkind = "
    "'c'))"
    "   AND NOT EXISTS (SELECT 1 FROM members m WHERE m.classid = 'pg_type'::regclass AND m.objid = y.oid)"
    " UNION ALL SELECT 'extension', quote_ident(e.extname), '', concat_ws('|',"
    "   e.extversion, e.extnamespace::regnamespace) FROM pg_extension e"
    " UNION ALL SELECT 'event trigger', quote_ident(e.evtname), '', concat_ws('|', e.evtevent, e.evtenabled, "
    "e.evtfoid,"
    "   e.evttags::text, e.evtowner::regrole) FROM pg_event_trigger e"
    " UNION ALL SELECT 'default privileges', concat_ws(' ', a.defaclrole::regrole, "
    "a.defaclnamespace::regnamespace,"
    "   a.defaclobjtype), '', a.defaclacl::text FROM pg_default_acl a"
    " UNION ALL SELECT 'settings', concat_ws(' ', 'of the database', CASE WHEN s.setrole <> 0"
    "   THEN 'for ' || s.setrole::regrole::text END), '', s.setconfig::text FROM pg_db_role_setting s"
    "   JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()";

static void add_functions_sql(struct buf *sql, int version)
{
    buf_adds(
        sql,
        " UNION ALL SELECT 'function', format('%I.%I(%s)', p.nspname, f.proname,"
        "   pg_get_function_identity_arguments(f.oid)), '', concat_ws('|', f.prosrc, f.probin::text,"
        "   f.prorettype, f.prolang, f.provolatile, f.proisstrict, f.prosecdef, f.proleakproof,"
        "   f.proparallel, f.proconfig::text, f.proargdefaults::text, f.proowner::regrole, f.proacl::text,"
        "   f.procost, f.prorows, (SELECT to_jsonb(a)::text FROM pg_aggregate a WHERE a.aggfnoid = f.oid)");
    buf_adds(sql, version >= PROCEDURE_BODY_SINCE ? ", f.prosqlbody::text" : "");
    buf_adds(sql, ") FROM pg_proc f JOIN places p ON p.oid = f.pronamespace WHERE NOT EXISTS (SELECT 1"
                  "   FROM members m WHERE m.classid = 'pg_proc'::regclass AND m.objid = f.oid)");
}

/* Adds the CTEs up to prints(line): kind, object, its parent and fingerprint, separated by a control
 * character. */
static void add_prints_sql(struct buf *sql, int version)
{
    buf_adds(sql, places_sql);
    buf_adds(sql, ", prints AS (SELECT concat_ws(E'\\x01', o.kind, o.object, o.parent, md5(o.definition)) AS "
                  "line FROM (");
    buf_adds(sql, relations_sql);
    buf_adds(sql, others_sql);
    buf_adds(sql, fingerprint_operators_sql);
    buf_adds(sql, fingerprint_texts_sql);
    buf_adds(sql, fingerprint_outside_sql);
    buf_adds(sql, fingerprint_attached_sql);
    add_functions_sql(sql, version);
    buf_adds(sql, ") AS o(kind, object, parent, definition))");
}

void fingerprint_add_origin_column(struct buf *sql, int version)
{
    buf_adds(sql, ", (WITH ");
    add_prints_sql(sql, version);
    buf_adds(sql, " SELECT array_agg(line) FROM prints)");
}

void fingerprint_add_table(struct pg *target, struct buf *sql, const char *name)
{
    buf_adds(sql, "CREATE TABLE ");
    pg_add_qualified(target, sql, name, "catalog");
    buf_adds(sql, " (source boolean PRIMARY KEY, lines text[] NOT NULL); ");
}

void fingerprint_add_origin(struct pg *target, struct buf *sql, const char *name, const PGresult *origin)
{
    if (PQnfields(origin) <= FINGERPRINT_LINES) {
        return;
    }
    buf_adds(sql, "INSERT INTO ");
    pg_add_qualified(target, sql, name, "catalog");
    buf_adds(sql, " VALUES (true, ");
    pg_add_literal(target, sql, PQgetvalue(origin, 0, FINGERPRINT_LINES));
    buf_adds(sql, "); INSERT INTO ");
    pg_add_qualified(target, sql, name, "catalog");
    buf_adds(sql, " WITH ");
    add_prints_sql(sql, target->version);
    buf_adds(sql, " SELECT false, array_agg(line) FROM prints; ");
}

/* ---- comparing -------------------------------------------------------------------------------------------
 */

static void add_split_sql(struct buf *sql, const char *name, const char *lines)
{
    buf_addf(sql,
             ", %s AS (SELECT split_part(l, E'\\x01', 1) AS kind, split_part(l, E'\\x01', 2) AS object,"
             "   split_part(l, E'\\x01', 3) AS parent, split_part(l, E'\\x01', 4) AS print FROM unnest(%s) "
             "AS u(l))",
             name, lines);
}

/* "altered" counts only if the target's object is unchanged: if it changed too, the user has probably
 * repeated the DDL there. $1: the source's lines now. */
static const char changes_sql[] =
    ", changes AS (SELECT coalesce(s.kind, b.kind) AS kind, coalesce(s.object, b.object) AS object,"
    "   coalesce(s.parent, b.parent) AS parent, CASE WHEN b.kind IS NULL THEN 'created'"
    "     WHEN s.kind IS NULL THEN 'dropped' ELSE 'altered' END AS done"
    "   FROM source_before b FULL JOIN source_now s ON s.kind = b.kind AND s.object = b.object"
    "   WHERE s.print IS DISTINCT FROM b.print)"
    " SELECT c.kind, c.object, c.done FROM changes c"
    "  LEFT JOIN target_now n ON n.kind = c.kind AND n.object = c.object"
    "  LEFT JOIN target_before t ON t.kind = c.kind AND t.object = c.object"
    "  WHERE CASE c.done WHEN 'created' THEN n.kind IS NULL WHEN 'dropped' THEN n.kind IS NOT NULL"
    "    ELSE n.print IS NOT DISTINCT FROM t.print AND n.kind IS NOT NULL END"
    "   AND NOT EXISTS (SELECT 1 FROM changes p WHERE c.parent = p.object AND p.done <> 'altered'"
    "     AND p.kind IN ('table', 'view', 'materialized view', 'foreign table', 'sequence', 'type', 'schema',"
    "     'collation', 'foreign server', 'extension') AND p.kind <> c.kind)"
    "  ORDER BY c.kind, c.object";

/* Usually nothing changed on the source. Then the target's catalogs need not be read, which shortens the
 * cutover. */
static int is_as_before(struct pg *target, const char *table, const char *now, struct err *err,
                        bool *ret_same)
{
    auto_free char *differs = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_addf(&sql,
             "WITH b AS (SELECT unnest(lines) AS line FROM %s WHERE source), n AS (SELECT unnest($1::text[]) "
             "AS line)"
             " (SELECT 1 FROM (SELECT line FROM b EXCEPT SELECT line FROM n) d LIMIT 1)"
             " UNION ALL (SELECT 1 FROM (SELECT line FROM n EXCEPT SELECT line FROM b) d LIMIT 1) LIMIT 1",
             table);
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    int result = pg_value(target, err, &differs, buf_text(&sql), 1, &now);
    *ret_same = differs == NULL;
    return result;
}

int fingerprint_compare(struct pg *source, struct pg *target, const char *name, struct err *err,
                        PGresult **ret_changes)
{
    auto_free char *now = NULL;
    auto_buf struct buf read = BUF_MAX(SQL_MAX_BYTES);
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    auto_buf struct buf table = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&read, "SELECT lines::text FROM (SELECT ''");
    fingerprint_add_origin_column(&read, source->version);
    buf_adds(&read, ") AS u(nothing, lines)");
    pg_add_qualified(target, &table, name, "catalog");
    buf_adds(&sql, "WITH ");
    add_prints_sql(&sql, target->version);
    buf_addf(&sql, ", before AS (SELECT source, lines FROM %s)", buf_text(&table));
    add_split_sql(&sql, "source_before", "(SELECT lines FROM before WHERE source)");
    add_split_sql(&sql, "target_before", "(SELECT lines FROM before WHERE NOT source)");
    add_split_sql(&sql, "source_now", "$1::text[]");
    add_split_sql(&sql, "target_now", "(SELECT array_agg(line) FROM prints)");
    buf_adds(&sql, changes_sql);
    if (buf_failed(&read) || buf_failed(&sql) || buf_failed(&table)) {
        return err_no_memory(err);
    }
    if (pg_value(source, err, &now, buf_text(&read), 0, NULL) != 0) {
        return -1;
    }
    bool same = false;
    if (is_as_before(target, buf_text(&table), now, err, &same) != 0) {
        return -1;
    }
    *ret_changes = NULL;
    const char *params[] = {now};
    return same ? 0 : pg_query(target, err, ret_changes, buf_text(&sql), 1, params);
}

/* SPDX-License-Identifier: MIT */
/*
 * The cutover adds the foreign keys that were set aside, and rows of the source may violate them by then.
 * This looks for such rows beforehand, on the target: its tables show one moment of the source.
 */
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/replica/replica.h"
#include "engine/replica/replica_changes_private.h"

enum { SQL_MAX_BYTES = 8 * 1024 * 1024 };

enum { KEY_SCHEMA, KEY_TABLE, KEY_NAME };
enum { CHECK_SQL, CHECK_REFERENCED };

/*
 * Builds a query that returns a value without a referenced row, from the source's definition of a valid key
 * and its operators. Partitioned tables include their partitions; other tables exclude their children. The
 * cutover checks keys over periods.
 */
static const char check_sql[] =
    "SELECT format('SELECT format(''(%%s)=(%%s)'', %L, concat_ws('', '', %s)) FROM %s %s f WHERE %s AND"
    "   NOT EXISTS (SELECT 1 FROM %s %s p WHERE %s) LIMIT 1', string_agg(fa.attname, ', ' ORDER BY u.n),"
    "  string_agg(format('f.%I', fa.attname), ', ' ORDER BY u.n),"
    "  CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY' END, format('%I.%I', cn.nspname, c.relname),"
    "  format(CASE k.confmatchtype WHEN 'f' THEN 'NOT (%s)' ELSE '%s' END, string_agg(format("
    "    CASE k.confmatchtype WHEN 'f' THEN 'f.%I IS NULL' ELSE 'f.%I IS NOT NULL' END, fa.attname),"
    "    ' AND ')), CASE r.relkind WHEN 'p' THEN '' ELSE 'ONLY' END, format('%I.%I', rn.nspname, r.relname),"
    "  string_agg(format('p.%I OPERATOR(%I.%s) f.%I', pa.attname, opn.nspname, o.oprname, fa.attname),"
    "    ' AND ')), format('%I.%I', rn.nspname, r.relname)"
    " FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid"
    "  JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace"
    "  JOIN pg_catalog.pg_class r ON r.oid = k.confrelid"
    "  JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace"
    "  CROSS JOIN LATERAL unnest(k.conkey, k.confkey, k.conpfeqop) WITH ORDINALITY u(f, p, op, n)"
    "  JOIN pg_catalog.pg_attribute fa ON fa.attrelid = k.conrelid AND fa.attnum = u.f"
    "  JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = u.p"
    "  JOIN pg_catalog.pg_operator o ON o.oid = u.op"
    "  JOIN pg_catalog.pg_namespace opn ON opn.oid = o.oprnamespace"
    " WHERE k.contype = 'f' AND k.convalidated AND cn.nspname = $1 AND c.relname = $2 AND k.conname = $3"
    "  AND to_jsonb(k) ->> 'conperiod' IS DISTINCT FROM 'true'"
    " GROUP BY k.confmatchtype, c.relkind, c.relname, cn.nspname, r.relkind, r.relname, rn.nspname";

/* Includes the parents, because the key may belong to the partitioned table. */
static void add_uncarried(struct pg *target, struct buf *sql, const struct str_list *uncarried)
{
    buf_adds(sql,
             "WITH RECURSIVE uncarried(oid) AS (SELECT pg_catalog.to_regclass(name)::oid FROM unnest(ARRAY[");
    for (size_t i = 0; i < uncarried->count; i++) {
        buf_adds(sql, i == 0 ? "" : ", ");
        pg_add_literal(target, sql, uncarried->items[i]);
    }
    buf_adds(sql, "]::text[]) AS u(name) UNION SELECT i.inhparent FROM uncarried u"
                  "  JOIN pg_catalog.pg_inherits i ON i.inhrelid = u.oid) ");
}

static int list_keys(struct pg *target, const char *name, const struct str_list *uncarried, struct err *err,
                     PGresult **ret_keys)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    add_uncarried(target, &sql, uncarried);
    buf_adds(&sql, "SELECT n.nspname, c.relname, h.label FROM ");
    pg_add_qualified(target, &sql, name, "changes");
    buf_addf(&sql,
             " h JOIN pg_catalog.pg_class c ON c.oid = h.relation"
             " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE h.kind = %d"
             " AND NOT EXISTS (SELECT 1 FROM uncarried u WHERE u.oid IN (h.relation, h.part))"
             " ORDER BY h.number",
             REPLICA_KEY_MADE);
    return buf_failed(&sql) ? err_no_memory(err) : pg_query(target, err, ret_keys, buf_text(&sql), 0, NULL);
}

static void report(const char *const *key, const char *value, const char *referenced,
                   struct err *ret_violated)
{
    err_set(ret_violated, ERR_CONFLICT,
            "Rows violate the foreign key %s of %s.%s, which Malachite removed from the target for the time "
            "of replication: %s has no row in %s. Correct the rows on the source, or drop the key there and "
            "add it again as NOT VALID. The cutover waits until then.",
            key[KEY_NAME], key[KEY_SCHEMA], key[KEY_TABLE], value, referenced);
    ret_violated->waiting = true;
    ret_violated->lasting = false;
}

int replica_find_violation(struct pg *source, struct pg *target, const char *name,
                           const struct str_list *uncarried, int limit_ms, struct err *err,
                           struct err *ret_violated)
{
    auto_result PGresult *keys = NULL;
    int64_t deadline_ms = clock_monotonic_ms() + limit_ms;
    *ret_violated = (struct err){0};
    if (list_keys(target, name, uncarried, err, &keys) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(keys); row++) {
        auto_result PGresult *check = NULL;
        auto_free char *value = NULL;
        const char *const key[] = {PQgetvalue(keys, row, KEY_SCHEMA), PQgetvalue(keys, row, KEY_TABLE),
                                   PQgetvalue(keys, row, KEY_NAME)};
        target->statement_timeout_ms = clock_ms_left(deadline_ms);
        if (target->statement_timeout_ms == 0) {
            return 0;
        }
        if (pg_query(source, err, &check, check_sql, 3, key) != 0 ||
            (PQntuples(check) > 0 &&
             pg_value(target, err, &value, PQgetvalue(check, 0, CHECK_SQL), 0, NULL) != 0)) {
            return -1;
        }
        if (value != NULL) {
            report(key, value, PQgetvalue(check, 0, CHECK_REFERENCED), ret_violated);
            return 0;
        }
    }
    return 0;
}

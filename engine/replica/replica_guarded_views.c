/* SPDX-License-Identifier: MIT */
#include "engine/replica/replica.h"
#include "engine/replica/replica_changes_private.h"

enum { SQL_MAX_BYTES = 16 * 1024 };

static const char guarded_sql[] =
    "WITH RECURSIVE reads AS (SELECT w.ev_class AS of, d.refobjid AS used FROM pg_catalog.pg_rewrite w"
    "    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
    "      AND d.objid = w.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"
    "      AND d.refobjid <> w.ev_class),"
    " reached AS (SELECT of, used FROM reads"
    "    UNION SELECT r.of, u.used FROM reached r JOIN reads u ON u.of = r.used)"
    " SELECT DISTINCT n.nspname, c.relname FROM reached r"
    "  JOIN pg_catalog.pg_class c ON c.oid = r.of AND c.relkind = 'm'"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE r.used IN (SELECT relation FROM ";

int replica_list_guarded_views(struct pg *target, const char *name, struct err *err, PGresult **ret_views)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, guarded_sql);
    pg_add_qualified(target, &sql, name, "changes");
    buf_addf(&sql, " WHERE kind = %d)", REPLICA_SECURITY_FORCED);
    return buf_failed(&sql) ? err_no_memory(err) : pg_query(target, err, ret_views, buf_text(&sql), 0, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "engine/online/uncarried.h"

#include "engine/replica/replica.h"
#include "engine/replication/tables/stale.h"

enum { SQL_MAX_BYTES = 8 * 1024 * 1024 };

/* Unlogged tables, and unpublished ones. Empty if the publication is missing. */
static const char unpublished_sql[] =
    "WITH RECURSIVE published AS (SELECT oid, puballtables FROM pg_catalog.pg_publication WHERE pubname = "
    "$1),"
    " carried AS (SELECT r.prrelid AS oid FROM published p JOIN pg_catalog.pg_publication_rel r"
    "    ON r.prpubid = p.oid"
    "  UNION SELECT i.inhrelid FROM carried r JOIN pg_catalog.pg_inherits i ON i.inhparent = r.oid"
    "    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition)"
    " SELECT c.oid FROM published p JOIN pg_catalog.pg_class c ON c.relkind = 'r' AND c.oid >= 16384"
    " WHERE c.relpersistence = 'u' OR c.relpersistence = 'p' AND NOT p.puballtables"
    "  AND c.oid NOT IN (SELECT oid FROM carried)";

static void add_oid(struct buf *oids, const PGresult *rows, int row, int column)
{
    buf_addf(oids, "%s%s", oids->len == 0 ? "" : ",", PQgetvalue(rows, row, column));
}

static int find(struct pg *source, struct pg *target, const char *name, struct err *err, struct buf *oids)
{
    auto_result PGresult *unpublished = NULL;
    auto_result PGresult *helper = NULL;
    auto_result PGresult *stale = NULL;
    if (pg_query(source, err, &unpublished, unpublished_sql, 1, &name) != 0 ||
        stale_read_helper(target, name, err, &helper) != 0 ||
        (PQntuples(helper) > 0 && stale_list_tables(source, helper, err, &stale) != 0)) {
        return -1;
    }
    for (int row = 0; row < PQntuples(unpublished); row++) {
        add_oid(oids, unpublished, row, 0);
    }
    for (int row = 0; row < PQntuples(stale); row++) {
        if (pg_is_true(stale, row, STALE_TABLE_IS_STALE)) {
            add_oid(oids, stale, row, STALE_TABLE_OID);
        }
    }
    return 0;
}

int uncarried_note(struct pg *source, const struct endpoint *target, const char *database, const char *name,
                   const struct stop *stop, struct err *err)
{
    auto_pg struct pg session = {0};
    auto_buf struct buf oids = BUF_MAX(SQL_MAX_BYTES);
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    if (pg_open(target, database, PG_WRITE, stop, err, &session) != 0 ||
        replica_own(&session, name, err) != 0 || find(source, &session, name, err, &oids) != 0) {
        return -1;
    }
    buf_adds(&sql, "SET LOCAL synchronous_commit = local; INSERT INTO ");
    pg_add_qualified(&session, &sql, name, "stale");
    buf_addf(&sql, " SELECT i.source, '' FROM unnest('{%s}'::oid[]) AS u(oid) JOIN ", buf_text(&oids));
    pg_add_qualified(&session, &sql, name, "identity");
    buf_adds(&sql, " i ON i.source = u.oid ON CONFLICT DO NOTHING");
    bool failed = buf_failed(&oids) || buf_failed(&sql);
    return failed ? err_no_memory(err) : pg_run(&session, err, buf_text(&sql));
}

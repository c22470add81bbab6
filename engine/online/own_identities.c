/* SPDX-License-Identifier: MIT */
#include "engine/online/own_identities.h"

#include "core/buf.h"
#include "engine/dump/restore.h"

enum { SQL_MAX_BYTES = 16 * 1024 * 1024 };

int own_identities_read(struct pg *source, const char *name, struct err *err, PGresult **ret_identities)
{
    return pg_query(source, err, ret_identities,
                    "SELECT n.nspname, c.relname, left(r.value, 1), i.relname"
                    " FROM pg_publication p, LATERAL jsonb_each_text(obj_description(p.oid,"
                    "  'pg_publication')::jsonb) r JOIN pg_class c ON c.oid = r.key::oid"
                    " JOIN pg_namespace n ON n.oid = c.relnamespace"
                    " LEFT JOIN pg_class i ON i.oid::text = substr(r.value, 2)"
                    " WHERE p.pubname = $1 ORDER BY c.oid",
                    1, &name);
}

static void add_identity(struct pg *target, struct buf *sql, const PGresult *identities, int row)
{
    const char *kind = PQgetvalue(identities, row, 2);
    buf_adds(sql, "ALTER TABLE ONLY ");
    pg_add_qualified(target, sql, PQgetvalue(identities, row, 0), PQgetvalue(identities, row, 1));
    if (kind[0] == 'i' && !PQgetisnull(identities, row, 3)) {
        buf_adds(sql, " REPLICA IDENTITY USING INDEX ");
        pg_add_identifier(target, sql, PQgetvalue(identities, row, 3));
    } else {
        buf_addf(sql, " REPLICA IDENTITY %s", kind[0] == 'd' ? "DEFAULT" : "NOTHING");
    }
}

int own_identities_apply(struct pg *target, const PGresult *identities, struct report *report,
                         struct err *err)
{
    for (int row = 0; row < PQntuples(identities); row++) {
        auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
        add_identity(target, &sql, identities, row);
        if (buf_failed(&sql)) {
            return err_no_memory(err);
        }
        if (pg_run(target, err, buf_text(&sql)) == 0) {
            continue;
        }
        if (restore_is_over(target, err)) {
            return -1;
        }
        report_warning(report, "The replica identity of the table %s.%s differs from that on the source: %s",
                       PQgetvalue(identities, row, 0), PQgetvalue(identities, row, 1), err->message);
    }
    return 0;
}

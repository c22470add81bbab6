/* SPDX-License-Identifier: MIT */
/*
 * Tables that are published with REPLICA IDENTITY FULL only for the time of the migration come to the target
 * with their own identity. What that is, the publication's comment says (engine/replication/replication.h).
 */
#include "core/str.h"
#include "engine/transfer/transfer_steps.h"

enum { SQL_MAX_BYTES = 16 * 1024 * 1024 };

static int read_own_identities(struct transfer_state *state, const char *name, struct err *err,
                               PGresult **ret_identities)
{
    return pg_query(&state->source, err, ret_identities,
                    "SELECT n.nspname, c.relname, left(r.value, 1), i.relname"
                    " FROM pg_publication p, LATERAL jsonb_each_text(obj_description(p.oid,"
                    "  'pg_publication')::jsonb) r JOIN pg_class c ON c.oid = r.key::oid"
                    " JOIN pg_namespace n ON n.oid = c.relnamespace"
                    " LEFT JOIN pg_class i ON i.oid::text = substr(r.value, 2)"
                    " WHERE p.pubname = $1 ORDER BY c.oid",
                    1, &name);
}

static void add_identity(struct transfer_state *state, struct buf *sql, const PGresult *identities, int row)
{
    const char *kind = PQgetvalue(identities, row, 2);
    buf_adds(sql, "ALTER TABLE ONLY ");
    pg_add_qualified(&state->target, sql, PQgetvalue(identities, row, 0), PQgetvalue(identities, row, 1));
    if (kind[0] == 'i' && !PQgetisnull(identities, row, 3)) {
        buf_adds(sql, " REPLICA IDENTITY USING INDEX ");
        pg_add_identifier(&state->target, sql, PQgetvalue(identities, row, 3));
    } else {
        buf_addf(sql, " REPLICA IDENTITY %s", kind[0] == 'd' ? "DEFAULT" : "NOTHING");
    }
}

int own_identities_read(struct transfer_state *state, struct err *err)
{
    const struct transfer_follow *follow = state->transfer->follow;
    return follow == NULL ? 0 : read_own_identities(state, follow->name, err, &state->own_identities);
}

int own_identities_apply(struct transfer_state *state, struct err *err)
{
    for (int row = 0; state->own_identities != NULL && row < PQntuples(state->own_identities); row++) {
        auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
        add_identity(state, &sql, state->own_identities, row);
        if (buf_failed(&sql)) {
            return err_no_memory(err);
        }
        if (pg_run(&state->target, err, buf_text(&sql)) == 0) {
            continue;
        }
        if (restore_is_over(&state->target, err)) {
            return -1;
        }
        report_warning(&state->report,
                       "The replica identity of the table %s.%s differs from that on the source: %s",
                       PQgetvalue(state->own_identities, row, 0), PQgetvalue(state->own_identities, row, 1),
                       err->message);
    }
    return 0;
}

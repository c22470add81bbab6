/* SPDX-License-Identifier: MIT */
/*
 * The triggers behind foreign keys and deferrable constraints can be disabled, which pg_dump ignores.
 * Their names contain OIDs, so they are identified by table, constraint and function.
 */
#include "engine/transfer/trigger_states_private.h"

enum { SQL_MAX_BYTES = 16 * 1024 };

#define CONSTRAINT_TRIGGERS                                                                                  \
    " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"  \
    " JOIN pg_constraint k ON k.oid = t.tgconstraint JOIN pg_class kc ON kc.oid = k.conrelid"                \
    " JOIN pg_namespace kn ON kn.oid = kc.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid"                   \
    " WHERE t.tgisinternal"

int trigger_states_read(struct transfer_state *state, struct err *err)
{
    return pg_query(&state->source, err, &state->trigger_states,
                    "SELECT n.nspname, c.relname, kn.nspname, kc.relname, k.conname, p.proname, "
                    "t.tgenabled" CONSTRAINT_TRIGGERS " AND t.tgenabled <> 'O' ORDER BY t.oid",
                    0, NULL);
}

static const char *words_of(char enabled)
{
    switch (enabled) {
    case 'A':
        return "ENABLE ALWAYS";
    case 'R':
        return "ENABLE REPLICA";
    default:
        return "DISABLE";
    }
}

static int apply(struct transfer_state *state, int row, struct err *err)
{
    const PGresult *states = state->trigger_states;
    auto_free char *name = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    const char *params[6];
    for (int i = 0; i < 6; i++) {
        params[i] = PQgetvalue(states, row, i);
    }
    if (pg_value(&state->target, err, &name,
                 "SELECT t.tgname" CONSTRAINT_TRIGGERS
                 " AND n.nspname = $1 AND c.relname = $2 AND kn.nspname = $3"
                 " AND kc.relname = $4 AND k.conname = $5 AND p.proname = $6 LIMIT 1",
                 6, params) != 0) {
        return -1;
    }
    if (name == NULL) {
        return 0; /* the constraint was skipped, which has been reported */
    }
    buf_adds(&sql, "ALTER TABLE ONLY ");
    pg_add_qualified(&state->target, &sql, params[0], params[1]);
    buf_addf(&sql, " %s TRIGGER ", words_of(PQgetvalue(states, row, 6)[0]));
    pg_add_identifier(&state->target, &sql, name);
    if (pg_run(&state->target, err, buf_text(&sql)) == 0) {
        return 0;
    }
    if (restore_is_over(&state->target, err)) {
        return -1;
    }
    report_warning(&state->report,
                   "The constraint %s of %s.%s is disabled on the source and enabled on the target: %s",
                   params[4], params[2], params[3], err->message);
    return 0;
}

int trigger_states_apply(struct transfer_state *state, struct err *err)
{
    for (int row = 0; row < PQntuples(state->trigger_states); row++) {
        if (apply(state, row, err) != 0) {
            return -1;
        }
    }
    return 0;
}

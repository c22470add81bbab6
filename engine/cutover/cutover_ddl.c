/* SPDX-License-Identifier: MIT */
/*
 * Reports DDL of the source that nobody has repeated on the target and that costs no data: indexes,
 * constraints, functions, views, triggers, types, privileges. For objects that hold data the cutover waits
 * instead (engine/cutover/cutover_missing.c).
 */
#include "engine/catalog/fingerprint.h"
#include "engine/cutover/cutover_private.h"

enum { LISTED_MAX = 500 };

int cutover_warn_of_ddl(struct cutover_state *state, struct err *err)
{
    auto_result PGresult *changes = NULL;
    if (fingerprint_compare(&state->source, &state->target, state->cutover->name, err, &changes) != 0) {
        return err_prefix(err, "Cannot read the schema changes on the source since the base copy. ");
    }
    int count = PQntuples(changes);
    for (int row = 0; row < count && row < LISTED_MAX; row++) {
        cutover_warn(state, "On the source, not on the target: %s %s was %s.", PQgetvalue(changes, row, 0),
                     PQgetvalue(changes, row, 1), PQgetvalue(changes, row, 2));
    }
    if (count > LISTED_MAX) {
        cutover_warn(state, "And %d more changes on the source.", count - LISTED_MAX);
    }
    return 0;
}

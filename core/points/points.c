/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/points/points.h"

#define A(name) (1u << ATTRIBUTE_##name)
#define D(name) (1u << ACTION_##name)

enum {
    OF_REQUEST = A(SUBSCRIPTION) | A(OPERATION) | A(CLIENT) | A(SERVER) | A(MIGRATION),
    OF_MIGRATION = A(SUBSCRIPTION) | A(MIGRATION) | A(SERVER) | A(SUBSTATE),
    OF_DATABASE = OF_MIGRATION | A(DATABASE),
    OF_TABLE = OF_DATABASE | A(TABLE),
    TO_REQUEST = D(HOLD) | D(DELAY) | D(CUT) | D(ANSWER) | D(SERVER),
    TO_STEP = D(HOLD) | D(DELAY) | D(FAIL) | D(SERVER),
    TO_SESSION = TO_STEP | D(CUT),
};

/* clang-format off */
const struct point_row point_table[POINT_COUNT] = {
    [POINT_REQUEST] = {"request", "a request", OF_REQUEST, TO_REQUEST, "A request of Resource Manager has arrived and was not processed yet."},
    [POINT_REPLY] = {"reply", "a response", OF_REQUEST, TO_REQUEST, "The request was processed; its response was not sent yet."},
    [POINT_SUBSTATE_ENTER] = {"substate.enter", "a migration that enters a substate", OF_MIGRATION, TO_STEP, "The migration shows the substate; its step has not begun."},
    [POINT_SUBSTATE_LEAVE] = {"substate.leave", "a migration that leaves a substate", OF_MIGRATION, TO_STEP, "The step is done; the migration still shows the substate."},
    [POINT_DATABASE_BEGIN] = {"database.begin", "a database", OF_DATABASE, TO_STEP, "The copy of a database begins; no session to it is open."},
    [POINT_SCHEMA_ENTRY] = {"schema.entry", "an entry of the schema", OF_DATABASE, TO_SESSION, "Before each object of the schema is created on the target, apart from indexes and constraints."},
    [POINT_TABLE_BEGIN] = {"table.begin", "a table", OF_TABLE, TO_SESSION, "Before the rows of a table are copied, or of each of its pieces (azure.migration_table_split_size)."},
    [POINT_COPY_ROWS] = {"copy.rows", "a row", OF_TABLE, TO_SESSION | D(SLOW), "Before each copied row; all rows before it were sent to the target."},
    [POINT_TABLE_END] = {"table.end", "a table", OF_TABLE, TO_SESSION, "All rows of a table or piece were sent; the target has not committed them."},
    [POINT_INDEX_BEGIN] = {"index.begin", "an index", OF_DATABASE, TO_SESSION, "Before an index is created on the target."},
    [POINT_CONSTRAINT_BEGIN] = {"constraint.begin", "a constraint", OF_DATABASE, TO_SESSION, "Before a constraint is created on the target."},
    [POINT_SEQUENCES] = {"sequences", "a database", OF_DATABASE, TO_SESSION, "Before the values of the sequences are set on the target."},
    [POINT_LARGE_OBJECTS] = {"largeobjects", "a database", OF_DATABASE, TO_SESSION, "Before large objects are copied."},
    [POINT_FOLLOW_BEGIN] = {"follow.begin", "a database", OF_DATABASE, TO_STEP, "Replication of a database begins, or resumes after a failure."},
    [POINT_FOLLOW_TRANSACTION] = {"follow.transaction", "a transaction of the source", OF_DATABASE, TO_SESSION, "Before a replicated transaction is applied."},
    [POINT_CUTOVER_BEGIN] = {"cutover.begin", "a database", OF_DATABASE, TO_STEP, "The trigger position is stored; the last changes may not be applied yet."},
    [POINT_CUTOVER_APPLIED] = {"cutover.applied", "a database", OF_DATABASE, TO_STEP, "Everything up to the trigger position is applied."},
    [POINT_CUTOVER_COMPARE] = {"cutover.compare", "a database", OF_DATABASE, TO_SESSION, "Before both sides are compared."},
    [POINT_CONNECT] = {"connect", "a session", OF_DATABASE, TO_STEP, "Before Malachite opens a session to a PostgreSQL server."},
    [POINT_PROVISION] = {"provision", "a server", A(SUBSCRIPTION) | A(SERVER), D(HOLD) | D(DELAY) | D(FAIL), "Before the PostgreSQL instance of a new server is created."},
    [POINT_LEASE_RENEW] = {"lease.renew", "a renewal", 0, D(HOLD) | D(DELAY) | D(FAIL), "Before the leases of all running migrations are renewed. While it is held, none is."},
};
/* clang-format on */

static const char *const attribute_names[ATTRIBUTE_COUNT] = {
    [ATTRIBUTE_SUBSCRIPTION] = "subscription",
    [ATTRIBUTE_MIGRATION] = "migration",
    [ATTRIBUTE_SERVER] = "server",
    [ATTRIBUTE_DATABASE] = "database",
    [ATTRIBUTE_TABLE] = "table",
    [ATTRIBUTE_SUBSTATE] = "substate",
    [ATTRIBUTE_OPERATION] = "operation",
    [ATTRIBUTE_CLIENT] = "client",
};

static const char *const action_names[ACTION_COUNT] = {
    [ACTION_NONE] = "none", [ACTION_HOLD] = "hold", [ACTION_DELAY] = "delay",   [ACTION_FAIL] = "fail",
    [ACTION_CUT] = "cut",   [ACTION_SLOW] = "slow", [ACTION_ANSWER] = "answer", [ACTION_SERVER] = "server",
};

const char *point_attribute_name(enum point_attribute attribute)
{
    return attribute_names[attribute];
}

const char *point_action_name(enum point_action action)
{
    return action_names[action];
}

bool point_find(const char *name, enum point *ret_point)
{
    for (int i = 0; i < POINT_COUNT; i++) {
        if (strcmp(point_table[i].name, name) == 0) {
            *ret_point = (enum point)i;
            return true;
        }
    }
    return false;
}

/* SPDX-License-Identifier: MIT */
/* Calls for an online migration's helper that open their own session. */
#include <string.h>

#include "engine/pg/sqlstate.h"
#include "engine/replica/replica.h"

enum { STATEMENT_LIMIT_MS = 30000, REMOVE_LIMIT_MS = 10000 };

/* 1: connected, 0: the database does not exist. */
static int open_database(const struct endpoint *target, const char *database, const struct stop *stop,
                         struct err *err, struct pg *ret_pg)
{
    if (pg_open(target, database, PG_WRITE, stop, err, ret_pg) != 0) {
        return sqlstate_is(err->sqlstate, SQLSTATE_UNDEFINED_DATABASE) ? 0 : -1;
    }
    ret_pg->statement_timeout_ms = STATEMENT_LIMIT_MS;
    return 1;
}

int replica_look(const struct endpoint *target, const char *database, const char *name,
                 const struct stop *stop, struct err *err, struct replica_progress *ret_progress,
                 bool *ret_closed)
{
    auto_pg struct pg pg = {0};
    int opened = open_database(target, database, stop, err, &pg);
    int there = opened <= 0 ? opened : replica_read(&pg, name, err, ret_progress);
    return there > 0 && replica_is_closed(&pg, name, err, ret_closed) != 0 ? -1 : there;
}

int replica_remove(const struct endpoint *target, const char *database, const char *name,
                   const struct stop *stop, struct err *err)
{
    auto_pg struct pg pg = {0};
    int opened = open_database(target, database, stop, err, &pg);
    if (opened <= 0) {
        return opened;
    }
    pg.statement_timeout_ms = REMOVE_LIMIT_MS;
    return replica_own(&pg, name, err) != 0 || replica_restore(&pg, name, err) != 0
               ? -1
               : replica_end(&pg, name, err);
}

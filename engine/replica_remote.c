/* SPDX-License-Identifier: MIT */
/* The helper of an online migration, with a session of its own. */
#include <string.h>

#include "engine/replica.h"

enum { STATEMENT_LIMIT_MS = 30000 };

/* 1: connected, 0: there is no such database (any more). */
static int open_database(const struct endpoint *target, const char *database, const struct stop *stop,
                         struct err *err, struct pg *ret_pg)
{
    if (pg_open(target, database, PG_WRITE, stop, err, ret_pg) != 0) {
        return strcmp(err->sqlstate, "3D000") == 0 ? 0 : -1;
    }
    ret_pg->statement_timeout_ms = STATEMENT_LIMIT_MS;
    return 1;
}

int replica_look(const struct endpoint *target, const char *database, const char *name,
                 const struct stop *stop, struct err *err, struct replica_progress *ret_progress)
{
    auto_pg struct pg pg = {0};
    int opened = open_database(target, database, stop, err, &pg);
    return opened <= 0 ? opened : replica_read(&pg, name, err, ret_progress);
}

int replica_remove(const struct endpoint *target, const char *database, const char *name, struct err *err)
{
    auto_pg struct pg pg = {0};
    struct replica_progress ignored;
    int opened = open_database(target, database, NULL, err, &pg);
    int there = opened <= 0 ? opened : replica_read(&pg, name, err, &ignored);
    if (there > 0 && replica_restore(&pg, name, err) != 0) {
        return -1;
    }
    return opened <= 0 || there < 0 ? there : replica_end(&pg, name, err);
}

/* SPDX-License-Identifier: MIT */
/* The tables of a database of a running server, for calls that name one. */
#ifndef ENGINE_ADMIN_DATABASE_TABLES_H
#define ENGINE_ADMIN_DATABASE_TABLES_H

#include "core/err.h"
#include "core/stop.h"
#include "core/str_list.h"
#include "engine/pg/endpoint.h"

/* The names of a database's tables, as PostgreSQL quotes them ("Sales".orders), ordered. Returns 0 if the
 * database does not exist. */
int database_tables(const struct endpoint *endpoint, const char *name, const struct stop *stop,
                    struct err *err, struct str_list *ret_tables);

#endif

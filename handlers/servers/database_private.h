/* SPDX-License-Identifier: MIT */
/* Databases as the client sees them. */
#ifndef HANDLERS_SERVERS_DATABASE_PRIVATE_H
#define HANDLERS_SERVERS_DATABASE_PRIVATE_H

#include <jansson.h>

#include "store/rows/rows.h"

/* A database of the server; takes {name, charset, collation} as the executor gives it. New reference, NULL
 * when memory is out. */
json_t *database_write(const struct server *server, json_t *database);

#endif

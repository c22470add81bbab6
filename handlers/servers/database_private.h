/* SPDX-License-Identifier: MIT */
/* Databases as the client sees them. */
#ifndef HANDLERS_SERVERS_DATABASE_PRIVATE_H
#define HANDLERS_SERVERS_DATABASE_PRIVATE_H

#include <jansson.h>

#include "store/rows/rows.h"

/* The resource of a database; takes over the executor's {name, charset, collation}. New reference, NULL
 * when memory is out. */
json_t *database_write(const struct server *server, json_t *database);

#endif

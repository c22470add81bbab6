/* SPDX-License-Identifier: MIT */
/* Servers as clients see them. */
#ifndef HANDLERS_SERVERS_SERVER_VIEW_PRIVATE_H
#define HANDLERS_SERVERS_SERVER_VIEW_PRIVATE_H

#include <jansson.h>

#include "store/rows/rows.h"

/* The whole resource of either kind as this api-version shows it (NULL: the newest), with its private
 * endpoint connections (an array, or NULL); new reference, NULL when memory is out. */
json_t *server_write(const struct server *server, const char *api_version, json_t *connections);

#endif

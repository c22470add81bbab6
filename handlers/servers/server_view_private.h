/* SPDX-License-Identifier: MIT */
/* Servers and their databases as the client sees them. */
#ifndef HANDLERS_SERVERS_SERVER_VIEW_PRIVATE_H
#define HANDLERS_SERVERS_SERVER_VIEW_PRIVATE_H

#include <jansson.h>

#include "core/err.h"
#include "store/rows.h"

/* The whole resource of either kind as this api-version shows it (NULL: the newest); new reference, NULL when
 * memory is out. */
json_t *server_write(const struct server *server, const char *api_version);
/* A database of it; takes {name, charset, collation} as the executor gives it. */
json_t *database_write(const struct server *server, json_t *database);

/* Objects where objects belong, texts where texts; properties may be NULL. */
int server_properties_check(enum server_kind kind, json_t *properties, struct err *err);
/*
 * Keeps of a request's properties what the resource shows later (known names, in their own spelling, no
 * secrets), over what was kept before (JSON text, or NULL). JSON text in new memory; NULL when memory is out.
 */
char *server_properties_to_keep(enum server_kind kind, json_t *properties, const char *kept_before);

#endif

/* SPDX-License-Identifier: MIT */
/* Private endpoint connections of servers: their settings, and how one is completed. Any thread. */
#ifndef HANDLERS_SERVERS_VALUES_PRIVATE_CONNECTION_H
#define HANDLERS_SERVERS_VALUES_PRIVATE_CONNECTION_H

#include "handlers/servers/values/resource_view.h"

/* Settings, as those of resource_view.h: {"id": ...} of a private endpoint; {"status": ...}. */
extern const struct property_type type_private_endpoint, type_connection_state;

/*
 * Completes what a PUT gave (may be NULL) with what the connection was before (JSON; NULL: it is new): a
 * client that approves or rejects sends the state alone. A new one has to name its private endpoint. Returns
 * 0 and JSON text in new memory, or -1 with err.
 */
int private_connection_complete(json_t *given, const char *before, struct err *err, char **ret_text);

#endif

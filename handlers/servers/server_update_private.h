/* SPDX-License-Identifier: MIT */
/* Changing the row of a server as a PUT or PATCH says. */
#ifndef HANDLERS_SERVERS_SERVER_UPDATE_PRIVATE_H
#define HANDLERS_SERVERS_SERVER_UPDATE_PRIVATE_H

#include "handlers/servers/server_read_private.h"
#include "store/store.h"

/* Tags, sku and settings, as far as they are given; defaults for what the row lacks. */
int server_apply_settings(const struct server_request *wish, struct server *server, struct err *err);
/* Whether the subnet that the wish puts the server into may be used: see handlers/arm/subnet.h. */
int server_check_network(struct store *store, const struct server_request *wish, struct err *err);
/* Address and credentials of an attached server. */
int server_apply_attachment(const struct server_request *wish, struct server *server, struct err *err);
/*
 * Checks the wish against an existing server and writes the row, inside the caller's transaction. *ret_work:
 * whether the executor has to do something as well.
 */
int server_update(struct store *store, const struct server_request *wish, struct server *server,
                  struct err *err, bool *ret_work);

#endif

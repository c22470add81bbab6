/* SPDX-License-Identifier: MIT */
/* Changes the row of a server according to a PUT or PATCH. */
#ifndef HANDLERS_SERVERS_SERVER_UPDATE_PRIVATE_H
#define HANDLERS_SERVERS_SERVER_UPDATE_PRIVATE_H

#include "handlers/arm/app.h"
#include "handlers/servers/server_read_private.h"
#include "store/store.h"

/* Tags, sku and settings, as far as given; defaults for values that the row lacks. */
int server_apply_settings(const struct server_request *wanted, struct server *server, struct err *err);
/* Whether the server may use the requested subnet: see handlers/arm/subnet.h. */
int server_check_network(const struct app *app, const struct server_request *wanted, struct err *err);
/* Address and credentials of an attached server. */
int server_apply_attachment(const struct server_request *wanted, struct server *server, struct err *err);
/*
 * Checks the request against an existing server and writes the row, inside the caller's transaction.
 * *ret_work: whether the executor also has work to do.
 */
int server_update(struct store *store, const struct server_request *wanted, struct server *server,
                  struct err *err, bool *ret_work);

#endif

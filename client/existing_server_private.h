/* SPDX-License-Identifier: MIT */
/* The Malachite that --server names. */
#ifndef CLIENT_EXISTING_SERVER_PRIVATE_H
#define CLIENT_EXISTING_SERVER_PRIVATE_H

#include "client/options_private.h"
#include "client/server/rest.h"

/* Sends no request yet. Release *ret_rest with rest_close(). */
int existing_server_open(const struct client_options *options, struct err *err, struct rest **ret_rest);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The host names that requests may address. A page whose own name resolves to this machine (DNS rebinding)
 * sends that name, and is rejected.
 */
#ifndef SERVER_ALLOWED_HOST_PRIVATE_H
#define SERVER_ALLOWED_HOST_PRIVATE_H

#include <stdbool.h>

#include "core/str_list.h"
#include "server/connections/peer.h"

/*
 * host: the Host header, or the host of the request line. True for loopback names and addresses, for the
 * local address of the connection, and for the listed names (compared without case or port).
 */
bool allowed_host(const char *host, const struct peer *local, const struct str_list *names);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Which names a request may be for. A page whose own name somebody has made to resolve to this machine (DNS
 * rebinding) sends that name, and is refused.
 */
#ifndef SERVER_ALLOWED_HOST_PRIVATE_H
#define SERVER_ALLOWED_HOST_PRIVATE_H

#include <stdbool.h>

#include "core/str_list.h"
#include "server/connections/peer.h"

/*
 * host: the Host header, or what stands for it in the request line. True for loopback names and addresses,
 * for the address that the connection came in by, and for the names (without case, whatever the port).
 */
bool allowed_host(const char *host, const struct peer *local, const struct str_list *names);

#endif

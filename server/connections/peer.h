/* SPDX-License-Identifier: MIT */
/* Addresses of a connection's other side, and networks of them. */
#ifndef SERVER_CONNECTIONS_PEER_H
#define SERVER_CONNECTIONS_PEER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* An IPv6 address; IPv4 is mapped into it. All zero: unknown. */
struct peer {
    struct in6_addr address;
};

struct peer peer_of(const struct sockaddr *name);
/* Parses a numeric address of len bytes, without brackets. False if it is malformed. */
bool peer_parse(const char *text, size_t len, struct peer *ret_peer);
bool peer_is_loopback(const struct peer *peer);
bool peer_equals(const struct peer *a, const struct peer *b);

/* Parses "10.0.0.0/8", or one address. False if text is neither. */
bool peer_network_parse(const char *text, struct peer *ret_network, int *ret_bits);
/* Also false if network is malformed. */
bool peer_is_in(const struct peer *peer, const char *network);

#endif

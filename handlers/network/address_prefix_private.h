/* SPDX-License-Identifier: MIT */
/* Address ranges such as 10.0.0.0/16 or fd00::/64. Any thread. */
#ifndef HANDLERS_NETWORK_ADDRESS_PREFIX_PRIVATE_H
#define HANDLERS_NETWORK_ADDRESS_PREFIX_PRIVATE_H

#include <netinet/in.h>
#include <stdbool.h>

struct address_prefix {
    int family; /* AF_INET or AF_INET6 */
    unsigned char bytes[sizeof(struct in6_addr)];
    unsigned length;
};

/* False if text is malformed. Bits after the prefix must be 0. */
bool address_prefix_parse(const char *text, struct address_prefix *ret_prefix);
/* Whether outer contains every address of inner. */
bool address_prefix_contains(const struct address_prefix *outer, const struct address_prefix *inner);

#endif

/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <string.h>

#include "core/str.h"
#include "server/connections/peer.h"

enum { ADDRESS_BITS = 128, MAPPED_BITS = 96 };

static struct peer map_v4(const struct in_addr *address)
{
    struct peer peer = {.address = {.s6_addr = {[10] = 0xFF, [11] = 0xFF}}};
    memcpy(&peer.address.s6_addr[12], address, sizeof(*address));
    return peer;
}

struct peer peer_of(const struct sockaddr *name)
{
    if (name != NULL && name->sa_family == AF_INET) {
        return map_v4(&((const struct sockaddr_in *)(const void *)name)->sin_addr);
    }
    struct peer peer = {0};
    if (name != NULL && name->sa_family == AF_INET6) {
        peer.address = ((const struct sockaddr_in6 *)(const void *)name)->sin6_addr;
    }
    return peer;
}

bool peer_parse(const char *text, size_t len, struct peer *ret_peer)
{
    char copy[INET6_ADDRSTRLEN];
    if (len >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    struct in_addr v4;
    if (inet_pton(AF_INET, copy, &v4) == 1) {
        *ret_peer = map_v4(&v4);
        return true;
    }
    return inet_pton(AF_INET6, copy, &ret_peer->address) == 1;
}

bool peer_is_loopback(const struct peer *peer)
{
    const struct in6_addr *address = &peer->address;
    return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

bool peer_equals(const struct peer *a, const struct peer *b)
{
    return IN6_ARE_ADDR_EQUAL(&a->address, &b->address);
}

bool peer_network_parse(const char *text, struct peer *ret_network, int *ret_bits)
{
    size_t len = strcspn(text, "/");
    if (!peer_parse(text, len, ret_network)) {
        return false;
    }
    *ret_bits = ADDRESS_BITS;
    if (text[len] == '\0') {
        return true;
    }
    int skipped = strchr(text, ':') == NULL ? MAPPED_BITS : 0;
    int64_t bits = 0;
    if (!str_to_int(text + len + 1, 0, ADDRESS_BITS - skipped, &bits)) {
        return false;
    }
    *ret_bits = (int)bits + skipped;
    return true;
}

bool peer_is_in(const struct peer *peer, const char *network)
{
    struct peer base = {0};
    int bits = 0;
    if (!peer_network_parse(network, &base, &bits)) {
        return false;
    }
    int whole = bits / 8;
    int rest = bits % 8;
    const unsigned char *a = peer->address.s6_addr;
    const unsigned char *b = base.address.s6_addr;
    return memcmp(a, b, (size_t)whole) == 0 && (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

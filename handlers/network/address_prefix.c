/* SPDX-License-Identifier: MIT */
#include "handlers/network/address_prefix_private.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "core/str.h"

static bool bit_at(const struct address_prefix *prefix, unsigned index)
{
    return (prefix->bytes[index / 8] >> (7 - index % 8) & 1) != 0;
}

bool address_prefix_parse(const char *text, struct address_prefix *ret_prefix)
{
    enum { ADDRESS_MAX = INET6_ADDRSTRLEN };
    const char *slash = text == NULL ? NULL : strchr(text, '/');
    char address[ADDRESS_MAX + 1] = "";
    int64_t length = 0;
    if (slash == NULL || slash - text > ADDRESS_MAX) {
        return false;
    }
    memcpy(address, text, (size_t)(slash - text));
    struct address_prefix prefix = {.family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET};
    unsigned bits = prefix.family == AF_INET6 ? 128 : 32;
    if (inet_pton(prefix.family, address, prefix.bytes) != 1 || !str_to_int(slash + 1, 0, bits, &length)) {
        return false;
    }
    prefix.length = (unsigned)length;
    for (unsigned i = prefix.length; i < bits; i++) {
        if (bit_at(&prefix, i)) {
            return false;
        }
    }
    *ret_prefix = prefix;
    return true;
}

bool address_prefix_contains(const struct address_prefix *outer, const struct address_prefix *inner)
{
    if (outer->family != inner->family || outer->length > inner->length) {
        return false;
    }
    for (unsigned i = 0; i < outer->length; i++) {
        if (bit_at(outer, i) != bit_at(inner, i)) {
            return false;
        }
    }
    return true;
}

/* SPDX-License-Identifier: MIT */
#include "core/parse/server_address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/memory.h"
#include "core/str.h"

enum { HOST_MAX = 253, PORT_MAX = 65535 };

static bool is_name(const char *text)
{
    size_t len = 0;
    for (; text[len] != '\0'; len++) {
        unsigned char c = (unsigned char)text[len];
        if (!isalnum(c) && strchr("-._", c) == NULL) {
            return false;
        }
    }
    return len > 0 && len <= HOST_MAX;
}

/* "fe80::1%eth0" has a zone after the address. */
static bool is_ipv6(const char *text)
{
    struct in6_addr ignored;
    size_t len = strcspn(text, "%");
    auto_free char *address = memory_checked(strndup(text, len));
    return address != NULL && inet_pton(AF_INET6, address, &ignored) == 1 &&
           (text[len] == '\0' || is_name(text + len + 1));
}

bool server_address_host_is_valid(const char *host)
{
    return is_name(host) || is_ipv6(host);
}

bool server_address_parse(const char *text, struct server_address *ret_address)
{
    const char *at = strchr(text, '@');
    const char *colon = at == NULL ? NULL : memrchr(text, ':', (size_t)(at - text));
    *ret_address = (struct server_address){0};
    if (colon == NULL || at[1] == '\0') {
        return false;
    }
    bool brackets = text[0] == '[' && colon - text > 2 && colon[-1] == ']';
    auto_free char *port_text = memory_checked(strndup(colon + 1, (size_t)(at - colon - 1)));
    int64_t port = 0;
    ret_address->host =
        memory_checked(strndup(text + (brackets ? 1 : 0), (size_t)(colon - text) - (brackets ? 2 : 0)));
    ret_address->user = str_dup(at + 1);
    if (ret_address->host == NULL || ret_address->user == NULL || port_text == NULL ||
        !str_to_int(port_text, 1, PORT_MAX, &port)) {
        return false;
    }
    ret_address->port = (int)port;
    return brackets ? is_ipv6(ret_address->host) : is_name(ret_address->host);
}

void server_address_done(struct server_address *address)
{
    free(address->host);
    free(address->user);
    *address = (struct server_address){0};
}

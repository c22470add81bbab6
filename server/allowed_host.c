/* SPDX-License-Identifier: MIT */
#include "server/allowed_host_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/str.h"
#include "server/request.h"

/* "localhost", and "x.localhost", which also resolves to loopback (RFC 6761). */
static bool is_localhost(const char *name, size_t len)
{
    static const char localhost[] = "localhost";
    size_t known = sizeof(localhost) - 1;
    return len >= known && strncasecmp(name + len - known, localhost, known) == 0 &&
           (len == known || name[len - known - 1] == '.');
}

static bool is_local_address(const char *text, size_t len, const struct peer *local)
{
    struct peer address = {0};
    return peer_parse(text, len, &address) && (peer_is_loopback(&address) || peer_equals(&address, local));
}

static bool is_listed(const char *name, size_t len, const struct str_list *names)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strlen(names->items[i]) == len && strncasecmp(names->items[i], name, len) == 0) {
            return true;
        }
    }
    return false;
}

bool allowed_host(const char *host, const struct peer *local, const struct str_list *names)
{
    if (!request_is_host(host, strlen(host))) {
        return false;
    }
    if (host[0] == '[') {
        size_t len = strcspn(host + 1, "]");
        return is_local_address(host + 1, len, local) || is_listed(host + 1, len, names);
    }
    size_t len = strcspn(host, ":");
    if (len > 1 && host[len - 1] == '.') {
        len--; /* the root, which does not change the name */
    }
    return is_localhost(host, len) || is_local_address(host, len, local) || is_listed(host, len, names);
}

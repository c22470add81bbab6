/* SPDX-License-Identifier: MIT */
#include "engine/catalog/replication_name.h"

#include <ctype.h>
#include <string.h>

#include "core/buf.h"

enum { UUID_DIGITS = 32, NAME_MAX_BYTES = 64 };

static const char prefix[] = "malachite_";

char *replication_name(const char *uuid, int position)
{
    auto_buf struct buf name = BUF_MAX(NAME_MAX_BYTES);
    buf_adds(&name, prefix);
    for (const char *at = uuid; *at != '\0'; at++) {
        if (*at != '-') {
            buf_addc(&name, (char)tolower((unsigned char)*at));
        }
    }
    buf_addf(&name, "_%d", position);
    return buf_take(&name);
}

bool replication_name_is_ours(const char *name)
{
    if (strncmp(name, prefix, sizeof(prefix) - 1) != 0) {
        return false;
    }
    const char *uuid = name + sizeof(prefix) - 1;
    size_t digits = strspn(uuid, "0123456789abcdef");
    if (digits != UUID_DIGITS || uuid[digits] != '_') {
        return false;
    }
    const char *position = uuid + digits + 1;
    return position[0] != '\0' && position[strspn(position, "0123456789")] == '\0';
}

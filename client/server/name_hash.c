/* SPDX-License-Identifier: MIT */
#include "client/server/name_hash.h"

uint64_t name_hash(const char *text)
{
    uint64_t hash = 14695981039346656037U;
    for (const char *at = text; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * 1099511628211U;
    }
    return hash;
}

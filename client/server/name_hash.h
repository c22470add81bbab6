/* SPDX-License-Identifier: MIT */
/* Short names for long strings. */
#ifndef CLIENT_SERVER_NAME_HASH_H
#define CLIENT_SERVER_NAME_HASH_H

#include <stdint.h>

/* FNV-1a: equal for equal strings on every machine; for names, not for secrets. */
uint64_t name_hash(const char *text);

#endif

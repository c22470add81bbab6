/* SPDX-License-Identifier: MIT */
#include "core/parse/ssl_mode.h"

#include <stddef.h>

#include "core/attr.h"
#include "core/str.h"

static const struct {
    const char *service;
    const char *libpq;
} modes[] = {
    {"Prefer", "prefer"}, {"Require", "require"}, {"VerifyCA", "verify-ca"}, {"VerifyFull", "verify-full"}};

const char *ssl_mode_to_libpq(const char *ssl_mode)
{
    for (size_t i = 0; ssl_mode != NULL && i < ARRAY_LEN(modes); i++) {
        if (str_iequals(ssl_mode, modes[i].service)) {
            return modes[i].libpq;
        }
    }
    return NULL;
}

const char *ssl_mode_of_libpq(const char *sslmode)
{
    for (size_t i = 0; sslmode != NULL && i < ARRAY_LEN(modes); i++) {
        if (str_equals(sslmode, modes[i].libpq)) {
            return modes[i].service;
        }
    }
    return NULL;
}

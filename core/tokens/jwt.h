/* SPDX-License-Identifier: MIT */
/* JSON Web Tokens signed with RS256, in their compact form. */
#ifndef CORE_TOKENS_JWT_H
#define CORE_TOKENS_JWT_H

#include <jansson.h>
#include <stdbool.h>

#include "core/tokens/signing_key.h"

/* A token with these claims, in new memory, which the caller frees; NULL if it cannot be created. */
char *jwt_sign(struct signing_key *key, const json_t *claims);
/* The claims of a token that this key has signed; NULL for any other. Does not check its times. New
 * reference. */
json_t *jwt_verify(struct signing_key *key, const char *token);

#endif

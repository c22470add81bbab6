/* SPDX-License-Identifier: MIT */
/* Authenticates callers: the bearer token of a request, according to --auth. */
#ifndef HANDLERS_SIGNIN_AUTH_H
#define HANDLERS_SIGNIN_AUTH_H

#include "core/err.h"
#include "server/request.h"

/*
 * none: everybody. any: everybody with a well-formed bearer token. strict: with a token signed by
 * Malachite, for this audience and tenant, and valid now. Returns 0, or -1 with Resource Manager's error,
 * after adding the WWW-Authenticate header to the reply. strict keeps the token's claims in the request. May
 * wait for the signing key at first start.
 */
int auth_check(struct request *request, struct err *err);

#endif

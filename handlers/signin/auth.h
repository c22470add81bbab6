/* SPDX-License-Identifier: MIT */
/* Who may call: the bearer token of a request, as --auth wants it. */
#ifndef HANDLERS_SIGNIN_AUTH_H
#define HANDLERS_SIGNIN_AUTH_H

#include "core/err.h"
#include "server/request.h"

/*
 * none: everybody. any: everybody with a well-formed bearer token. strict: with one that we have signed, for
 * this audience and tenant, and that is valid now. Returns 0, or -1 with Resource Manager's error, having
 * added the WWW-Authenticate header to the answer. May wait for the signing key at first start.
 */
int auth_check(struct request *request, struct err *err);

#endif

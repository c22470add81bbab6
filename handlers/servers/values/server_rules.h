/* SPDX-License-Identifier: MIT */
/* What the members of a server have to do with each other. Any thread. */
#ifndef HANDLERS_SERVERS_VALUES_SERVER_RULES_H
#define HANDLERS_SERVERS_VALUES_SERVER_RULES_H

#include <jansson.h>

#include "core/err.h"
#include "store/rows/rows.h"

/* The tier that a compute size belongs to, by its name; NULL when the name does not say. */
const char *tier_of_size(enum server_kind kind, const char *name);

/*
 * The sku and the settings that a server is to have: size and tier fit, storage does not shrink, performance
 * fits the storage. A performance tier that the client did not give with a larger storage grows with it, in
 * settings. before: the settings that it has, or NULL; given: those of the request.
 */
int server_rules_check(enum server_kind kind, const json_t *sku, json_t *settings, const json_t *before,
                       const json_t *given, struct err *err);

/* The service's rules for the password of an administrator. */
int server_password_check(const char *login, const char *password, struct err *err);

#endif

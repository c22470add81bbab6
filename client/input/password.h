/* SPDX-License-Identifier: MIT */
/* Where passwords come from when they are not in the URI. Never from an argument of their own. */
#ifndef CLIENT_INPUT_PASSWORD_H
#define CLIENT_INPUT_PASSWORD_H

#include "client/input/server_uri.h"

/* Finds the password where the URI has none: MALACHITE_SOURCE_PASSWORD or MALACHITE_TARGET_PASSWORD,
 * PGPASSWORD, the passfile, a prompt. Without any, the server has to let the user in without a password. */
int password_find(struct server_uri *uri, const char *passfile, struct err *err);

#endif

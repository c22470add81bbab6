/* SPDX-License-Identifier: MIT */
/* Finds passwords that are not in the URI. There is no command-line option for a password. */
#ifndef CLIENT_INPUT_PASSWORD_H
#define CLIENT_INPUT_PASSWORD_H

#include "client/input/server_uri.h"

/* Finds the password if the URI has none: MALACHITE_SOURCE_PASSWORD or MALACHITE_TARGET_PASSWORD,
 * PGPASSWORD, the passfile, a prompt. Without any, the server must admit the user without a password. */
int password_find(struct server_uri *uri, const char *passfile, struct err *err);

#endif

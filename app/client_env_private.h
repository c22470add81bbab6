/* SPDX-License-Identifier: MIT */
/* `malachite env CLIENT`: the settings with which a client works against a running Malachite. */
#ifndef APP_CLIENT_ENV_PRIVATE_H
#define APP_CLIENT_ENV_PRIVATE_H

#include <stdbool.h>
#include <stdio.h>

#include "core/options/options.h"

/* "az, node, python, curl" */
void client_env_list(const char *separator, FILE *out);
/*
 * Prints shell exports, and comments with the commands to run next. Finds the server by the endpoints file
 * of the options, otherwise by address and port. Returns an exit code: clean, or usage if the client is
 * unknown or the options do not say where the server is.
 */
int client_env_print(const char *client, const struct options *options);

#endif

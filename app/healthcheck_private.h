/* SPDX-License-Identifier: MIT */
/* `malachite healthcheck`: asks a running Malachite whether it is ready; for containers without curl. */
#ifndef APP_HEALTHCHECK_PRIVATE_H
#define APP_HEALTHCHECK_PRIVATE_H

#include "core/options/options.h"

/* Finds the server by the endpoints file of the options, otherwise by address and port; prints one line.
 * Returns an exit code: clean, unhealthy, or usage if the options do not say where it is. Takes at most
 * three seconds. */
int healthcheck(const struct options *options);

#endif

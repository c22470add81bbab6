/* SPDX-License-Identifier: MIT */
/* `malachite serve`: everything from the options to the end of the process. */
#ifndef APP_SERVE_PRIVATE_H
#define APP_SERVE_PRIVATE_H

#include "core/options/options.h"

/* The exit codes of the process; service managers know these numbers. */
enum exit_code {
    EXIT_CLEAN = 0,
    EXIT_UNHEALTHY = 1,
    EXIT_USAGE = 2,
    EXIT_SERVICE_MISSING = 69,
    EXIT_BUG = 70,
    EXIT_BAD_CONFIGURATION = 78,
};

/* Serves until SIGTERM, SIGINT or SIGHUP. Returns an exit code; the log contains the reason. Call it while
 * the process has a single thread. */
int serve(const struct options *options);

#endif

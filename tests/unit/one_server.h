/* SPDX-License-Identifier: MIT */
/* One PostgreSQL server for all tests of a file: start_server() and stop_server() are the group's setup and
 * teardown, and NEEDS_SERVER skips a test if there is no server. */
#ifndef TESTS_UNIT_ONE_SERVER_H
#define TESTS_UNIT_ONE_SERVER_H

#include "tests/unit/postgres.h"

static struct postgres server;
static bool running;

#define NEEDS_SERVER                                                                                         \
    if (!running) {                                                                                          \
        skip();                                                                                              \
    }

static inline int start_server(void **state)
{
    (void)state;
    running = postgres_start(&server, NULL);
    return 0;
}

static inline int stop_server(void **state)
{
    (void)state;
    postgres_stop(&server);
    return 0;
}

#endif

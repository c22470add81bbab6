/* SPDX-License-Identifier: MIT */
/* Several threads that work on one queue while the thread that started them reports progress. */
#ifndef ENGINE_PG_LANES_H
#define ENGINE_PG_LANES_H

#include "core/err.h"

/* Works until the queue that context holds is empty. -1: this lane has failed (err); the others continue. */
typedef int lane_work(void *context, struct err *err);
/* Called on the caller's thread about once a second. */
typedef void lane_tick(void *context);

struct lanes {
    int count;
    lane_work *work;
    void *context;
    lane_tick *tick; /* or NULL */
    void *tick_context;
};

/* Runs all lanes to their end. -1: err is the error of a lane; a request to stop takes precedence. */
int lanes_run(const struct lanes *lanes, struct err *err);

#endif

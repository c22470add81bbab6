/* SPDX-License-Identifier: MIT */
#ifndef HANDLERS_OWN_SEEING_WAIT_TIMEOUT_H
#define HANDLERS_OWN_SEEING_WAIT_TIMEOUT_H

#include <stdint.h>

#include "core/err.h"
#include "server/request.h"

enum { WAIT_SECONDS_DEFAULT = 30, WAIT_SECONDS_MAX = 600 };

/* The query parameter timeout of a long poll: seconds, from 0 (answer at once) to WAIT_SECONDS_MAX. */
int wait_timeout(const struct request *request, struct err *err, int64_t *ret_ms);

#endif

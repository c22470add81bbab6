/* SPDX-License-Identifier: MIT */
/* What the migration service minds about the resources themselves: high availability, replicas, storage,
 * networks. */
#ifndef EXECUTOR_STEPS_SERVICE_CHECKS_PRIVATE_H
#define EXECUTOR_STEPS_SERVICE_CHECKS_PRIVATE_H

#include "engine/precheck/precheck.h"
#include "executor/servers/sides.h"
#include "executor/work.h"

/* Appends findings. With --strict-service, what the service refuses is a failure. -1 with work->err. */
int service_checks(struct work *work, const struct sides *sides, struct findings *findings);

/* The target's azure.extensions, empty when it was never set; the caller frees. NULL with work->err. */
char *service_allowed_extensions(struct work *work, const struct server *target);

#endif

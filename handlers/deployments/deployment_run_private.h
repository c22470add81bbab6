/* SPDX-License-Identifier: MIT */
/* A deployment that runs, step by step. */
#ifndef HANDLERS_DEPLOYMENTS_DEPLOYMENT_RUN_PRIVATE_H
#define HANDLERS_DEPLOYMENTS_DEPLOYMENT_RUN_PRIVATE_H

#include "handlers/deployments/deployment_job_private.h"

/* Takes a deployment one turn forward; never waits for a resource. True when it has ended. */
bool deployment_run_turn(struct deployment_run *run);
void deployment_run_free(struct deployment_run *run);

#endif

/* SPDX-License-Identifier: MIT */
/* Runs a deployment step by step. */
#ifndef HANDLERS_DEPLOYMENTS_DEPLOYMENT_RUN_PRIVATE_H
#define HANDLERS_DEPLOYMENTS_DEPLOYMENT_RUN_PRIVATE_H

#include "handlers/deployments/deployment_job_private.h"

/* Advances a deployment by one turn; never waits for a resource. True if it has ended. */
bool deployment_run_turn(struct deployment_run *run);
void deployment_run_free(struct deployment_run *run);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Deploys templates: one thread advances all running deployments, and creates each resource by the same
 * request that a client would send, through the same routes. Resources that do not depend on each other
 * are created in parallel.
 */
#ifndef HANDLERS_DEPLOYMENTS_DEPLOYER_H
#define HANDLERS_DEPLOYMENTS_DEPLOYER_H

#include "core/err.h"

struct app;
struct deployer;
struct deployment_job;

/* Starts the thread. Deployments that were running when the process ended become Failed. */
int deployer_start(struct app *app, struct err *err, struct deployer **ret_deployer);
/* Ends the thread, and leaves running deployments as a crash would. NULL is fine. */
void deployer_stop(struct deployer *deployer);
/* Takes over the job's contents; after a failure the job remains the caller's. Any thread; does not wait. */
int deployer_submit(struct deployer *deployer, struct deployment_job *job, struct err *err);

#endif

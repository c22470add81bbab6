/* SPDX-License-Identifier: MIT */
/*
 * Deploys templates: one thread that takes all running deployments forward, each resource by the same request
 * that a client would send, through the same routes. Resources that do not depend on each other are made side
 * by side.
 */
#ifndef HANDLERS_DEPLOYMENTS_DEPLOYER_H
#define HANDLERS_DEPLOYMENTS_DEPLOYER_H

#include "core/err.h"

struct app;
struct deployer;
struct deployment_job;

/* Starts the thread. Deployments that ran when the process ended before are Failed from now on. */
int deployer_start(struct app *app, struct err *err, struct deployer **ret_deployer);
/* Ends the thread, leaving running deployments as a crash would. NULL is fine. */
void deployer_stop(struct deployer *deployer);
/* Takes what the job holds; after a failure the job is still the caller's. Any thread; does not wait. */
int deployer_submit(struct deployer *deployer, struct deployment_job *job, struct err *err);

#endif

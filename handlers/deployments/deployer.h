/* SPDX-License-Identifier: MIT */
/*
 * Deploys templates: one thread that takes all running deployments forward, each resource by the same request
 * that a client would send, through the same routes. Resources that do not depend on each other are made side
 * by side.
 */
#ifndef HANDLERS_DEPLOYMENTS_DEPLOYER_H
#define HANDLERS_DEPLOYMENTS_DEPLOYER_H

#include <stdbool.h>

#include "core/err.h"
#include "handlers/deployments/template/template.h"
#include "server/request.h"
#include "store/deployments.h"

struct app;
struct deployer;

/* What a deployment goes on with after its PUT was answered. Release with deployment_job_done(). */
struct deployment_job {
    struct template template;
    struct deployment row; /* as stored */
    char *host;            /* of the PUT: links in answers are made with it */
    char *authorization;   /* secret; never stored */
    bool https;
    char correlation_id[REQUEST_CORRELATION_SIZE];
    int nesting; /* deployments around this one */
};
void deployment_job_done(struct deployment_job *job);

/* Starts the thread. Deployments that ran when the process ended before are Failed from now on. */
int deployer_start(struct app *app, struct err *err, struct deployer **ret_deployer);
/* Ends the thread, leaving running deployments as a crash would. NULL is fine. */
void deployer_stop(struct deployer *deployer);
/* Takes what the job holds; after a failure the job is still the caller's. Any thread; does not wait. */
int deployer_submit(struct deployer *deployer, struct deployment_job *job, struct err *err);

#endif

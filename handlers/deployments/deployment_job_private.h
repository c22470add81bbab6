/* SPDX-License-Identifier: MIT */
/* The remaining work of a deployment after the reply to its PUT. */
#ifndef HANDLERS_DEPLOYMENTS_DEPLOYMENT_JOB_PRIVATE_H
#define HANDLERS_DEPLOYMENTS_DEPLOYMENT_JOB_PRIVATE_H

#include <stdbool.h>

#include "handlers/deployments/template/template.h"
#include "server/request.h"
#include "store/resources/deployments.h"

struct app;

/* Release with deployment_job_done(). */
struct deployment_job {
    struct template template;
    struct deployment row; /* as stored */
    char *host;            /* from the PUT, for links in responses */
    char *authorization;   /* secret; never stored */
    bool https;
    char correlation_id[REQUEST_CORRELATION_SIZE];
    int nesting; /* number of enclosing deployments */
};
void deployment_job_done(struct deployment_job *job);

enum step_state { STEP_WAITING, STEP_RUNNING, STEP_DONE, STEP_FAILED };

/* One resource of a deployment. */
struct step {
    enum step_state state;
    char *poll; /* path and query of its operation's status while STEP_RUNNING */
    int64_t started_us;
    int64_t ended_us;
    int status;         /* HTTP status of its PUT */
    json_t *error;      /* {"code", "message"} once STEP_FAILED */
    int64_t give_up_ms; /* until then requests to a busy server are retried; 0: it was not busy yet */
};

/* A job in progress. */
struct deployment_run {
    struct app *app;
    struct deployment_job job;
    struct step *steps; /* one per resource of the template */
    bool changed;       /* since the row was last written */
    struct deployment_run *next;
};

#endif

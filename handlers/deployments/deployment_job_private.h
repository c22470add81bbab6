/* SPDX-License-Identifier: MIT */
/* What is left to do of a deployment once its PUT was answered. */
#ifndef HANDLERS_DEPLOYMENTS_DEPLOYMENT_JOB_PRIVATE_H
#define HANDLERS_DEPLOYMENTS_DEPLOYMENT_JOB_PRIVATE_H

#include <stdbool.h>

#include "handlers/deployments/template/template.h"
#include "server/request.h"
#include "store/deployments.h"

struct app;

/* Release with deployment_job_done(). */
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

enum step_state { STEP_WAITING, STEP_RUNNING, STEP_DONE, STEP_FAILED };

/* One resource of a deployment. */
struct step {
    enum step_state state;
    char *poll; /* path and query of its operation's status while STEP_RUNNING */
    int64_t started_us;
    int64_t ended_us;
    int status;         /* HTTP status of its PUT */
    json_t *error;      /* {"code", "message"} once STEP_FAILED */
    int64_t give_up_ms; /* until then a busy server is asked again; 0: it was not busy yet */
};

/* A job that is being done. */
struct deployment_run {
    struct app *app;
    struct deployment_job job;
    struct step *steps; /* one per resource of the template */
    bool changed;       /* since the row was written */
    struct deployment_run *next;
};

#endif

/* SPDX-License-Identifier: MIT */
/* What the files of the deployer share. */
#ifndef HANDLERS_DEPLOYMENTS_DEPLOYER_PRIVATE_H
#define HANDLERS_DEPLOYMENTS_DEPLOYER_PRIVATE_H

#include "handlers/deployments/deployer.h"

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

struct deployment_run {
    struct app *app;
    struct deployment_job job;
    struct step *steps; /* one per resource of the template */
    bool changed;       /* since the row was written */
    struct deployment_run *next;
};

/* Takes a deployment one turn forward; never waits for a resource. True when it has ended. */
bool deployment_run_turn(struct deployment_run *run);
void deployment_run_free(struct deployment_run *run);

/* Writes the row. False: it is another deployment's now, or deleted. error and outputs are taken, NULL: none.
 */
bool deployment_row_store(struct deployment_run *run, const char *state, json_t *outputs, json_t *error);
/* The error of a deployment with failed steps. New reference. */
json_t *deployment_row_failure(const struct deployment_run *run);

#endif

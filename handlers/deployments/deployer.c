/* SPDX-License-Identifier: MIT */
#include "handlers/deployments/deployer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/log.h"
#include "core/memory.h"
#include "handlers/arm/app.h"
#include "handlers/deployments/deployer.h"
#include "handlers/deployments/deployment_run_private.h"

enum { TURN_MS = 40 };

struct deployer {
    struct app *app;
    pthread_mutex_t mutex;
    pthread_cond_t changed;         /* a deployment was submitted, or stopping was set */
    struct deployment_run *arrived; /* submitted, but not yet taken over by the thread */
    bool stopping;
    pthread_t thread;
};

/* Waits for work, or for at most one turn if there already is some. False: stop. Call it with the mutex
 * held. */
static bool wait_for_turn(struct deployer *deployer, bool busy)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += TURN_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    int timed_out = 0;
    while (!deployer->stopping && deployer->arrived == NULL && timed_out == 0) {
        timed_out = busy ? pthread_cond_timedwait(&deployer->changed, &deployer->mutex, &until)
                         : pthread_cond_wait(&deployer->changed, &deployer->mutex);
    }
    return !deployer->stopping;
}

/* One turn for each; frees those that have ended. */
static void turn(struct deployment_run **runs)
{
    while (*runs != NULL) {
        struct deployment_run *run = *runs;
        if (deployment_run_turn(run)) {
            *runs = run->next;
            deployment_run_free(run);
        } else {
            runs = &run->next;
        }
    }
}

static void append(struct deployment_run **to, struct deployment_run *more)
{
    while (*to != NULL) {
        to = &(*to)->next;
    }
    *to = more;
}

static void *run_deployer(void *arg)
{
    struct deployer *deployer = arg;
    struct deployment_run *runs = NULL;
    pthread_mutex_lock(&deployer->mutex);
    while (wait_for_turn(deployer, runs != NULL)) {
        append(&runs, deployer->arrived);
        deployer->arrived = NULL;
        pthread_mutex_unlock(&deployer->mutex);
        turn(&runs);
        pthread_mutex_lock(&deployer->mutex);
    }
    append(&runs, deployer->arrived);
    deployer->arrived = NULL;
    pthread_mutex_unlock(&deployer->mutex);
    while (runs != NULL) {
        struct deployment_run *run = runs;
        runs = run->next;
        deployment_run_free(run);
    }
    store_thread_done(deployer->app->store);
    return NULL;
}

int deployer_start(struct app *app, struct err *err, struct deployer **ret_deployer)
{
    static const char interrupted[] =
        "{\"error\":{\"code\":\"DeploymentFailed\",\"message\":\"Malachite stopped while this deployment was "
        "running. Deploy the template again: existing resources stay unchanged.\"}}";
    struct deployer *deployer = memory_checked(calloc(1, sizeof(*deployer)));
    if (deployer == NULL) {
        return err_no_memory(err);
    }
    deployer->app = app;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&deployer->mutex, NULL);
    pthread_cond_init(&deployer->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int failure = store_deployment_end_all(app->store, interrupted, err) < 0
                      ? -1
                      : pthread_create(&deployer->thread, NULL, run_deployer, deployer);
    if (failure != 0) {
        pthread_mutex_destroy(&deployer->mutex);
        pthread_cond_destroy(&deployer->changed);
        free(deployer);
        return failure < 0 ? -1 : err_set(err, ERR_INTERNAL, "cannot start a thread: %s", strerror(failure));
    }
    *ret_deployer = deployer;
    return 0;
}

void deployer_stop(struct deployer *deployer)
{
    if (deployer == NULL) {
        return;
    }
    pthread_mutex_lock(&deployer->mutex);
    deployer->stopping = true;
    pthread_cond_signal(&deployer->changed);
    pthread_mutex_unlock(&deployer->mutex);
    pthread_join(deployer->thread, NULL);
    pthread_mutex_destroy(&deployer->mutex);
    pthread_cond_destroy(&deployer->changed);
    free(deployer);
}

int deployer_submit(struct deployer *deployer, struct deployment_job *job, struct err *err)
{
    struct deployment_run *run = memory_checked(calloc(1, sizeof(*run)));
    struct step *steps = memory_checked(calloc(job->template.count + 1, sizeof(*steps)));
    if (run == NULL || steps == NULL) {
        free(run);
        free(steps);
        return err_no_memory(err);
    }
    run->app = deployer->app;
    run->steps = steps;
    run->job = *job;
    *job = (struct deployment_job){0};
    pthread_mutex_lock(&deployer->mutex);
    append(&deployer->arrived, run);
    pthread_cond_signal(&deployer->changed);
    pthread_mutex_unlock(&deployer->mutex);
    return 0;
}

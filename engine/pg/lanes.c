/* SPDX-License-Identifier: MIT */
#include "engine/pg/lanes.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "core/points/points.h"

enum { TICK_S = 1, LANES_MAX = 64 };

struct crew {
    const struct lanes *lanes;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    const struct point_subject *scope; /* of the thread that waits */
    int running;
    bool failed;
    struct err err;
};

static void note_failure(struct crew *crew, const struct err *err)
{
    bool worse = err->code == ERR_CANCELED && crew->err.code != ERR_CANCELED;
    if (!crew->failed || worse) {
        crew->err = *err;
    }
    crew->failed = true;
}

static void *run_lane(void *argument)
{
    struct crew *crew = argument;
    struct err err = {0};
    point_scope_set(crew->scope);
    int result = crew->lanes->work(crew->lanes->context, &err);
    pthread_mutex_lock(&crew->lock);
    if (result != 0) {
        note_failure(crew, &err);
    }
    crew->running--;
    pthread_cond_signal(&crew->ended);
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static void wait_for_end(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    while (crew->running > 0) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += TICK_S;
        int running = crew->running;
        int waited = 0;
        while (crew->running == running && waited == 0) {
            waited = pthread_cond_timedwait(&crew->ended, &crew->lock, &until);
        }
        if (waited != 0 && crew->lanes->tick != NULL) {
            /* The observer writes to a store: lanes that end must not wait for it. */
            pthread_mutex_unlock(&crew->lock);
            crew->lanes->tick(crew->lanes->tick_context);
            pthread_mutex_lock(&crew->lock);
        }
    }
    pthread_mutex_unlock(&crew->lock);
}

static void crew_init(struct crew *crew, const struct lanes *lanes)
{
    *crew = (struct crew){.lanes = lanes, .scope = point_scope()};
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->ended, &attributes);
    pthread_condattr_destroy(&attributes);
}

int lanes_run(const struct lanes *lanes, struct err *err)
{
    pthread_t threads[LANES_MAX];
    int wanted = lanes->count < LANES_MAX ? lanes->count : LANES_MAX;
    int started = 0;
    struct crew crew;
    crew_init(&crew, lanes);
    while (started < wanted) {
        pthread_mutex_lock(&crew.lock);
        crew.running++;
        pthread_mutex_unlock(&crew.lock);
        if (pthread_create(&threads[started], NULL, run_lane, &crew) != 0) {
            pthread_mutex_lock(&crew.lock);
            crew.running--;
            pthread_mutex_unlock(&crew.lock);
            break;
        }
        started++;
    }
    wait_for_end(&crew);
    for (int i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_cond_destroy(&crew.ended);
    pthread_mutex_destroy(&crew.lock);
    if (crew.failed) {
        *err = crew.err;
        return -1;
    }
    return started > 0 ? 0 : err_no_memory(err);
}

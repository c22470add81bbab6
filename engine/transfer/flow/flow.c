/* SPDX-License-Identifier: MIT */
#include "engine/transfer/flow/flow.h"

#include <time.h>

#include "core/clock.h"
#include "engine/copy/copy_pool.h"
#include "engine/transfer/flow/flow_private.h"
#include "engine/transfer/state/transfer_report.h"

enum { LANES_MAX = 64, WAIT_MS = 100, PROGRESS_MS = 500 };

/* ---- what lanes and the flow's thread wait for -----------------------------------------------------------
 */

void flow_signal(struct flow *flow)
{
    pthread_mutex_lock(&flow->lock);
    flow->events++;
    pthread_cond_broadcast(&flow->changed);
    pthread_mutex_unlock(&flow->lock);
}

uint64_t flow_events(struct flow *flow)
{
    pthread_mutex_lock(&flow->lock);
    uint64_t events = flow->events;
    pthread_mutex_unlock(&flow->lock);
    return events;
}

bool flow_wait(struct flow *flow, uint64_t events)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WAIT_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&flow->lock);
    int waited = 0;
    while (flow->events == events && waited == 0) {
        waited = pthread_cond_timedwait(&flow->changed, &flow->lock, &until);
    }
    bool happened = flow->events != events;
    pthread_mutex_unlock(&flow->lock);
    return happened;
}

static int lanes_left(struct flow *flow)
{
    pthread_mutex_lock(&flow->lock);
    int lanes = flow->lanes;
    pthread_mutex_unlock(&flow->lock);
    return lanes;
}

/* ---- lanes -----------------------------------------------------------------------------------------------
 */

static void flow_init(struct flow *flow, struct transfer_state *state)
{
    *flow = (struct flow){.state = state};
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&flow->lock, NULL);
    pthread_cond_init(&flow->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    state->pool.stop = &flow->stop;
}

static void flow_done(struct flow *flow)
{
    flow->state->pool.stop = flow->state->transfer->stop;
    post_data_free(flow->post_data);
    pthread_cond_destroy(&flow->changed);
    pthread_mutex_destroy(&flow->lock);
}

/* With the lock held. The flow stops its lanes after a failure: their ends do not say what failed. */
static void note_failure(struct flow *flow, const struct err *err)
{
    const struct stop *stop = flow->state->transfer->stop;
    bool asked = stop != NULL && stop_requested(stop);
    bool canceled = err->code == ERR_CANCELED;
    if (!flow->failed || (asked == canceled && (flow->err.code == ERR_CANCELED) != canceled)) {
        flow->err = *err;
    }
    flow->failed = true;
}

static void *run_lane(void *argument)
{
    struct flow *flow = argument;
    struct err err = {0};
    point_scope_set(flow->scope);
    int result = flow_lane_run(flow, &err);
    pthread_mutex_lock(&flow->lock);
    if (result != 0) {
        note_failure(flow, &err);
    }
    flow->lanes--;
    flow->events++;
    pthread_cond_broadcast(&flow->changed);
    pthread_mutex_unlock(&flow->lock);
    return NULL;
}

/* -1: work is there, but no thread could be started. */
static int start_lanes(struct flow *flow, pthread_t *threads, struct err *err)
{
    const struct transfer_state *state = flow->state;
    size_t work = state->pool.count + post_data_left(flow->post_data);
    int jobs = state->transfer->jobs > 0 ? state->transfer->jobs : 1;
    int wanted = (size_t)jobs < work ? jobs : (int)work;
    int started = 0;
    wanted = wanted < LANES_MAX ? wanted : LANES_MAX;
    flow->scope = point_scope();
    flow->copiers = copy_pool_rounds(&state->pool);
    pthread_mutex_lock(&flow->lock);
    while (started < wanted && pthread_create(&threads[started], NULL, run_lane, flow) == 0) {
        started++;
    }
    flow->lanes = started;
    pthread_mutex_unlock(&flow->lock);
    return started == 0 && wanted > 0 ? err_no_memory(err) : started;
}

/* ---- the flow's thread -----------------------------------------------------------------------------------
 */

/* Waits until a condition holds or all lanes have ended. Reports the progress of the tables, and passes on a
 * request to stop. */
static void wait_until(struct flow *flow, bool (*holds)(struct flow *flow))
{
    const struct stop *stop = flow->state->transfer->stop;
    int64_t reported_ms = clock_monotonic_ms();
    for (;;) {
        uint64_t events = flow_events(flow);
        if (holds(flow) || lanes_left(flow) == 0) {
            return;
        }
        flow_wait(flow, events);
        if (stop != NULL && stop_requested(stop)) {
            stop_request(&flow->stop, stop_kind(stop));
        }
        if (clock_monotonic_ms() - reported_ms >= PROGRESS_MS) {
            transfer_report_progress(flow->state);
            reported_ms = clock_monotonic_ms();
        }
    }
}

static bool is_copied(struct flow *flow)
{
    return copy_pool_is_over(&flow->state->pool);
}

static bool is_lost(struct flow *flow)
{
    pthread_mutex_lock(&flow->lock);
    bool lost = flow->lost;
    pthread_mutex_unlock(&flow->lock);
    return lost;
}

/* The other lanes may have done the work of a lane that could not connect. */
static int check_lanes(struct flow *flow, bool complete, struct err *err)
{
    pthread_mutex_lock(&flow->lock);
    bool failed = flow->failed && (!complete || flow->lost || flow->err.code == ERR_CANCELED);
    if (failed) {
        *err = flow->err;
    }
    pthread_mutex_unlock(&flow->lock);
    return failed ? -1 : 0;
}

static int copy_all(struct flow *flow, int (*rest)(struct transfer_state *state, struct err *err),
                    struct err *err)
{
    struct transfer_state *state = flow->state;
    transfer_report_step(state, "Copying tables");
    wait_until(flow, is_copied);
    int result =
        check_lanes(flow, copy_pool_is_over(&state->pool) && copy_pool_is_complete(&state->pool), err);
    result = result == 0 ? copy_pool_copy_postponed(&state->pool, err) : result;
    transfer_report_progress(state);
    if (result != 0 || report_result(&state->report, "table", err) != 0) {
        return -1;
    }
    transfer_report_step(state, "Copying sequences and large objects");
    if (rest(state, err) != 0) {
        return -1;
    }
    /* From here on the source can vacuum dead rows. */
    pg_close(&state->source);
    return report_result(&state->report, "sequence", err);
}

static int run(struct flow *flow, int (*rest)(struct transfer_state *state, struct err *err), struct err *err)
{
    if (copy_all(flow, rest, err) != 0) {
        return -1;
    }
    transfer_report_step(flow->state, "Creating indexes and constraints");
    post_data_all_copied(flow->post_data);
    flow_signal(flow);
    wait_until(flow, is_lost);
    return 0;
}

int flow_run(struct transfer_state *state, int (*rest)(struct transfer_state *state, struct err *err),
             struct err *err)
{
    pthread_t threads[LANES_MAX] = {0};
    struct flow flow;
    flow_init(&flow, state);
    int started = post_data_new(&state->restore, err, &flow.post_data);
    started = started == 0 ? start_lanes(&flow, threads, err) : started;
    int result = started >= 0 ? run(&flow, rest, err) : -1;
    if (result != 0 || is_lost(&flow)) {
        stop_request(&flow.stop, STOP_SHUTDOWN);
    }
    for (int i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
    }
    result = result == 0 ? check_lanes(&flow, post_data_left(flow.post_data) == 0, err) : result;
    result = result == 0 ? post_data_finish(flow.post_data, &state->target, err) : result;
    flow_done(&flow);
    return result;
}

/* SPDX-License-Identifier: MIT */
#include "engine/copy/copy_lane.h"
#include "engine/copy/copy_pool.h"
#include "engine/transfer/flow/flow_private.h"

/* Indexes of a table may be built once all its pieces are complete; those that failed or were postponed are
 * not. */
static void announce_copied(struct flow *flow, const struct copy_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (copy_pieces_state(copy_piece_first(&pieces[i])) == COPY_COMPLETED) {
            post_data_table_copied(flow->post_data, pieces[i].table);
        }
    }
}

static int copy_tables(struct flow *flow, struct copy_lane *lane, struct err *err)
{
    struct copy_piece *first = NULL;
    size_t count = 0;
    /* A lane that cannot connect takes nothing, so that others can. */
    if (copy_pool_has_more(lane->pool) && copy_lane_open(lane, err) != 0) {
        return -1;
    }
    while ((count = copy_pool_take(lane->pool, &first)) > 0) {
        int result = copy_lane_round(lane, first, count, err);
        announce_copied(flow, first, count);
        copy_pool_put(lane->pool);
        flow_signal(flow);
        if (result != 0) {
            return -1;
        }
    }
    return 0;
}

/* A failure leaves entries behind that no other lane will create. */
static int lose(struct flow *flow)
{
    pthread_mutex_lock(&flow->lock);
    flow->lost = true;
    pthread_mutex_unlock(&flow->lock);
    return -1;
}

static int create_entries(struct flow *flow, struct pg *target, struct err *err)
{
    for (;;) {
        uint64_t events = flow_events(flow);
        switch (post_data_step(flow->post_data, target, err)) {
        case POST_DATA_CREATED:
            flow_signal(flow);
            break;
        case POST_DATA_WAITING:
            if (!flow_wait(flow, events) && stop_requested(&flow->stop)) {
                return pg_run(target, err, "SELECT 1"); /* fails with the reason of the stop */
            }
            break;
        case POST_DATA_OVER:
            flow_signal(flow);
            return 0;
        case POST_DATA_FAILED:
            return lose(flow);
        }
    }
}

/* Where fewer lanes can copy all tables, the others need no sessions for that. */
static bool shall_copy(struct flow *flow)
{
    pthread_mutex_lock(&flow->lock);
    bool shall = flow->copiers > 0;
    flow->copiers -= shall ? 1 : 0;
    pthread_mutex_unlock(&flow->lock);
    return shall;
}

static int run_copy(struct flow *flow, struct err *err)
{
    if (!shall_copy(flow)) {
        return 0;
    }
    auto_copy_lane struct copy_lane lane = {.pool = &flow->state->pool};
    return copy_tables(flow, &lane, err);
}

int flow_lane_run(struct flow *flow, struct err *err)
{
    auto_pg struct pg target = {0};
    if (run_copy(flow, err) != 0 || post_data_open_session(flow->post_data, &flow->stop, err, &target) != 0) {
        return -1;
    }
    return create_entries(flow, &target, err);
}

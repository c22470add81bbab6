/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TRANSFER_FLOW_FLOW_PRIVATE_H
#define ENGINE_TRANSFER_FLOW_FLOW_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/points/points.h"
#include "core/stop.h"
#include "engine/dump/post_data.h"
#include "engine/transfer/state/transfer_state.h"

struct flow {
    struct transfer_state *state;
    struct post_data *post_data;
    const struct point_subject *scope; /* of the thread that started the flow */
    struct stop stop;                  /* of the lanes: the transfer's, and whatever else ends the flow */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t events; /* under lock: grows with whatever a lane or the flow's thread may wait for */
    int lanes;       /* under lock: lanes that have not ended */
    size_t copiers;  /* under lock: lanes that may still begin to copy */
    bool failed;     /* under lock: a lane failed with err */
    bool lost;       /* under lock: a lane left work undone that no other lane can do */
    struct err err;
};

/* Something happened that others may wait for. */
void flow_signal(struct flow *flow);
/* Reads the counter before looking for work; then waits for the next event. False after 100 ms without. */
uint64_t flow_events(struct flow *flow);
bool flow_wait(struct flow *flow, uint64_t events);

/* The body of a lane's thread: works until nothing is left. -1: err. */
int flow_lane_run(struct flow *flow, struct err *err);

#endif

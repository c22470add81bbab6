/* SPDX-License-Identifier: MIT */
#include "executor/gate.h"

#include "core/clock.h"
#include "core/str.h"
#include "executor/wake.h"

enum { PAUSE_MS = 2, ENTER_TIMEOUT_MS = 120000 };

/* Under the lock. */
static bool is_inside(const struct gate *gate, const char *subscription_id)
{
    const struct gate_visit *visit = gate->first;
    while (visit != NULL && !str_iequals(visit->subscription_id, subscription_id)) {
        visit = visit->next;
    }
    return visit != NULL;
}

/* Enters if the gate is open. */
static bool try_enter(struct gate *gate, struct gate_visit *visit)
{
    pthread_mutex_lock(&gate->lock);
    bool closed = gate->closed_for != NULL && str_iequals(gate->closed_for, visit->subscription_id);
    if (!closed) {
        visit->next = gate->first;
        gate->first = visit;
    }
    pthread_mutex_unlock(&gate->lock);
    return !closed;
}

int gate_enter(struct executor *executor, const char *subscription_id, const struct stop *stop,
               struct err *err, struct gate_visit *visit)
{
    int64_t deadline_ms = clock_monotonic_ms() + ENTER_TIMEOUT_MS;
    visit->subscription_id = subscription_id;
    while (!try_enter(&executor->gate, visit)) {
        if (stop_requested(&executor->stop) || (stop != NULL && stop_requested(stop))) {
            return err_set(err, ERR_CANCELED, "Malachite stopped while it waited for a snapshot.");
        }
        if (clock_ms_left(deadline_ms) == 0) {
            return err_set(err, ERR_SERVER_BUSY, "A snapshot of subscription '%s' takes too long.",
                           subscription_id);
        }
        clock_sleep_ms(PAUSE_MS);
    }
    visit->executor = executor;
    return 0;
}

void gate_leave(struct gate_visit *visit)
{
    if (visit->executor == NULL) {
        return;
    }
    struct gate *gate = &visit->executor->gate;
    pthread_mutex_lock(&gate->lock);
    struct gate_visit **at = &gate->first;
    while (*at != visit) {
        at = &(*at)->next;
    }
    *at = visit->next;
    pthread_mutex_unlock(&gate->lock);
    visit->executor = NULL;
}

/* Closes it unless another subscription's is closed, or somebody is inside. */
static bool try_close(struct gate *gate, const char *subscription_id)
{
    pthread_mutex_lock(&gate->lock);
    bool closes = gate->closed_for == NULL && !is_inside(gate, subscription_id);
    if (closes) {
        gate->closed_for = str_dup(subscription_id);
        closes = gate->closed_for != NULL;
    }
    pthread_mutex_unlock(&gate->lock);
    return closes;
}

int gate_close(struct executor *executor, const char *subscription_id, int timeout_ms, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    while (!try_close(&executor->gate, subscription_id)) {
        if (stop_requested(&executor->stop)) {
            return err_set(err, ERR_CANCELED, "Malachite is stopping.");
        }
        if (clock_ms_left(deadline_ms) == 0) {
            return err_set(err, ERR_SERVER_BUSY,
                           "Operations on servers, or another snapshot, did not end within %d seconds.",
                           timeout_ms / 1000);
        }
        clock_sleep_ms(PAUSE_MS);
    }
    return 0;
}

void gate_open(struct executor *executor)
{
    pthread_mutex_lock(&executor->gate.lock);
    free(executor->gate.closed_for);
    executor->gate.closed_for = NULL;
    pthread_mutex_unlock(&executor->gate.lock);
    executor_wake(executor);
}

bool gate_is_closed_for(struct executor *executor, const char *subscription_id)
{
    pthread_mutex_lock(&executor->gate.lock);
    bool closed =
        executor->gate.closed_for != NULL && str_iequals(executor->gate.closed_for, subscription_id);
    pthread_mutex_unlock(&executor->gate.lock);
    return closed;
}

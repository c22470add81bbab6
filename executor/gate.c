/* SPDX-License-Identifier: MIT */
#include "executor/gate.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/str.h"
#include "executor/wake.h"

enum { PAUSE_MS = 2, ENTER_TIMEOUT_MS = 120000 };

/* A closed gate. */
struct gate_closing {
    struct gate_closing *next;
    char *subscription_id;
};

/* Where the closing of a subscription is, or the end of the list. Under the lock. */
static struct gate_closing **find_closing(struct gate *gate, const char *subscription_id)
{
    struct gate_closing **at = &gate->closed;
    while (*at != NULL && !str_iequals((*at)->subscription_id, subscription_id)) {
        at = &(*at)->next;
    }
    return at;
}

static void closing_free(struct gate_closing *closing)
{
    if (closing != NULL) {
        free(closing->subscription_id);
        free(closing);
    }
}

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
    bool closed = *find_closing(gate, visit->subscription_id) != NULL;
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

/* Closes it unless another snapshot has closed it, or somebody is inside. */
static bool try_close(struct gate *gate, struct gate_closing *closing)
{
    pthread_mutex_lock(&gate->lock);
    struct gate_closing **at = find_closing(gate, closing->subscription_id);
    bool closes = *at == NULL && !is_inside(gate, closing->subscription_id);
    if (closes) {
        *at = closing;
    }
    pthread_mutex_unlock(&gate->lock);
    return closes;
}

static struct gate_closing *closing_new(const char *subscription_id)
{
    struct gate_closing *closing = calloc(1, sizeof(*closing));
    if (closing != NULL) {
        closing->subscription_id = str_dup(subscription_id);
    }
    if (closing == NULL || closing->subscription_id == NULL) {
        closing_free(closing);
        return NULL;
    }
    return closing;
}

/* Waits until it is closed. */
static int close_in_time(struct executor *executor, struct gate_closing *closing, int timeout_ms,
                         struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    while (!try_close(&executor->gate, closing)) {
        if (stop_requested(&executor->stop)) {
            return err_set(err, ERR_CANCELED, "Malachite is stopping.");
        }
        if (clock_ms_left(deadline_ms) == 0) {
            return err_set(
                err, ERR_SERVER_BUSY,
                "Operations on servers of subscription '%s', or another snapshot of it, did not end"
                " within %d seconds.",
                closing->subscription_id, timeout_ms / 1000);
        }
        clock_sleep_ms(PAUSE_MS);
    }
    return 0;
}

int gate_close(struct executor *executor, const char *subscription_id, int timeout_ms, struct err *err)
{
    struct gate_closing *closing = closing_new(subscription_id);
    if (closing == NULL) {
        return err_no_memory(err);
    }
    int result = close_in_time(executor, closing, timeout_ms, err);
    if (result < 0) {
        closing_free(closing);
    }
    return result;
}

void gate_open(struct executor *executor, const char *subscription_id)
{
    pthread_mutex_lock(&executor->gate.lock);
    struct gate_closing **at = find_closing(&executor->gate, subscription_id);
    struct gate_closing *closing = *at;
    if (closing != NULL) {
        *at = closing->next;
    }
    pthread_mutex_unlock(&executor->gate.lock);
    closing_free(closing);
    executor_wake(executor);
}

bool gate_is_closed_for(struct executor *executor, const char *subscription_id)
{
    pthread_mutex_lock(&executor->gate.lock);
    bool closed = *find_closing(&executor->gate, subscription_id) != NULL;
    pthread_mutex_unlock(&executor->gate.lock);
    return closed;
}

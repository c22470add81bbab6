/* SPDX-License-Identifier: MIT */
/* Hints that there is new work, and the wait for them. */
#include "executor/wake.h"

#include <errno.h>
#include <time.h>

#include "core/clock.h"

uint64_t executor_generation(struct executor *executor)
{
    pthread_mutex_lock(&executor->lock);
    uint64_t generation = executor->generation;
    pthread_mutex_unlock(&executor->lock);
    return generation;
}

void executor_wait(struct executor *executor, uint64_t seen, int timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&executor->lock);
    while (executor->generation == seen && !stop_requested(&executor->stop)) {
        if (pthread_cond_timedwait(&executor->wake, &executor->lock, &until) == ETIMEDOUT) {
            break;
        }
    }
    pthread_mutex_unlock(&executor->lock);
}

bool executor_sleep(struct executor *executor, int ms)
{
    int64_t until_ms = clock_monotonic_ms() + ms;
    while (clock_ms_left(until_ms) > 0 && !stop_requested(&executor->stop)) {
        executor_wait(executor, executor_generation(executor), clock_ms_left(until_ms));
    }
    return !stop_requested(&executor->stop);
}

void executor_wake(struct executor *executor)
{
    pthread_mutex_lock(&executor->lock);
    executor->generation++;
    pthread_cond_broadcast(&executor->wake);
    pthread_mutex_unlock(&executor->lock);
}

bool executor_ready(const struct executor *executor)
{
    return atomic_load(&executor->ready);
}

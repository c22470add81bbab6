/* SPDX-License-Identifier: MIT */
#include "core/change.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "core/clock.h"

static _Atomic uint64_t changes;
static _Atomic int waiters;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_condition(void)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* The counter grows before the look at waiters, and a waiter registers before it looks at the counter: one of
 * the two sees the other. */
void change_report(void)
{
    atomic_fetch_add(&changes, 1);
    if (atomic_load(&waiters) > 0) {
        pthread_mutex_lock(&mutex);
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    }
}

uint64_t change_count(void)
{
    return atomic_load(&changes);
}

void change_wait(uint64_t seen, int64_t deadline_ms)
{
    const struct timespec until = {.tv_sec = deadline_ms / 1000,
                                   .tv_nsec = (long)(deadline_ms % 1000) * 1000000};
    pthread_once(&once, make_condition);
    pthread_mutex_lock(&mutex);
    atomic_fetch_add(&waiters, 1);
    while (change_count() == seen && clock_ms_left(deadline_ms) > 0) {
        pthread_cond_timedwait(&changed, &mutex, &until);
    }
    atomic_fetch_sub(&waiters, 1);
    pthread_mutex_unlock(&mutex);
}

/* SPDX-License-Identifier: MIT */
/*
 * A request to stop, set by one thread and noticed by another between two pieces of work. Every loop that
 * waits for a server or a child process checks one.
 */
#ifndef CORE_STOP_H
#define CORE_STOP_H

#include <stdatomic.h>
#include <stdbool.h>

enum stop_wish {
    STOP_NONE = 0,
    STOP_SHUTDOWN, /* Malachite is stopping: leave everything so that the work can resume */
    STOP_CANCEL,   /* the user canceled: end permanently and clean up */
};

struct stop {
    _Atomic int wish;
};

/* A stronger request replaces a weaker one, never the other way round. Any thread; safe in a signal
 * handler. */
static inline void stop_request(struct stop *stop, enum stop_wish wish)
{
    int current = atomic_load(&stop->wish);
    while (current < (int)wish && !atomic_compare_exchange_weak(&stop->wish, &current, (int)wish)) {
    }
}

static inline enum stop_wish stop_wish(const struct stop *stop)
{
    return (enum stop_wish)atomic_load(&stop->wish);
}

static inline bool stop_requested(const struct stop *stop)
{
    return stop_wish(stop) != STOP_NONE;
}

#endif

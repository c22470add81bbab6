/* SPDX-License-Identifier: MIT */
/*
 * A request to stop, set by one thread and noticed by another between two pieces of work. Every loop that
 * waits for a server or a child process checks one.
 */
#ifndef CORE_STOP_H
#define CORE_STOP_H

#include <stdatomic.h>
#include <stdbool.h>

enum stop_kind {
    STOP_NONE = 0,
    STOP_SHUTDOWN, /* Malachite is stopping: leave everything so that the work can resume */
    STOP_CANCEL,   /* the user canceled: end permanently and clean up */
};

struct stop {
    _Atomic int kind;
};

/* A stronger request replaces a weaker one, never the other way round. Any thread; safe in a signal
 * handler. */
static inline void stop_request(struct stop *stop, enum stop_kind kind)
{
    int current = atomic_load(&stop->kind);
    while (current < (int)kind && !atomic_compare_exchange_weak(&stop->kind, &current, (int)kind)) {
    }
}

static inline enum stop_kind stop_kind(const struct stop *stop)
{
    return (enum stop_kind)atomic_load(&stop->kind);
}

static inline bool stop_requested(const struct stop *stop)
{
    return stop_kind(stop) != STOP_NONE;
}

#endif

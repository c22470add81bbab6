/* SPDX-License-Identifier: MIT */
/* One thread at a time starts, stops or changes an instance: operations, the watcher, faults and snapshots.
 */
#include <errno.h>
#include <time.h>

#include "core/clock.h"
#include "engine/instance/instance_private.h"

/* Instances share a lock by the digest of their name: a rare wait for another instance does no harm. */
enum { LOCKS = 64, WAIT_TIMEOUT_MS = 330000, SLICE_MS = 50 };

static pthread_mutex_t locks[LOCKS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_locks(void)
{
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    for (int i = 0; i < LOCKS; i++) {
        pthread_mutex_init(&locks[i], &recursive);
    }
    pthread_mutexattr_destroy(&recursive);
}

/* Names are compared without case in the store, and directories with it. */
static pthread_mutex_t *lock_of(const char *name)
{
    unsigned hash = 2166136261U;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * 16777619U;
    }
    return &locks[hash % LOCKS];
}

int instance_lock(const char *name, const struct stop *stop, struct err *err, pthread_mutex_t **ret_lock)
{
    pthread_once(&once, init_locks);
    pthread_mutex_t *lock = lock_of(name);
    int64_t deadline_ms = clock_monotonic_ms() + WAIT_TIMEOUT_MS;
    for (;;) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += (long)SLICE_MS * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        if (pthread_mutex_timedlock(lock, &until) == 0) {
            *ret_lock = lock;
            return 0;
        }
        if (stop != NULL && stop_requested(stop)) {
            return err_set(err, ERR_CANCELED, "stopped while waiting for server '%s'", name);
        }
        if (clock_ms_left(deadline_ms) == 0) {
            return err_set(err, ERR_UNAVAILABLE, "server '%s' has been starting or stopping for too long",
                           name);
        }
    }
}

void instance_unlock(pthread_mutex_t **lock)
{
    if (*lock != NULL) {
        pthread_mutex_unlock(*lock);
        *lock = NULL;
    }
}

/* SPDX-License-Identifier: MIT */
#include "server/lanes/waits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/change.h"
#include "core/clock.h"

enum {
    ROUND_PAUSE_MS = 5,  /* a busy store reports hundreds of changes a second: one round for all of them */
    ROUND_MAX_MS = 1000, /* look now and then, too, whether a client has left */
};

struct waits {
    void (*thread_end)(void *arg);
    void *arg;
    pthread_t thread;
    bool started;
    pthread_mutex_t mutex; /* of the members below */
    struct wait *added;    /* not looked at yet */
    size_t count;
    bool stopping;
};

/* Looks at each wait of the list once; returns those that continue. *next_ms becomes the earliest end. */
static struct wait *look_at_all(struct waits *waits, struct wait *list, int64_t *next_ms)
{
    struct wait *kept = NULL;
    size_t ended = 0;
    for (struct wait *wait = list, *next = NULL; wait != NULL; wait = next) {
        next = wait->next;
        bool over = wait->until_ms != 0 && clock_ms_left(wait->until_ms) == 0;
        if (wait->look(wait, over ? WAIT_LAST : WAIT_LOOK)) {
            ended++;
            continue;
        }
        wait->next = kept;
        kept = wait;
        *next_ms = wait->until_ms != 0 && wait->until_ms < *next_ms ? wait->until_ms : *next_ms;
    }
    pthread_mutex_lock(&waits->mutex);
    waits->count -= ended;
    pthread_mutex_unlock(&waits->mutex);
    return kept;
}

static struct wait *join(struct wait *first, struct wait *second)
{
    struct wait **end = &first;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = second;
    return first;
}

static void *run_waits(void *arg)
{
    struct waits *waits = arg;
    struct wait *list = NULL;
    for (;;) {
        uint64_t seen = change_count();
        pthread_mutex_lock(&waits->mutex);
        list = join(waits->added, list);
        waits->added = NULL;
        bool stopping = waits->stopping;
        pthread_mutex_unlock(&waits->mutex);
        if (stopping) {
            break;
        }
        int64_t next_ms = clock_monotonic_ms() + (list == NULL ? 60 : 1) * ROUND_MAX_MS;
        list = look_at_all(waits, list, &next_ms);
        if (list != NULL) {
            clock_sleep_ms(ROUND_PAUSE_MS);
        }
        change_wait(seen, next_ms);
    }
    for (struct wait *next = NULL; list != NULL; list = next) {
        next = list->next;
        (void)list->look(list, WAIT_STOP);
    }
    waits->thread_end(waits->arg);
    return NULL;
}

int waits_start(void (*thread_end)(void *arg), void *arg, struct err *err, struct waits **ret_waits)
{
    struct waits *waits = calloc(1, sizeof(*waits));
    if (waits == NULL) {
        return err_no_memory(err);
    }
    waits->thread_end = thread_end;
    waits->arg = arg;
    pthread_mutex_init(&waits->mutex, NULL);
    int failure = pthread_create(&waits->thread, NULL, run_waits, waits);
    waits->started = failure == 0;
    if (!waits->started) {
        waits_free(waits);
        return err_set(err, ERR_UNAVAILABLE, "Cannot start a thread: %s.", strerror(failure));
    }
    *ret_waits = waits;
    return 0;
}

bool waits_add(struct waits *waits, struct wait *wait)
{
    pthread_mutex_lock(&waits->mutex);
    bool added = !waits->stopping && waits->count < WAITS_MAX;
    if (added) {
        wait->next = waits->added;
        waits->added = wait;
        waits->count++;
    }
    pthread_mutex_unlock(&waits->mutex);
    if (added) {
        change_report();
    }
    return added;
}

void waits_stop(struct waits *waits)
{
    if (waits == NULL || !waits->started) {
        return;
    }
    pthread_mutex_lock(&waits->mutex);
    waits->stopping = true;
    pthread_mutex_unlock(&waits->mutex);
    change_report();
    pthread_join(waits->thread, NULL);
    waits->started = false;
}

void waits_free(struct waits *waits)
{
    if (waits == NULL) {
        return;
    }
    pthread_mutex_destroy(&waits->mutex);
    free(waits);
}

/* SPDX-License-Identifier: MIT */
#include "server/lanes/waiting_room.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"

enum { IDLE_MS = 60000 };

struct waiting_room {
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* monotonic */
    pthread_t thread;
    bool running; /* of the closing thread alone */
    struct waiter *first;
    int taken;
    int places;
    bool closing;
};

/* Takes out all that are due, or all. Returns when the next one is. Call it with the mutex held. */
static struct waiter *take_due(struct waiting_room *room, int64_t now_ms, int64_t *ret_next_ms)
{
    struct waiter *due = NULL;
    *ret_next_ms = now_ms + IDLE_MS;
    for (struct waiter **at = &room->first; *at != NULL;) {
        struct waiter *waiter = *at;
        if (room->closing || waiter->due_ms <= now_ms) {
            *at = waiter->next;
            room->taken--;
            waiter->next = due;
            due = waiter;
        } else {
            *ret_next_ms = waiter->due_ms < *ret_next_ms ? waiter->due_ms : *ret_next_ms;
            at = &waiter->next;
        }
    }
    return due;
}

static void *run(void *argument)
{
    struct waiting_room *room = argument;
    pthread_mutex_lock(&room->mutex);
    for (;;) {
        int64_t next_ms = 0;
        struct waiter *due = take_due(room, clock_monotonic_ms(), &next_ms);
        bool closing = room->closing;
        if (due == NULL && closing) {
            break;
        }
        if (due == NULL) {
            struct timespec until = {.tv_sec = (time_t)(next_ms / 1000),
                                     .tv_nsec = (long)(next_ms % 1000) * 1000000};
            pthread_cond_timedwait(&room->changed, &room->mutex, &until);
            continue;
        }
        pthread_mutex_unlock(&room->mutex);
        while (due != NULL) {
            struct waiter *waiter = due;
            due = waiter->next; /* before retry: the waiter may be freed */
            waiter->retry(waiter, closing);
        }
        pthread_mutex_lock(&room->mutex);
    }
    pthread_mutex_unlock(&room->mutex);
    return NULL;
}

int waiting_room_open(int places, struct err *err, struct waiting_room **ret_room)
{
    struct waiting_room *room = calloc(1, sizeof(*room));
    if (room == NULL) {
        return err_no_memory(err);
    }
    room->places = places;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&room->mutex, NULL);
    pthread_cond_init(&room->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int failed = pthread_create(&room->thread, NULL, run, room);
    room->running = failed == 0;
    if (failed != 0) {
        waiting_room_free(room);
        return err_set(err, ERR_INTERNAL, "cannot start a thread: %s", strerror(failed));
    }
    *ret_room = room;
    return 0;
}

bool waiting_room_enter(struct waiting_room *room, struct waiter *waiter)
{
    pthread_mutex_lock(&room->mutex);
    bool accepted = !room->closing && room->taken < room->places;
    if (accepted) {
        waiter->next = room->first;
        room->first = waiter;
        room->taken++;
        pthread_cond_signal(&room->changed);
    }
    pthread_mutex_unlock(&room->mutex);
    return accepted;
}

void waiting_room_close(struct waiting_room *room)
{
    if (room == NULL || !room->running) {
        return;
    }
    pthread_mutex_lock(&room->mutex);
    room->closing = true;
    pthread_cond_signal(&room->changed);
    pthread_mutex_unlock(&room->mutex);
    pthread_join(room->thread, NULL);
    room->running = false;
}

void waiting_room_free(struct waiting_room *room)
{
    if (room == NULL) {
        return;
    }
    waiting_room_close(room);
    pthread_mutex_destroy(&room->mutex);
    pthread_cond_destroy(&room->changed);
    free(room);
}

/* SPDX-License-Identifier: MIT */
#include "server/lanes/slow_lane.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"

enum {
    LANE_THREADS_MAX = 32,
    SLOW_MS = 1000,
    SLOW_KEYS = 256, /* remembered; two keys rarely share a place, and the newer one takes it */
};

struct running_task {
    uint64_t key; /* 0: none */
    int64_t since_ms;
};

struct slow_lane {
    struct slow_lane_settings settings;
    pthread_mutex_t mutex;
    pthread_cond_t work;  /* a task was queued, or stopping was set */
    pthread_cond_t ended; /* a thread is about to end */
    struct slow_task *first;
    struct slow_task **last;
    size_t queued;
    size_t running_threads;
    size_t joined;
    size_t started;
    bool stopping;
    pthread_t threads[LANE_THREADS_MAX];
    struct running_task running[LANE_THREADS_MAX];
    uint64_t slow_keys[SLOW_KEYS]; /* whose last task took SLOW_MS or longer */
};

static bool is_slow(const struct slow_lane *lane, uint64_t key)
{
    return lane->slow_keys[key % SLOW_KEYS] == key;
}

static void note_duration(struct slow_lane *lane, uint64_t key, int64_t ms)
{
    if (ms >= SLOW_MS) {
        lane->slow_keys[key % SLOW_KEYS] = key;
    } else if (is_slow(lane, key)) {
        lane->slow_keys[key % SLOW_KEYS] = 0;
    }
}

/*
 * Each key may have one running task, and more only while half of the threads run no task of any key. Keys
 * that were slow the last time share half of the threads: servers that hang, however many, leave the others
 * to servers that answer.
 */
static bool may_run(const struct slow_lane *lane, const struct slow_task *task)
{
    if (task->key == 0 || lane->stopping) {
        return true;
    }
    size_t same = 0;
    size_t busy = 0;
    size_t slow = 0;
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < LANE_THREADS_MAX; i++) {
        const struct running_task *running = &lane->running[i];
        if (running->key != 0) {
            same += running->key == task->key;
            busy++;
            slow += is_slow(lane, running->key) || now_ms - running->since_ms >= SLOW_MS;
        }
    }
    size_t half = lane->started / 2;
    if (is_slow(lane, task->key)) {
        return same == 0 && (slow < half || slow == 0);
    }
    return same == 0 || (same < lane->settings.key_max && busy < half);
}

/* The first task that may run. Call it with the mutex held. NULL: none. */
static struct slow_task *take_task(struct slow_lane *lane)
{
    struct slow_task **at = &lane->first;
    while (*at != NULL && !may_run(lane, *at)) {
        at = &(*at)->next;
    }
    struct slow_task *task = *at;
    if (task != NULL) {
        *at = task->next;
        lane->queued--;
        if (task->next == NULL) {
            lane->last = at;
        }
    }
    return task;
}

/* Waits for a task. NULL: the thread must end. Call it with the mutex held. */
static struct slow_task *wait_for_task(struct slow_lane *lane)
{
    struct slow_task *task = take_task(lane);
    while (task == NULL && !lane->stopping) {
        pthread_cond_wait(&lane->work, &lane->mutex);
        task = take_task(lane);
    }
    return task;
}

static void run_task(struct slow_lane *lane, struct slow_task *task)
{
    size_t slot = 0;
    while (slot + 1 < LANE_THREADS_MAX && lane->running[slot].key != 0) {
        slot++;
    }
    uint64_t key = task->key; /* the task may be freed as soon as it has run */
    bool refused = lane->stopping;
    int64_t since_ms = clock_monotonic_ms();
    if (key != 0) {
        lane->running[slot] = (struct running_task){.key = key, .since_ms = since_ms};
    }
    pthread_mutex_unlock(&lane->mutex);
    task->run(task, refused);
    pthread_mutex_lock(&lane->mutex);
    if (key != 0) {
        lane->running[slot].key = 0;
        note_duration(lane, key, clock_monotonic_ms() - since_ms);
    }
    if (lane->first != NULL) {
        pthread_cond_signal(&lane->work); /* more than one task may have waited for this one */
    }
}

static void *run_lane_thread(void *arg)
{
    struct slow_lane *lane = arg;
    pthread_mutex_lock(&lane->mutex);
    for (struct slow_task *task = wait_for_task(lane); task != NULL; task = wait_for_task(lane)) {
        run_task(lane, task);
    }
    pthread_mutex_unlock(&lane->mutex);
    if (lane->settings.at_thread_end != NULL) {
        lane->settings.at_thread_end(lane->settings.arg);
    }
    pthread_mutex_lock(&lane->mutex);
    lane->running_threads--;
    pthread_cond_signal(&lane->ended);
    pthread_mutex_unlock(&lane->mutex);
    return NULL;
}

static void init_conditions(struct slow_lane *lane)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&lane->mutex, NULL);
    pthread_cond_init(&lane->work, NULL);
    pthread_cond_init(&lane->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

int slow_lane_start(const struct slow_lane_settings *settings, struct err *err, struct slow_lane **ret_lane)
{
    struct slow_lane *lane = calloc(1, sizeof(*lane));
    if (lane == NULL) {
        return err_no_memory(err);
    }
    lane->settings = *settings;
    lane->last = &lane->first;
    init_conditions(lane);
    pthread_mutex_lock(&lane->mutex);
    int failure = 0;
    while (failure == 0 && lane->started < settings->threads && lane->started < LANE_THREADS_MAX) {
        failure = pthread_create(&lane->threads[lane->started], NULL, run_lane_thread, lane);
        lane->started += failure == 0;
        lane->running_threads = lane->started;
    }
    pthread_mutex_unlock(&lane->mutex);
    if (failure != 0) {
        slow_lane_stop(lane, INT64_MAX);
        slow_lane_free(lane);
        return err_set(err, ERR_INTERNAL, "cannot start a thread: %s", strerror(failure));
    }
    *ret_lane = lane;
    return 0;
}

/* The first task of a key always has room: others cannot have filled the queue. Call it with the mutex
 * held. */
static bool has_room(const struct slow_lane *lane, const struct slow_task *task)
{
    bool room = lane->queued < lane->settings.queue_max;
    if (lane->stopping || task->key == 0) {
        return !lane->stopping && room;
    }
    size_t same = 0;
    for (const struct slow_task *at = lane->first; at != NULL; at = at->next) {
        same += at->key == task->key;
    }
    return same == 0 || (room && same < (lane->settings.queue_max + 3) / 4);
}

bool slow_lane_submit(struct slow_lane *lane, struct slow_task *task)
{
    pthread_mutex_lock(&lane->mutex);
    bool accepted = has_room(lane, task);
    if (accepted) {
        task->next = NULL;
        *lane->last = task;
        lane->last = &task->next;
        lane->queued++;
        pthread_cond_signal(&lane->work);
    }
    pthread_mutex_unlock(&lane->mutex);
    return accepted;
}

bool slow_lane_stop(struct slow_lane *lane, int64_t deadline_ms)
{
    struct timespec deadline = {.tv_sec = (time_t)(deadline_ms / 1000),
                                .tv_nsec = (long)(deadline_ms % 1000) * 1000000};
    pthread_mutex_lock(&lane->mutex);
    lane->stopping = true;
    pthread_cond_broadcast(&lane->work);
    /* All threads may be busy for long: report waiting calls here. */
    for (struct slow_task *task = take_task(lane); task != NULL; task = take_task(lane)) {
        pthread_mutex_unlock(&lane->mutex);
        task->run(task, true);
        pthread_mutex_lock(&lane->mutex);
    }
    int timed_out = 0;
    while (lane->running_threads > 0 && timed_out == 0) {
        timed_out = pthread_cond_timedwait(&lane->ended, &lane->mutex, &deadline);
    }
    bool all_ended = lane->running_threads == 0;
    pthread_mutex_unlock(&lane->mutex);
    while (all_ended && lane->joined < lane->started) {
        pthread_join(lane->threads[lane->joined++], NULL);
    }
    return all_ended;
}

void slow_lane_free(struct slow_lane *lane)
{
    if (lane == NULL) {
        return;
    }
    pthread_mutex_destroy(&lane->mutex);
    pthread_cond_destroy(&lane->work);
    pthread_cond_destroy(&lane->ended);
    free(lane);
}

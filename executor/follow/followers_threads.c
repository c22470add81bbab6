/* SPDX-License-Identifier: MIT */
/*
 * The threads of the followers. A thread without a ready follower waits for all sockets at once, unless
 * another thread already does: so one waits and the others apply.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "executor/follow/follower_private.h"
#include "executor/follow/followers_private.h"

enum { POLL_MOST_MS = 10000 };

void followers_kick(struct followers *followers)
{
    uint64_t one = 1;
    if (followers->polling && write(followers->wake, &one, sizeof(one)) < 0 && errno != EAGAIN) {
        log_event(LOG_ERROR, "cannot wake the followers", "reason", strerror(errno), NULL);
    }
    pthread_cond_broadcast(&followers->changed);
}

static bool is_at_work(const struct follower *follower)
{
    return !follower->ending && follower->view.state == FOLLOWER_ACTIVE;
}

static struct follower *take_ready(struct followers *followers)
{
    int64_t now_ms = clock_monotonic_ms();
    struct follower *best = NULL;
    for (struct follower *at = followers->first; at != NULL; at = at->next) {
        bool due = at->phase == FOLLOWER_READY || (at->phase == FOLLOWER_RESTING && at->due_ms <= now_ms);
        if (due && is_at_work(at) && (best == NULL || at->due_ms < best->due_ms)) {
            best = at;
        }
    }
    return best;
}

/* ---- waiting for sockets
 * -----------------------------------------------------------------------------------
 */

bool followers_make_room(struct followers *followers, size_t count)
{
    if (count <= followers->room) {
        return true;
    }
    struct pollfd *sockets = realloc(followers->sockets, count * sizeof(*sockets));
    followers->sockets = sockets != NULL ? sockets : followers->sockets;
    struct follower **resting = realloc(followers->resting, count * sizeof(struct follower *));
    followers->resting = resting != NULL ? resting : followers->resting;
    followers->room = sockets != NULL && resting != NULL ? count : followers->room;
    return followers->room >= count;
}

/* Lists the sockets of resting followers; returns when the first of them is due. */
static size_t list_sockets(struct followers *followers, int64_t *ret_due_ms)
{
    size_t count = 1;
    *ret_due_ms = clock_monotonic_ms() + POLL_MOST_MS;
    for (struct follower *at = followers->first; at != NULL; at = at->next) {
        if (at->phase != FOLLOWER_RESTING || !is_at_work(at)) {
            continue;
        }
        *ret_due_ms = at->due_ms < *ret_due_ms ? at->due_ms : *ret_due_ms;
        if (at->socket >= 0 && followers_make_room(followers, count + 1)) {
            followers->sockets[count] = (struct pollfd){.fd = at->socket, .events = POLLIN};
            followers->resting[count++] = at;
        }
    }
    followers->sockets[0] = (struct pollfd){.fd = followers->wake, .events = POLLIN};
    return count;
}

/* Unlocks while it waits. follower_stop() waits for the end of this, so no resting follower is freed in
 * between. */
static void poll_sockets(struct followers *followers)
{
    int64_t due_ms = 0;
    size_t count = list_sockets(followers, &due_ms);
    followers->polling = true;
    pthread_mutex_unlock(&followers->lock);
    int ready = poll(followers->sockets, (nfds_t)count, clock_ms_left(due_ms));
    uint64_t ignored = 0;
    if (ready > 0 && followers->sockets[0].revents != 0 &&
        read(followers->wake, &ignored, sizeof(ignored)) < 0) {
        ready = ready > 1 ? ready : 0;
    }
    pthread_mutex_lock(&followers->lock);
    followers->polling = false;
    followers->round++;
    for (size_t i = 1; ready > 0 && i < count; i++) {
        if (followers->sockets[i].revents != 0 && followers->resting[i]->phase == FOLLOWER_RESTING) {
            followers->resting[i]->phase = FOLLOWER_READY;
        }
    }
    pthread_cond_broadcast(&followers->changed);
}

/* ---- threads
 * -----------------------------------------------------------------------------------------------
 */

/* Without the lock: the follower may already be freed. */
static void ask_for_worker(struct executor *executor, int64_t migration_id)
{
    struct err err = {0};
    if (store_migration_attention(executor->store, migration_id, &err) < 0) {
        log_event(LOG_ERROR, "cannot wake a migration", "reason", err.message, NULL);
    }
    executor_wake(executor);
}

/* A worker checks the view if trouble began, changed or ended. */
static bool is_news(const struct follower_view *before, const struct follower_view *now)
{
    return before->state != now->state || strcmp(before->failure.message, now->failure.message) != 0 ||
           strcmp(before->missing.message, now->missing.message) != 0 ||
           strcmp(before->joining.message, now->joining.message) != 0;
}

/* Unlocks during the follower's turn. */
static void run(struct followers *followers, struct follower *follower)
{
    follower->phase = FOLLOWER_RUNNING;
    uint64_t wanted = follower->wanted;
    struct follower_view view = follower->view;
    pthread_mutex_unlock(&followers->lock);
    int wait_ms = follower_turn(follower, wanted, &view);
    int socket = follower->follow == NULL ? -1 : follow_socket(follower->follow);
    pthread_mutex_lock(&followers->lock);
    bool news = is_news(&follower->view, &view);
    int64_t migration_id = follower->migration_id;
    follower->view = view;
    follower->socket = socket;
    bool hurried = follower->wanted != wanted; /* set in the meantime */
    follower->due_ms = clock_monotonic_ms() + (hurried ? 0 : wait_ms);
    follower->phase = wait_ms == 0 ? FOLLOWER_READY : FOLLOWER_RESTING;
    followers_kick(followers);
    if (news) { /* only after the view shows it */
        pthread_mutex_unlock(&followers->lock);
        ask_for_worker(followers->executor, migration_id);
        pthread_mutex_lock(&followers->lock);
    }
}

static void *follower_main(void *argument)
{
    struct followers *followers = argument;
    pthread_mutex_lock(&followers->lock);
    while (!followers->stopping) {
        struct follower *follower = take_ready(followers);
        if (follower != NULL) {
            run(followers, follower);
        } else if (!followers->polling) {
            poll_sockets(followers);
        } else {
            pthread_cond_wait(&followers->changed, &followers->lock);
        }
    }
    pthread_mutex_unlock(&followers->lock);
    store_thread_done(followers->executor->store);
    return NULL;
}

int followers_start_threads(struct followers *followers, struct err *err)
{
    while (followers->thread_count < FOLLOWER_THREADS) {
        pthread_t *thread = &followers->threads[followers->thread_count];
        int failed = pthread_create(thread, NULL, follower_main, followers);
        if (failed != 0) {
            return followers->thread_count > 1
                       ? 0
                       : err_set(err, ERR_INTERNAL, "cannot start a thread: %s", strerror(failed));
        }
        followers->thread_count++;
    }
    return 0;
}

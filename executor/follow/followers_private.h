/* SPDX-License-Identifier: MIT */
/* Shared by executor/follow/followers.c (for the steps) and followers_threads.c. */
#ifndef EXECUTOR_FOLLOW_FOLLOWERS_PRIVATE_H
#define EXECUTOR_FOLLOW_FOLLOWERS_PRIVATE_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "executor/follow/follower_parts_private.h"
#include "executor/follow/followers.h"

enum { FOLLOWER_THREADS = 4 };

struct followers {
    struct executor *executor;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a follower has had its turn, or there is new work */
    struct follower *first;
    bool stopping;
    bool polling;   /* a thread waits for the sockets */
    uint64_t round; /* grows whenever such a wait ends: its list of sockets is then obsolete */
    int wake;       /* eventfd that ends the wait */
    struct pollfd *sockets;
    struct follower **resting; /* in the order of sockets + 1 */
    size_t room;
    pthread_t threads[FOLLOWER_THREADS];
    int thread_count;
    atomic_bool looking; /* one of them compares catalogs */
    atomic_bool joining; /* one of them copies tables that join */
};

/* Call all three under the lock. */
/* Makes the threads check the queue again. */
void followers_kick(struct followers *followers);
/* With the first follower. */
int followers_start_threads(struct followers *followers, struct err *err);
bool followers_make_room(struct followers *followers, size_t count);

#endif

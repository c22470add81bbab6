/* SPDX-License-Identifier: MIT */
/* What executor/follow/followers.c (for the steps), followers_threads.c and follower.c (one turn) share. */
#ifndef EXECUTOR_FOLLOW_FOLLOWERS_PRIVATE_H
#define EXECUTOR_FOLLOW_FOLLOWERS_PRIVATE_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "engine/cutover/cutover.h"
#include "engine/online/follow.h"
#include "engine/online/join.h"
#include "executor/follow/followers.h"
#include "executor/sides.h"
#include "store/store.h"

/* The followers of one migration share a session that asks where the source's WAL ends. */
struct follower_group {
    int64_t migration_id;
    int users;
    pthread_mutex_t lock;   /* guards the making of wal */
    struct source_wal *wal; /* NULL until a follower has found the source */
};

/* NULL until there is one; then it stays as long as the group. */
struct source_wal *follower_group_wal(struct follower_group *group);

enum follower_phase {
    FOLLOWER_RESTING, /* until its socket has something to read, or due_ms */
    FOLLOWER_READY,
    FOLLOWER_RUNNING, /* a thread has it */
};

struct follower {
    struct follower *next;
    struct executor *executor;
    struct follower_group *group;
    int64_t migration_id;
    char *migration_uuid;
    char *database;
    char *name; /* of slot, publication and helper */
    struct stop stop;

    /* Under the lock of struct followers. */
    enum follower_phase phase;
    bool ending;
    int64_t due_ms;
    int socket;      /* -1: not connected */
    uint64_t wanted; /* somebody waits for this position; 0: nobody */
    struct follower_view view;

    /* Of the thread that runs it. */
    struct migration migration;
    struct sides sides;
    struct follow *follow;
    int64_t failing_since_ms; /* 0: all is well */
    int backoff_ms;
    int internal_errors; /* of PostgreSQL, in a row at one position */
    struct err trouble;
    uint64_t trouble_position;       /* of the view, when it began */
    int64_t commit_us;               /* of the last transaction applied, on the source; 0: none yet */
    struct database_figures figures; /* as stored last */
    int64_t figures_ms;
    uint64_t arrived;    /* the position of the last turn */
    int64_t arrived_us;  /* when nothing was pending last */
    uint64_t asked_end;  /* the end of the WAL at the last look */
    uint64_t looked_end; /* asked_end when the catalogs were compared last */
    int64_t look_due_ms; /* monotonic: not before */
    struct err found;    /* what the catalogs lacked when they were compared last */
    uint64_t found_end;  /* the end of the WAL thereafter */
    int64_t found_ms;    /* monotonic */
    bool found_waits;    /* it is shown when everything before found_end is applied */

    /* Of tables that join: executor/follow/follower_join.c. */
    struct late_tables late;               /* as found last */
    struct join *join;                     /* those that are published and not copied yet; NULL: none */
    bool join_copies;                      /* their copy is what the next turn does */
    int64_t join_due_ms;                   /* monotonic: not before */
    int join_failures;                     /* in a row */
    const struct follower_view *turn_view; /* while they are copied */
};

enum { FOLLOWER_THREADS = 4 };

struct followers {
    struct executor *executor;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a follower has had its turn, or something is to be done */
    struct follower *first;
    bool stopping;
    bool polling; /* a thread waits for the sockets */
    uint64_t
        round; /* grows whenever such a wait ends: the sockets listed for it are not looked at any more */
    int wake;  /* eventfd: ends that wait */
    struct pollfd *sockets;
    struct follower **resting; /* in the order of sockets + 1 */
    size_t room;
    pthread_t threads[FOLLOWER_THREADS];
    int thread_count;
    atomic_bool looking; /* one of them compares catalogs */
    atomic_bool joining; /* one of them copies tables that join */
};

/* Under the lock, all three. */
/* Makes the threads look at the queue again. */
void followers_kick(struct followers *followers);
/* At the first follower. */
int followers_start_threads(struct followers *followers, struct err *err);
bool followers_make_room(struct followers *followers, size_t count);

/* One turn: connects, reads, applies, stores figures. Returns in how many milliseconds the next turn is due
 * at the latest; 0: at once. Fills *ret_view for everybody to see. */
int follower_turn(struct follower *follower, uint64_t wanted, struct follower_view *ret_view);
/* Now and then: fills view->missing. Needs the sides of a follower that is connected. */
void follower_look_for_missing(struct follower *follower, struct follower_view *view);
/* Now and then: lets tables join that both sides have got. Fills view->joining. It may close
 * follower->follow.
 */
void follower_join(struct follower *follower, uint64_t wanted, struct follower_view *view);
/* What was found last, which it empties. */
void follower_take_late(struct follower *follower, struct late_tables *late);
void follower_join_done(struct follower *follower);
/* While a turn waits: stores the figures about twice a second. */
void follower_store_figures(struct follower *follower, const struct follower_view *view);
/* Closes its sessions and frees it. */
void follower_free(struct follower *follower);

#endif

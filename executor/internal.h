/* SPDX-License-Identifier: MIT */
/* What the files of this room share. Nobody outside executor/ includes it. */
#ifndef EXECUTOR_INTERNAL_H
#define EXECUTOR_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/stop.h"
#include "engine/instance/instance.h"
#include "engine/process/tools.h"
#include "executor/executor.h"

enum { EXECUTOR_WORKERS_MAX = 64, OPERATION_THREADS = 2, RECHECKS_MAX = 16 };

/*
 * One worker thread and what the monitor shares with it. The lock orders "the worker starts something else"
 * against "the monitor passes a wish to stop on": a wish never reaches the wrong migration or database.
 */
struct worker {
    struct executor *executor;
    pthread_t thread;
    pthread_mutex_t lock;         /* guards what follows, and setting the tokens */
    int64_t migration_id;         /* 0: idle */
    int64_t expires_us;           /* when its life is over */
    const char *current_database; /* the one that is being moved, or NULL; owned by the worker */
    struct stop stop;             /* for the migration as a whole */
    struct stop database_stop;    /* for current_database; follows stop */
    _Atomic bool expired;         /* stop says cancel because the migration's life is over */
};

/* The worker is about to move a database (name NULL: no longer). Its stop token is fresh, unless all is to
 * stop. */
void worker_enter_database(struct worker *worker, const char *name);

/* When a migration is too old to continue: counted from its creation, or from the start that was asked for.
 */
int64_t migration_expires_us(const struct executor *executor, const struct migration *migration);
/* Whether that moment has come. A clock that is set forward does not bring it. */
bool migration_is_expired(int64_t expires_us);

/* Attached servers that were found Inaccessible and are to be asked again. */
struct rechecks {
    pthread_mutex_t lock;
    struct recheck {
        int64_t server_id; /* 0: free */
        int64_t asked_ms;
        bool wanted;
    } rows[RECHECKS_MAX];
};

struct executor {
    const struct options *options;
    struct store *store;
    struct tools tools;
    struct instance_host instances;
    char owner[ID_TEXT_SIZE]; /* names this process in leases */
    int64_t started_us;       /* what is older is an earlier process's */
    char *work_root;          /* <data-dir>/work */

    pthread_mutex_t lock; /* guards generation, with wake */
    pthread_cond_t wake;
    uint64_t generation; /* grows with every wake: no hint is lost between look and wait */
    struct stop stop;    /* of the executor itself */
    _Atomic bool ready;

    struct rechecks rechecks;
    struct followers *followers;
    struct worker workers[EXECUTOR_WORKERS_MAX];
    int worker_count;
    pthread_t operation_threads[OPERATION_THREADS];
    int operation_thread_count;
    pthread_t monitor_thread;
    bool monitor_running;
    pthread_t starter_thread;
    bool starter_running;
    pthread_t watcher_thread;
    bool watcher_running;
};

/* Reads the wake generation; a later executor_wait() with it returns at once after a wake in the meantime.
 */
uint64_t executor_generation(struct executor *executor);
/* Waits for a wake newer than "seen", a stop, or at most timeout_ms. */
void executor_wait(struct executor *executor, uint64_t seen, int timeout_ms);

/* Sleeps, whatever wakes come. False: the executor stops. */
bool executor_sleep(struct executor *executor, int ms);

/* Thread functions. */
void *worker_main(void *argument);  /* struct worker */
void *monitor_main(void *argument); /* struct executor, as the rest */
void *operations_main(void *argument);
void *watcher_main(void *argument); /* starts provisioned servers that ended although they are Ready */
void *starter_main(void *argument); /* afterwards it asks Inaccessible servers again */

/* recheck.c: asks the servers that executor_ask_again() names, until the executor stops. */
void recheck_run(struct executor *executor);

/* Says of the provisioned servers that they are starting; before any worker looks at them. */
int instances_mark_starting(struct executor *executor, struct err *err);
/* Stops every provisioned server, several at once, within timeout_ms. */
void instances_stop_all(struct executor *executor, int timeout_ms);

#endif

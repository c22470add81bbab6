/* SPDX-License-Identifier: MIT */
/* The executor and its workers, for the files in executor/. */
#ifndef EXECUTOR_EXECUTOR_PARTS_H
#define EXECUTOR_EXECUTOR_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/points/points.h"
#include "core/stop.h"
#include "engine/instance/instance.h"
#include "engine/process/tools.h"
#include "executor/executor.h"

enum { EXECUTOR_WORKERS_MAX = 64, OPERATION_THREADS = 2, RECHECKS_MAX = 16 };

/*
 * One worker thread and the state it shares with the monitor. The lock serializes "the worker starts
 * something else" and "the monitor forwards a request to stop", so that a request never reaches the wrong
 * migration or database.
 */
struct worker {
    struct executor *executor;
    pthread_t thread;
    pthread_mutex_t lock;          /* guards the following members, and setting the tokens */
    int64_t migration_id;          /* 0: idle */
    int64_t expires_us;            /* when its life is over */
    const char *current_database;  /* the one that is being copied, or NULL; owned by the worker */
    struct point_subject *subject; /* of the thread's scope, for testers' rules; the worker's own */
    _Atomic int64_t entered_us;    /* when the migration has entered its substate; needs no lock */
    struct stop stop;              /* for the migration as a whole */
    struct stop database_stop;     /* for current_database; derived from stop */
    _Atomic bool expired;          /* stop says cancel because the migration has expired */
};

/* Inaccessible attached servers that will be checked again. */
struct rechecks {
    pthread_mutex_t lock;
    struct recheck {
        int64_t server_id; /* 0: free */
        int64_t asked_ms;
        bool wanted;
    } rows[RECHECKS_MAX];
};

/* Keeps operations, faults and the watcher away from the servers of a subscription: executor/gate.h. */
struct gate {
    pthread_mutex_t lock;
    struct gate_closing *closed;
    struct gate_visit *first;
};

struct series;

struct executor {
    const struct options *options;
    struct store *store;
    struct tools tools;
    struct instance_host instances;
    char owner[ID_TEXT_SIZE]; /* names this process in leases */
    int64_t started_us;       /* work started earlier belongs to an earlier process */
    char *work_root;          /* <data-dir>/work */

    pthread_mutex_t lock; /* guards generation, with wake */
    pthread_cond_t wake;
    uint64_t generation; /* grows with every wake, so that no hint is lost between check and wait */
    struct stop stop;    /* of the executor itself */
    _Atomic bool ready;
    _Atomic int expiry_reads; /* passes of the monitor that read again when migrations expire */

    struct executor_metrics metrics;
    struct gate gate;
    struct rechecks rechecks;
    struct followers *followers;
    struct series *series; /* executor/series/series.h; NULL: none is kept */
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

#endif

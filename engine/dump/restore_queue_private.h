/* SPDX-License-Identifier: MIT */
/*
 * Schedules the work after the rows: an entry is ready when all its dependencies exist and its tables have
 * their rows, and no lane gets it while another holds a conflicting lock. A lane gets one large entry (an
 * index of a large table) or several small ones that share a transaction. All locks of a batch are taken at
 * once, so lanes cannot deadlock. All functions but init and done: any thread.
 */
#ifndef ENGINE_DUMP_RESTORE_QUEUE_PRIVATE_H
#define ENGINE_DUMP_RESTORE_QUEUE_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/catalog/transfer_catalog.h"
#include "engine/dump/archive.h"

enum { RESTORE_QUEUE_BATCH = 32 };

struct restore_task;

struct restore_batch_tasks {
    struct restore_task *tasks[RESTORE_QUEUE_BATCH];
    const struct archive_entry *entries[RESTORE_QUEUE_BATCH];
    size_t count;
};

struct restore_queue {
    const struct archive *archive;
    const struct catalog *catalog;
    struct restore_task *tasks; /* most work first */
    size_t count;
    size_t *task_of;   /* index of an archive entry -> index of its task + 1 */
    size_t *links;     /* dependents of all tasks */
    int *tables;       /* tables (archive ids) that all tasks lock */
    unsigned *readers; /* by archive id: lanes that hold a lock against changes of the table */
    unsigned *writers; /* by archive id: lanes that hold an exclusive lock */
    bool *copied;      /* by position in the catalog: the table's rows are committed */
    bool all_copied;   /* those of all tables, and large objects */
    pthread_mutex_t lock;
    size_t first; /* tasks before it have been handed out */
    size_t running;
    size_t ended;
};

int restore_queue_init(struct restore_queue *queue, const struct archive *archive,
                       const struct catalog *catalog, struct err *err);
void restore_queue_done(struct restore_queue *queue);

enum restore_queue_state {
    RESTORE_QUEUE_READY,
    RESTORE_QUEUE_WAITING, /* for rows, or for entries that run */
    RESTORE_QUEUE_OVER,    /* no further entry will become ready */
};

/* Takes work, if the result is RESTORE_QUEUE_READY. */
enum restore_queue_state restore_queue_take(struct restore_queue *queue,
                                            struct restore_batch_tasks *ret_batch);
/* The batch has ended, successfully or not. */
void restore_queue_put(struct restore_queue *queue, const struct restore_batch_tasks *batch);
void restore_queue_copied(struct restore_queue *queue, const struct catalog_table *table);
void restore_queue_all_copied(struct restore_queue *queue);

#endif

/* SPDX-License-Identifier: MIT */
/* Stores what the engine reports about the transfer of one database. Used by one worker thread. */
#ifndef EXECUTOR_STEPS_PROGRESS_H
#define EXECUTOR_STEPS_PROGRESS_H

#include "core/str_list.h"
#include "engine/transfer/transfer.h"
#include "store/store.h"

struct progress {
    struct store *store;
    struct migration_database *row; /* not owned */
    struct str_list warnings;
    size_t warnings_dropped; /* past the limit */
    /* Called with row about once a second, on the worker's thread; may be NULL. */
    void (*on_progress)(void *context, const struct migration_database *row);
    void *context;
};

void progress_done(struct progress *progress);
/* The observer for transfer_run(); valid as long as progress. */
struct transfer_observer progress_observer(struct progress *progress);
/* Writes the database row. */
int progress_write(struct progress *progress, struct err *err);
/* The skipped objects, as one text, or NULL if there are none. The caller frees. */
char *progress_warnings(const struct progress *progress);

#endif

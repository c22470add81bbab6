/* SPDX-License-Identifier: MIT */
/* What the stages of a transfer share. */
#ifndef ENGINE_TRANSFER_STATE_TRANSFER_STATE_H
#define ENGINE_TRANSFER_STATE_TRANSFER_STATE_H

#include <pthread.h>

#include "core/points/points.h"
#include "core/str_list.h"
#include "engine/catalog/source_database.h"
#include "engine/catalog/source_settings.h"
#include "engine/catalog/transfer_catalog.h"
#include "engine/copy/copy_pool.h"
#include "engine/dump/archive.h"
#include "engine/dump/restore.h"
#include "engine/pg/pg.h"
#include "engine/pg/report.h"
#include "engine/transfer/state/transfer_request.h"

/* Additional data to read from the source in the transfer's snapshot. */
struct transfer_reading {
    /* May be called again, and then replaces the earlier result. 1: done, 0: the snapshot is unsuitable,
     * take another, -1: err. */
    int (*read)(void *context, struct pg *source, struct err *err);
    void *context;
};

/* The target database, created while the schema is read. */
struct transfer_early {
    pthread_t thread;
    const struct point_subject *scope;
    bool running;
    bool created;
};

struct transfer_state {
    const struct transfer *transfer;
    struct transfer_reading also; /* read: NULL: nothing */
    struct pg source;             /* its transaction has the snapshot */
    struct pg admin;              /* of another database of the target; closed once this one exists */
    struct pg target;             /* closed until the database exists */
    int target_version;
    struct transfer_early early;
    bool no_compression; /* the target does not support a compression method that columns ask for */
    char *snapshot;
    const char *encoding; /* of statements, names and the archive in every session */
    struct source_database database;
    struct source_settings settings; /* applied when the target evaluates the user's expressions */
    struct catalog catalog;
    struct archive archive;
    PGresult *trigger_states; /* of constraints whose triggers are not all enabled */
    struct report report;
    struct restore restore;
    struct copy_pool pool;
    struct str_list shown_names; /* names that had to be changed for display */
    struct transfer_table
        *tables; /* the observer's view, in the order in which pool.pieces has their first */
};

#endif

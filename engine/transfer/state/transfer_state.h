/* SPDX-License-Identifier: MIT */
/* What the stages of a transfer share. */
#ifndef ENGINE_TRANSFER_STATE_TRANSFER_STATE_H
#define ENGINE_TRANSFER_STATE_TRANSFER_STATE_H

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

/* What else is to be read of the source in the transfer's snapshot. */
struct transfer_reading {
    /* May be called again: then what was read before does not count. 1: it is read, 0: the snapshot is of no
     * use, take another, -1: err. */
    int (*read)(void *context, struct pg *source, struct err *err);
    void *context;
};

struct transfer_state {
    const struct transfer *transfer;
    struct transfer_reading also; /* read: NULL: nothing */
    struct pg source;             /* its transaction holds the snapshot */
    struct pg target;             /* closed until the database is there */
    int target_version;
    bool no_compression; /* the target cannot compress as some columns ask for */
    char *snapshot;
    const char *encoding; /* of statements, names and the archive on every session */
    struct source_database database;
    struct source_settings settings; /* in force where the target evaluates the user's expressions */
    struct catalog catalog;
    struct archive archive;
    PGresult *trigger_states; /* of constraints whose triggers are not simply enabled */
    struct report report;
    struct restore restore;
    struct copy_pool pool;
    struct str_list shown_names;   /* those that had to be changed to be shown */
    struct transfer_table *tables; /* what the observer sees, in the order of pool.pieces */
};

#endif

/* SPDX-License-Identifier: MIT */
/* The parameters of a transfer, and its observer. */
#ifndef ENGINE_TRANSFER_STATE_TRANSFER_REQUEST_H
#define ENGINE_TRANSFER_STATE_TRANSFER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/copy/copy_state.h"
#include "engine/pg/endpoint.h"
#include "engine/process/tools.h"

/* The progress of one table's copy. The strings live as long as the transfer runs. */
struct transfer_table {
    const char *schema;
    const char *name;
    enum copy_state state;
    int64_t bytes_total; /* size on the source, an estimate of the bytes to copy */
    int64_t bytes;       /* copied so far, as sent by the source */
    int64_t rows;        /* exact when the table is complete; an estimate before */
    int64_t started_us;
    int64_t ended_us;
    bool changed; /* since the last call of progress() */
};

/* All calls happen on the thread that runs transfer_run(). Members may be NULL. */
struct transfer_observer {
    void *context;
    /* Called when the target database exists and is empty: from now on its contents belong to the
     * migration. A non-zero result aborts the transfer with err. */
    int (*claim_target)(void *context, struct err *err);
    /* Called when the tables are known, twice a second while copying, and once when all have ended. */
    void (*progress)(void *context, const struct transfer_table *tables, size_t count);
    /* Information about something that is not a loss. */
    void (*note)(void *context, const char *text);
    /* A new step: "Copying tables", "Creating indexes and constraints". */
    void (*step)(void *context, const char *text);
    /* Online: identities that are about to change on the source and must be restored, see struct
     * replication. */
    int (*remember)(void *context, const char *identities, struct err *err);
    /* Something that costs no data was skipped: object, reason, SQLSTATE. */
    void (*warning)(void *context, const char *text);
};

struct transfer {
    const struct endpoint *source;
    const struct endpoint *target;
    const char *database;       /* the same name on both sides */
    const char *fallback_owner; /* role of the target that owns objects whose owner it lacks; NULL: the
                                   target's user */
    int jobs; /* tables copied in parallel; at most jobs + 1 connections to the source, jobs + 2 to the target
               */
    const char *work_dir; /* an existing directory for the archive, which is removed afterwards */
    const struct tools *tools;
    bool replace;    /* an existing target database with user objects may be dropped; false: it is an error */
    int patience_ms; /* how long other sessions may keep a table of the source locked before it is an error;
                        0: ten minutes */
    const struct stop *stop;
    const struct transfer_observer *observer;
    const char *identities; /* online: the identities that an earlier attempt stored; or NULL */
    int64_t piece_bytes;    /* no table is copied in larger pieces; 0: without limit */
    bool more_pieces;       /* tables are also split so that no lane is idle */
    /* What the administrator of the target does not want; each is reported as a warning. */
    bool skip_analyze;
    bool skip_large_objects;
    bool skip_extensions;
};

#endif

/* SPDX-License-Identifier: MIT */
/* What a transfer is asked to do, and who hears of it. */
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

/* What is known of one table's copy at this moment. The strings live as long as the transfer runs. */
struct transfer_table {
    const char *schema;
    const char *name;
    enum copy_state state;
    int64_t bytes_total; /* size on the source, an estimate of what will be copied */
    int64_t bytes;       /* moved so far, as sent by the source */
    int64_t rows;        /* known when the table is complete; an estimate of progress before */
    int64_t started_us;
    int64_t ended_us;
    bool changed; /* since the last call of progress() */
};

/* All calls come on the thread that runs transfer_run(). A member may be NULL. */
struct transfer_observer {
    void *context;
    /* The target database is there, empty, just before anything is put into it: what it holds from now on is
     * ours. Non-zero return gives the transfer up with err. */
    int (*claim_target)(void *context, struct err *err);
    /* When the tables are known, about once a second while copying, and once when all have ended. */
    void (*progress)(void *context, const struct transfer_table *tables, size_t count);
    /* Something to know that is no loss. */
    void (*note)(void *context, const char *text);
    /* A new step: "Copying tables", "Creating indexes and constraints". */
    void (*step)(void *context, const char *text);
    /* Online: what is about to be changed on the source and has to be given back, see struct replication. */
    int (*remember)(void *context, const char *identities, struct err *err);
    /* Something that does not cost data did not arrive: object, reason, SQLSTATE. */
    void (*warning)(void *context, const char *text);
};

struct transfer {
    const struct endpoint *source;
    const struct endpoint *target;
    const char *database; /* the same name on both sides */
    const char
        *heir; /* role of the target that gets what belongs to roles it lacks; NULL: the target's user */
    int jobs;  /* tables copied at once; at most jobs + 1 connections to the source, jobs + 2 to the target */
    const char *work_dir; /* an existing directory for the archive; what is put there is removed */
    const struct tools *tools;
    bool replace; /* an existing target database with user objects may be dropped; false: that is an error */
    int patience_ms; /* how long others may keep a table of the source locked before that is an error; 0: ten
                        minutes */
    const struct stop *stop;
    const struct transfer_observer *observer;
    const char *identities; /* online: what an earlier attempt has remembered; or NULL */
};

#endif

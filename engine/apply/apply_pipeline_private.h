/* SPDX-License-Identifier: MIT */
/*
 * The applier's session on the target, in libpq's pipeline mode: statements are sent without waiting for the
 * one before, and what is expected of each is checked when its answer comes. For this room only. After
 * a failure it is of no use any more.
 */
#ifndef ENGINE_APPLY_APPLY_PIPELINE_PRIVATE_H
#define ENGINE_APPLY_APPLY_PIPELINE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "engine/catalog/source_settings.h"
#include "engine/pg/endpoint.h"
#include "engine/pg/pg.h"

/* What the answer to a statement must be. */
struct pipeline_expectation {
    const char *what; /* for messages, "table public.item"; lives until the answer has come. NULL: nothing */
    int64_t rows;     /* exactly so many are changed; -1: any number */
    bool definitions; /* "rows" are objects that have been made since */
};

struct pipeline {
    struct pg pg;
    struct pipeline_expectation *expected; /* in the order of the answers; a sync has "sync" set */
    bool *syncs;
    size_t first; /* the oldest without an answer */
    size_t count; /* behind the newest */
    size_t room;
    size_t unsynced; /* sent since the last sync */
    void (*tick)(void *context);
    void *tick_context;
};

/* Parameters of one execution, in libpq's shape. */
struct pipeline_params {
    const Oid *types; /* pipeline_query() only; 0: as the statement says */
    const char *const *values;
    const int *lengths;
    const int *formats;
    int count;
};

/* The session that is to be opened; members as in struct apply_request. */
struct pipeline_session {
    const struct endpoint *target;
    const char *database;
    const char *encoding;
    struct source_settings *settings;
    const struct stop *stop;
    void (*tick)(void *context);
    void *context;
};

/* Opens the session with its settings, not in pipeline mode yet. */
int pipeline_open(const struct pipeline_session *session, struct err *err, struct pipeline *ret_pipeline);
void pipeline_close(struct pipeline *pipeline);

/* Enters pipeline mode; leaves it again for ordinary statements on pipeline->pg, waiting for all answers. */
int pipeline_enter(struct pipeline *pipeline, struct err *err);
int pipeline_leave(struct pipeline *pipeline, struct err *err);

/* Queue a statement; nothing is waited for. */
int pipeline_prepare(struct pipeline *pipeline, const char *name, const char *sql, const char *what,
                     struct err *err);
int pipeline_execute(struct pipeline *pipeline, const char *name, const struct pipeline_params *params,
                     const struct pipeline_expectation *expectation, struct err *err);
/* Without preparing it. */
int pipeline_query(struct pipeline *pipeline, const char *sql, const struct pipeline_params *params,
                   const struct pipeline_expectation *expectation, struct err *err);
int pipeline_command(struct pipeline *pipeline, const char *sql,
                     const struct pipeline_expectation *expectation, struct err *err);

/* Sends what is queued, so that all of it will be answered. */
int pipeline_sync(struct pipeline *pipeline, struct err *err);
/* Sends and reads what can be without waiting. */
int pipeline_pump(struct pipeline *pipeline, struct err *err);
/* Waits until everything sent is answered. pipeline_sync() has been called. */
int pipeline_wait(struct pipeline *pipeline, struct err *err);
bool pipeline_is_idle(const struct pipeline *pipeline);

#endif

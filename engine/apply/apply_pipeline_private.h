/* SPDX-License-Identifier: MIT */
/*
 * The applier's session on the target, in libpq's pipeline mode: it sends statements without waiting for the
 * previous ones, and checks each result when it arrives. For this room only. Unusable after a failure.
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

/* The expected result of a statement. */
struct pipeline_expectation {
    const char *what; /* for messages, "table public.item"; must outlive the result. NULL: none */
    int64_t rows;     /* number of changed rows; -1: any */
    bool definitions; /* counts objects that were created in the meantime, not rows */
};

struct pipeline {
    struct pg pg;
    struct pipeline_expectation *expected; /* in the order of the results; "sync" marks a sync */
    bool *syncs;
    size_t first; /* the oldest without a result */
    size_t count; /* one past the newest */
    size_t room;
    size_t unsynced; /* sent since the last sync */
    void (*tick)(void *context);
    void *tick_context;
};

/* Parameters of one execution, as libpq takes them. */
struct pipeline_params {
    const Oid *types; /* pipeline_query() only; 0: as the statement says */
    const char *const *values;
    const int *lengths;
    const int *formats;
    int count;
};

/* The session to open; members as in struct apply_request. */
struct pipeline_session {
    const struct endpoint *target;
    const char *database;
    const char *encoding;
    struct source_settings *settings;
    const struct stop *stop;
    void (*tick)(void *context);
    void *context;
};

/* Opens the session with its settings, without pipeline mode. */
int pipeline_open(const struct pipeline_session *session, struct err *err, struct pipeline *ret_pipeline);
void pipeline_close(struct pipeline *pipeline);

/* Enters pipeline mode, or waits for all results and leaves it for ordinary statements on pipeline->pg. */
int pipeline_enter(struct pipeline *pipeline, struct err *err);
int pipeline_leave(struct pipeline *pipeline, struct err *err);

/* Queue a statement without waiting. */
int pipeline_prepare(struct pipeline *pipeline, const char *name, const char *sql, const char *what,
                     struct err *err);
int pipeline_execute(struct pipeline *pipeline, const char *name, const struct pipeline_params *params,
                     const struct pipeline_expectation *expectation, struct err *err);
/* Without preparing it. */
int pipeline_query(struct pipeline *pipeline, const char *sql, const struct pipeline_params *params,
                   const struct pipeline_expectation *expectation, struct err *err);
int pipeline_command(struct pipeline *pipeline, const char *sql,
                     const struct pipeline_expectation *expectation, struct err *err);

/* Sends all queued statements with a sync, so that the server returns all results. */
int pipeline_sync(struct pipeline *pipeline, struct err *err);
/* Sends and reads as much as possible without waiting. */
int pipeline_pump(struct pipeline *pipeline, struct err *err);
/* Waits for all results. Call pipeline_sync() before. */
int pipeline_wait(struct pipeline *pipeline, struct err *err);
bool pipeline_is_idle(const struct pipeline *pipeline);

#endif

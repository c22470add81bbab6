/* SPDX-License-Identifier: MIT */
/*
 * Keeps one database of the target up to date: reads the replication stream
 * (engine/replication/replication.h) and applies it (engine/apply/apply.h). It has no thread: the owner
 * calls follow_run() when its socket is readable or about once a second. One thread at a time.
 */
#ifndef ENGINE_ONLINE_FOLLOW_H
#define ENGINE_ONLINE_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/pg/endpoint.h"
#include "engine/replica/replica.h"
#include "engine/replication/tables/joined.h"

struct follow;

struct follow_request {
    const struct endpoint *source;
    const struct endpoint *target;
    const char *database;
    const char *name; /* of slot, publication and helper schema */
    const struct stop *stop;
    /* Stops before the first transaction that is not visible in this snapshot of the source; see
     * follow_is_held(). NULL: none. */
    const struct source_snapshot *hold;
    /* Called about twice a second while follow_run() waits for the target. May be NULL. It may call only
     * the query functions of this header. */
    void (*waits)(void *context);
    void *context;
};

/* Connects to both sides and continues from the target's position. The request's members must outlive it. */
int follow_open(const struct follow_request *request, struct err *err, struct follow **ret_follow);
/* NULL is fine. The source resends uncommitted changes after the next follow_open(). */
void follow_close(struct follow *follow);

/* Reads and applies what has arrived, for about slice_ms, and reports the durable position of the target
 * to the source. 1: more has arrived, 0: nothing more has arrived, -1: close it; a retry may help unless
 * err is lasting. */
int follow_run(struct follow *follow, int slice_ms, struct err *err);
/* The next transaction is not visible in the request's "hold"; the target has all transactions before it. */
bool follow_is_held(const struct follow *follow);
/* Asks the source to report its position immediately. */
int follow_ask(struct follow *follow, struct err *err);
/* -1 while a rule pauses it: nothing would be read. */
int follow_socket(const struct follow *follow);
/* A tester's rule holds or delays the next transaction; call follow_run() again soon. NULL is fine. */
bool follow_is_paused(const struct follow *follow);

/* The target has everything that was committed on the source before this position. */
uint64_t follow_position(const struct follow *follow);
const struct replica_progress *follow_progress(const struct follow *follow);
/* The commit position of the newest source transaction that has begun to arrive; 0: none since
 * follow_open(). */
uint64_t follow_begun(const struct follow *follow);
/* When the last applied transaction was committed on the source, microseconds since 1970; 0: none yet. */
int64_t follow_commit_us(const struct follow *follow);

#endif

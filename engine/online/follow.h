/* SPDX-License-Identifier: MIT */
/*
 * Keeps one database of the target up with the source: reads the stream of changes
 * (engine/replication/replication.h) and applies it (engine/apply/apply.h). Has no thread of its own: whoever
 * owns it calls follow_run() when its socket is readable or about once a second. One thread at a time.
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
    /* Stops in front of the first transaction that this snapshot of the source does not see; see
     * follow_is_held(). NULL: none. */
    const struct source_snapshot *hold;
    /* Called about twice a second while follow_run() waits for the target. May be NULL. Calls nothing of
     * this header but what only tells. */
    void (*waits)(void *context);
    void *context;
};

/* Connects to both sides and goes on from where the target is. The request's members must outlive it. */
int follow_open(const struct follow_request *request, struct err *err, struct follow **ret_follow);
/* NULL is fine. What was not committed on the target comes again after the next follow_open(). */
void follow_close(struct follow *follow);

/*
 * Reads and applies what has arrived, for about slice_ms, and tells the source how far the target is (only
 * what would survive a crash of the target). 1: there is more, 0: nothing more has arrived, -1: close it;
 * trying again may help unless err is lasting.
 */
int follow_run(struct follow *follow, int slice_ms, struct err *err);
/* The next transaction is one that the request's "hold" does not see; all before it are on the target. */
bool follow_is_held(const struct follow *follow);
/* The source shall say at once how far it has sent. */
int follow_ask(struct follow *follow, struct err *err);
int follow_socket(const struct follow *follow);

/* Everything that was committed on the source before this position is on the target. */
uint64_t follow_position(const struct follow *follow);
const struct replica_progress *follow_progress(const struct follow *follow);
/* Where the newest source transaction that has begun commits; 0: none has since follow_open(). */
uint64_t follow_begun(const struct follow *follow);
/* When the last applied transaction was committed on the source, microseconds since 1970; 0: none yet. */
int64_t follow_commit_us(const struct follow *follow);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Tables that were created on both sides after the base copy join an online migration:
 *   1. The target's helper notes that their changes are not applied. Then they are published.
 *   2. The transactions that wrote to them before that end, and the stream passes them.
 *   3. Following pauses. One target transaction copies their rows from a snapshot, and notes which
 * transactions the snapshot sees: the applier skips the changes of those
 * (engine/replication/tables/joined.h). An interruption leaves no rows on the target; joining then restarts.
 * The cutover recopies the tables that have not joined.
 */
#ifndef ENGINE_ONLINE_JOIN_H
#define ENGINE_ONLINE_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/pg/endpoint.h"

struct join_table {
    uint32_t oid; /* on the source */
    char *schema; /* on both sides */
    char *name;
    char *obstacle; /* why it cannot join, for a sentence that begins with "as"; NULL: nothing does */
    bool followed;  /* it need not: the source has emptied it, and it is followed from there */
    int64_t rows;   /* once copied */
};

struct join_request {
    const struct endpoint *source;
    const struct endpoint *target;
    const char *database;
    const char *name; /* of slot, publication and helper schema */
    const struct stop *stop;
    /* As in struct replication. */
    const char *identities;
    int (*remember)(void *context, const char *identities, struct err *err);
    /* Called about once a second while rows are copied, on the caller's thread. */
    void (*tick)(void *context);
    void *context;
};

struct join;

/*
 * The first part, for tables that it takes over, obstacles included. Nobody follows the database meanwhile
 * (engine/online/follow.h), and whoever does so next finds the helper's notes. -1: nothing has joined.
 */
int join_begin(const struct join_request *request, struct join_table *tables, size_t count, struct err *err,
               struct join **ret_join);
void join_free(struct join *join);
/* Whether there are tables that can join. */
bool join_can_copy(const struct join *join);
/* The tables, in the order in which they were given. */
const struct join_table *join_tables(const struct join *join, size_t *ret_count);

/* The second part. "position": everything before it is on the target. 1: join_copy() may be called. 0: not
 * yet; *ret_blocker says which session is waited for, in new memory, or is NULL. */
int join_look(struct join *join, uint64_t position, struct err *err, char **ret_blocker);

/*
 * The third part; nobody follows the database meanwhile. Takes as long as the rows need. 1: they have joined
 * (or are "followed"), 0: not now, as somebody has a table locked or writes for long: again in a few seconds.
 * -1: not this way.
 */
int join_copy(struct join *join, struct err *err);

void join_tables_done(struct join_table *tables, size_t count);

#endif

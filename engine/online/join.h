/* SPDX-License-Identifier: MIT */
/*
 * Tables created on both sides after the base copy join an online migration:
 * 1. The helper schema records that their changes are not applied. Then they are published.
 * 2. The transactions that were writing to them end, and the stream passes them.
 * 3. Following pauses. One target transaction copies their rows from a snapshot, and records the
 *    transactions that the snapshot sees: the applier skips their changes
 *    (engine/replication/tables/joined.h).
 * An interruption leaves no rows on the target; joining then restarts. The cutover recopies the tables
 * that have not joined.
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
    char *obstacle; /* why it cannot join, for a clause after "as"; NULL: it can */
    bool followed;  /* no copy is needed: the source truncated it, and its changes are applied since then */
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

/* The first step, for tables whose array it takes over, including those with obstacles. Nobody may follow
 * the database concurrently (engine/online/follow.h), and the next follower reads the helper's records.
 * -1: no table has joined. */
int join_begin(const struct join_request *request, struct join_table *tables, size_t count, struct err *err,
               struct join **ret_join);
void join_free(struct join *join);
/* Whether any table can join. */
bool join_can_copy(const struct join *join);
/* The tables, in the order of join_begin(). */
const struct join_table *join_tables(const struct join *join, size_t *ret_count);

/* The second step. "position": the target has everything before it. 1: join_copy() may be called. 0: not
 * yet; *ret_blocker describes the session that it waits for (the caller frees), or is NULL. */
int join_check_writers(struct join *join, uint64_t position, struct err *err, char **ret_blocker);

/* The third step; nobody may follow the database concurrently. The duration depends on the number of rows.
 * 1: they have joined (or are "followed"), 0: retry in a few seconds, because a session has a table locked
 * or writes for long. -1: failed. */
int join_copy(struct join *join, struct err *err);

void join_tables_done(struct join_table *tables, size_t count);

#endif

/* SPDX-License-Identifier: MIT */
/* Shared by engine/online/join.c (before the copy) and join_copy.c. */
#ifndef ENGINE_ONLINE_JOIN_PRIVATE_H
#define ENGINE_ONLINE_JOIN_PRIVATE_H

#include "core/buf.h"
#include "engine/online/join.h"
#include "engine/pg/pg.h"
#include "engine/replication/tables/table_now.h"

struct join {
    struct join_request request;
    struct join_table *tables; /* includes those with an obstacle, which are skipped */
    size_t count;
    char *writers; /* array of transactions that were writing when the tables were published; NULL: all have
                      ended */
    uint64_t writers_before; /* they committed before it */
};

/* It has no obstacle and is not followed yet. */
bool join_is_possible(const struct join_table *table);
/* Whether the target has the source's columns with the same types. */
bool join_has_same_columns(const struct table_now *here, const struct table_now *there);
/* Adds the OIDs of the tables that can join: "{16400,16500}". */
void join_add_oids(const struct join *join, struct buf *text);
/* The transactions that have written to them and not ended: an array as text, "{}" for none. */
int join_find_writers(struct join *join, struct pg *source, struct err *err, char **ret_writers);
/* Whether any of those is still running; *ret_blocker (may be NULL) describes it. */
int join_writers_are_there(struct join *join, struct pg *source, const char *writers, struct err *err,
                           bool *ret_there, char **ret_blocker);
/* Opens a session of either side in which every name of the database can be written. */
int join_open(const struct join_request *request, bool target, struct err *err, struct pg *ret_pg);

#endif

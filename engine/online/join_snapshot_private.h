/* SPDX-License-Identifier: MIT */
/* One attempt to copy tables that join: shared by engine/online/join_snapshot.c and join_copy.c. */
#ifndef ENGINE_ONLINE_JOIN_SNAPSHOT_PRIVATE_H
#define ENGINE_ONLINE_JOIN_SNAPSHOT_PRIVATE_H

#include "engine/catalog/source_settings.h"
#include "engine/catalog/transfer_catalog.h"
#include "engine/online/join_private.h"
#include "engine/replication/tables/joined.h"

/* JOIN_NOT_NOW: the tables have to join later. */
enum join_outcome { JOIN_FAILED = -1, JOIN_NOT_NOW = 0, JOIN_DONE = 1 };

struct join_copy {
    struct join *join;
    struct pg source; /* its transaction holds locks and snapshot */
    struct pg target;
    struct source_settings settings;
    struct catalog catalog;
    PGresult *files; /* OID, file number */
    char *snapshot_text;
    struct source_snapshot snapshot;
    uint64_t until; /* everything that the snapshot sees was committed before it */
};

/* Opens the source, locks the tables, takes the snapshot and sets "until". */
enum join_outcome join_take_snapshot(struct join_copy *copying, struct err *err);
/* Applies everything that the snapshot sees. */
enum join_outcome join_follow_up(struct join_copy *copying, struct err *err);
/* A lock that was not granted in time is not a failure. */
enum join_outcome join_lock_outcome(const struct err *err);
void join_copy_done(struct join_copy *copying);

#endif

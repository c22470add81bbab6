/* SPDX-License-Identifier: MIT */
/* The hold on a subscription, and the files of snapshots. */
#ifndef EXECUTOR_SNAPSHOTS_SNAPSHOTS_PRIVATE_H
#define EXECUTOR_SNAPSHOTS_SNAPSHOTS_PRIVATE_H

#include "executor/executor_parts.h"
#include "executor/snapshots/snapshots.h"
#include "store/testing/snapshots.h"

/* ---- the hold: snapshot_hold.c ---- */

/* Nothing of the subscription moves: no worker, no follower, no operation, no server process. */
struct hold {
    struct executor *executor; /* NULL: not held */
    const char *subscription_id;
    struct server *servers; /* provisioned ones */
    size_t server_count;
    bool *ran; /* which of them ran */
    struct snapshot_migration *migrations;
    size_t migration_count;
};

/* may_be_outside: active migrations may have sources outside the subscription, and servers may be attached:
 * they are about to be replaced. */
int hold_begin(struct executor *executor, const char *subscription_id, bool for_restore, struct err *err,
               struct hold *hold);
/* Starts the servers that ran (or, after a restore, those that should run) and lets everything go on. Reports
 * the first server that does not start; its state is Inaccessible then. */
int hold_end(struct hold *hold, struct err *err);
/* The end of the leases that the hold takes: longer than any hold. */
int64_t hold_lease_us(void);
/* Forgets the servers and migrations and reads those of the restored rows. */
int hold_renew(struct hold *hold, struct err *err);

/* Calls fn for each server, on several threads at once. Returns the first error. */
int hold_each_server(struct hold *hold,
                     int (*fn)(struct hold *hold, size_t index, void *context, struct err *err),
                     void *context, struct err *err);

/* ---- files: snapshot_files.c ---- */

/* <root>/snapshots/<subscription>, with "/<name>" unless it is NULL; the caller frees. ERR_BAD_PARAMETER if
 * the name is not [A-Za-z0-9][A-Za-z0-9._-]{0,62}. */
int snapshot_path(const struct executor *executor, const char *subscription_id, const char *name,
                  struct err *err, char **ret_path);
int snapshot_check_name(const char *name, struct err *err);
/* ERR_CONFLICT if the subscription has as many snapshots as are kept, unless path is one of them. */
int snapshot_check_room(const struct executor *executor, const char *subscription_id, const char *path,
                        struct err *err);
/* The same for a name with a dot in front; removes what is there, and creates it with a folder data/. */
int snapshot_make_folder(const struct executor *executor, const char *subscription_id, const char *name,
                         struct err *err, char **ret_path);
int snapshot_write_manifest(const char *folder, const json_t *manifest, struct err *err);
/* ERR_NOT_FOUND if there is none. */
int snapshot_read_manifest(const char *folder, const char *name, struct err *err, json_t **ret_manifest);

#endif

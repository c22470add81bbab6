/* SPDX-License-Identifier: MIT */
/*
 * The rows of one subscription, copied to a file and put back: groups, servers and their children, migrations
 * with all that belongs to them, networks, deployments. Sealed secrets stay sealed. Long-running operations
 * are not copied. Any thread, outside transactions.
 */
#ifndef STORE_TESTING_SNAPSHOTS_H
#define STORE_TESTING_SNAPSHOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "store/session/session.h"

/* Takes the leases of all migrations of the subscription that a worker could have: those workers change
 * nothing from now on. store_snapshot_release() gives them back, and so does a new process. */
int store_snapshot_hold(struct store *store, const char *subscription_id, int64_t lease_until_us,
                        struct err *err);
/* Gives the leases back and requests workers for active migrations. */
int store_snapshot_release(struct store *store, const char *subscription_id, struct err *err);
/* 1: a long-running operation or a deployment of the subscription has not ended. */
int store_snapshot_busy(struct store *store, const char *subscription_id, struct err *err);

struct snapshot_migration {
    int64_t id;
    char *name;
    char *state;
    char *substate;
    char *outside; /* the source's name if it is not a server of the subscription; NULL: it is one */
    bool active;
    bool hidden; /* deleted */
};
/* The subscription's migrations, the oldest first. */
int store_snapshot_migrations(struct store *store, const char *subscription_id, struct err *err,
                              struct snapshot_migration **ret_rows, size_t *ret_count);
void snapshot_migrations_free(struct snapshot_migration *rows, size_t count);

/* Writes the rows to a new file. ERR_SERVER_BUSY if an operation or a deployment has not ended. */
int store_snapshot_save(struct store *store, const char *subscription_id, const char *path, struct err *err);
/* Replaces the subscription's rows by those of the file, cancels its operations, and notes in the same
 * transaction which folder holds the data directories that belong to the rows. The restored migrations are
 * held. ERR_CONFLICT if a server of another subscription has taken the place of one of them. */
int store_snapshot_restore(struct store *store, const char *subscription_id, const char *path,
                           const char *folder, int64_t lease_until_us, struct err *err);

/* 1 and a restore that is not finished (the caller frees both), or 0. */
int store_restore_next(struct store *store, struct err *err, char **ret_subscription_id, char **ret_folder);
int store_restore_finish(struct store *store, const char *subscription_id, struct err *err);

#endif

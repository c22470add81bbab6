/* SPDX-License-Identifier: MIT */
/*
 * Named snapshots of a subscription: the data directories of its provisioned servers and its rows in the
 * store, taken at one moment, and put back. Migrations are held at a safe point as at a shutdown, and go on
 * afterwards; slots are files of the data directory, so an online migration goes on, too.
 *
 * <root>/snapshots/<subscription>/<name>/          0700
 *     manifest.json    what GET shows
 *     rows.db          the rows; secrets are sealed as in the store
 *     data/<instance>/ the data directories
 * <root>/snapshots/<subscription>/.new-*, .restore  what is not complete: removed at the next start, or
 * finished
 *
 * Any thread; the calls wait for servers to stop and start. A killed Malachite leaves the old state or the
 * new one.
 */
#ifndef EXECUTOR_SNAPSHOTS_SNAPSHOTS_H
#define EXECUTOR_SNAPSHOTS_SNAPSHOTS_H

#include <jansson.h>

#include "core/err.h"
#include "executor/executor.h"

/* Takes a snapshot; replaces one of the same name. ERR_BAD_PARAMETER: the name; ERR_CONFLICT: attached
 * servers or sources outside the subscription, which err names, active faults, or too many snapshots;
 * ERR_SERVER_BUSY: operations, deployments or steps of migrations did not end in time. *ret_manifest: as
 * snapshot_get(). */
int snapshot_take(struct executor *executor, const char *subscription_id, const char *name, struct err *err,
                  json_t **ret_manifest);
/* Puts the subscription back as it was. ERR_NOT_FOUND: there is no such snapshot. After any other error, the
 * subscription is as before. */
int snapshot_restore(struct executor *executor, const char *subscription_id, const char *name,
                     struct err *err, json_t **ret_manifest);
/* {name, subscription, createdOn, servers: [{name, version}], migrations: [{name, state, substate}]}.
 * ERR_NOT_FOUND. */
int snapshot_get(struct executor *executor, const char *subscription_id, const char *name, struct err *err,
                 json_t **ret_manifest);
/* An array of them, by name. */
int snapshot_list(struct executor *executor, const char *subscription_id, struct err *err, json_t **ret_list);
/* ERR_NOT_FOUND. */
int snapshot_delete(struct executor *executor, const char *subscription_id, const char *name,
                    struct err *err);

/* At the start of Malachite, before servers start: finishes a restore whose rows are committed, and removes
 * what is incomplete. */
int snapshots_recover(struct executor *executor, struct err *err);

#endif

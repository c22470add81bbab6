/* SPDX-License-Identifier: MIT */
/* Takes snapshots: copies beside, then one rename. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fd.h"
#include "core/log.h"
#include "core/parse/id.h"
#include "core/str.h"
#include "engine/instance/instance_copy.h"
#include "engine/instance/instance_tree.h"
#include "executor/snapshots/snapshots_private.h"

/* A server without data (its creation failed) has none in the snapshot either. */
static int save_server(struct hold *hold, size_t index, void *context, struct err *err)
{
    const char *folder = context;
    const char *instance = hold->servers[index].instance;
    const struct instance_host *host = &hold->executor->instances;
    auto_free char *version_file = str_format("%s/instances/%s/data/PG_VERSION", host->root, instance);
    auto_free char *to = str_format("%s/data/%s", folder, instance);
    if (version_file == NULL || to == NULL) {
        return err_no_memory(err);
    }
    return access(version_file, F_OK) != 0
               ? 0
               : instance_save_data(host, instance, to, &hold->executor->stop, err);
}

static json_t *describe(const struct hold *hold, const char *name)
{
    char created[CLOCK_TEXT_SIZE];
    json_t *servers = json_array();
    json_t *migrations = json_array();
    for (size_t i = 0; i < hold->server_count; i++) {
        json_array_append_new(servers, json_pack("{s:s, s:i}", "name", hold->servers[i].name, "version",
                                                 hold->servers[i].major));
    }
    for (size_t i = 0; i < hold->migration_count; i++) {
        const struct snapshot_migration *row = &hold->migrations[i];
        if (!row->hidden) {
            json_array_append_new(migrations, json_pack("{s:s, s:s, s:s}", "name", row->name, "state",
                                                        row->state, "substate", row->substate));
        }
    }
    clock_format(clock_now_us(), created);
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", name, "subscription", hold->subscription_id,
                     "createdOn", created, "servers", servers, "migrations", migrations);
}

/* While everything is held. */
static int copy(struct hold *hold, const char *name, char *folder, struct err *err, json_t **ret_manifest)
{
    auto_free char *rows = str_format("%s/rows.db", folder);
    json_auto_t *manifest = describe(hold, name);
    if (rows == NULL || manifest == NULL) {
        return err_no_memory(err);
    }
    if (store_snapshot_save(hold->executor->store, hold->subscription_id, rows, err) < 0 ||
        hold_each_server(hold, save_server, folder, err) < 0 ||
        snapshot_write_manifest(folder, manifest, err) < 0) {
        return -1;
    }
    *ret_manifest = TAKE(manifest);
    return 0;
}

/* The new folder takes its name; one that had it is removed afterwards. */
static int name_folder(const char *folder, const char *path, struct err *err)
{
    bool exchanged = renameat2(AT_FDCWD, folder, AT_FDCWD, path, RENAME_EXCHANGE) == 0;
    if ((!exchanged && rename(folder, path) != 0) || !fd_sync_directory_of(path)) {
        return err_set(err, ERR_INTERNAL, "Cannot name the snapshot '%s': %s", path, strerrordesc_np(errno));
    }
    return exchanged ? tree_remove(folder, err) : 0;
}

int snapshot_take(struct executor *executor, const char *subscription_id, const char *name, struct err *err,
                  json_t **ret_manifest)
{
    int64_t began_ms = clock_monotonic_ms();
    struct hold hold = {0};
    char id[ID_TEXT_SIZE];
    struct err not_started = {0};
    json_auto_t *manifest = NULL;
    auto_free char *path = NULL;
    auto_free char *folder = NULL;
    if (snapshot_check_name(name, err) < 0 ||
        snapshot_path(executor, subscription_id, name, err, &path) < 0 ||
        snapshot_check_room(executor, subscription_id, path, err) < 0 ||
        hold_begin(executor, subscription_id, false, err, &hold) < 0) {
        return -1;
    }
    id_new(id);
    auto_free char *fresh = str_format(".new-%s", id); /* another one may begin before this one is synced */
    int result = fresh == NULL ? err_no_memory(err)
                               : snapshot_make_folder(executor, subscription_id, fresh, err, &folder);
    if (result == 0) {
        result = copy(&hold, name, folder, err, &manifest);
    }
    if (hold_end(&hold, &not_started) < 0 && result == 0) {
        *err = not_started;
        result = -1;
    }
    if (result == 0) {
        result = tree_sync(folder, err) < 0 ? -1 : name_folder(folder, path, err);
    }
    if (result < 0 && folder != NULL) {
        struct err ignored = {0};
        (void)tree_remove(folder, &ignored);
    }
    if (result == 0) {
        auto_free char *ms = str_format("%lld", (long long)(clock_monotonic_ms() - began_ms));
        log_event(LOG_INFO, "snapshot taken", "subscription", subscription_id, "snapshot", name, "ms", ms,
                  NULL);
        *ret_manifest = TAKE(manifest);
    }
    return result;
}

/* SPDX-License-Identifier: MIT */
/*
 * Restores snapshots. The copies of the data directories are made beside first. Then one transaction replaces
 * the rows and notes the folder of the copies: from then on the restore happens, and a new process finishes
 * it. Before, nothing has changed. The copies are on the disk before the commit.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "engine/instance/instance_copy.h"
#include "engine/instance/instance_tree.h"
#include "executor/snapshots/snapshots_private.h"

static const char staging[] = ".restore";

/* ---- names in a folder -----------------------------------------------------------------------------------
 */

struct names {
    struct dirent **entries;
    int count;
};

static void names_done(struct names *names)
{
    for (int i = 0; i < names->count; i++) {
        free(names->entries[i]);
    }
    free(names->entries);
}
#define auto_names __attribute__((cleanup(names_done)))

static int is_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static void list_names(const char *folder, struct names *names)
{
    names->count = scandir(folder, &names->entries, is_entry, alphasort);
    if (names->count < 0) {
        *names = (struct names){0};
    }
}

/* ---- copies beside ---------------------------------------------------------------------------------------
 */

struct copies {
    const struct instance_host *host;
    const struct stop *stop;
    const char *from; /* folders with data directories by instance */
    const char *to;
    const struct names *names;
    _Atomic int next;
    pthread_mutex_t lock;
    int result;
    struct err *err;
};

static void *copy_main(void *argument)
{
    struct copies *copies = argument;
    for (int i = atomic_fetch_add(&copies->next, 1); i < copies->names->count;
         i = atomic_fetch_add(&copies->next, 1)) {
        struct err err = {0};
        auto_free char *from = str_format("%s/%s", copies->from, copies->names->entries[i]->d_name);
        auto_free char *to = str_format("%s/%s", copies->to, copies->names->entries[i]->d_name);
        int result = from == NULL || to == NULL
                         ? err_no_memory(&err)
                         : instance_copy_data(copies->host, from, to, copies->stop, &err);
        pthread_mutex_lock(&copies->lock);
        if (result < 0 && copies->result == 0) {
            copies->result = -1;
            *copies->err = err;
        }
        pthread_mutex_unlock(&copies->lock);
    }
    return NULL;
}

/* Two at a time: the disk, not the processor, is the limit. */
static int copy_data(struct executor *executor, const char *from, const char *to, struct err *err)
{
    auto_names struct names names = {0};
    pthread_t thread;
    list_names(from, &names);
    struct copies copies = {.host = &executor->instances,
                            .stop = &executor->stop,
                            .from = from,
                            .to = to,
                            .names = &names,
                            .err = err};
    pthread_mutex_init(&copies.lock, NULL);
    bool started = names.count > 1 && pthread_create(&thread, NULL, copy_main, &copies) == 0;
    copy_main(&copies);
    if (started) {
        pthread_join(thread, NULL);
    }
    pthread_mutex_destroy(&copies.lock);
    return copies.result;
}

/* ---- after the commit ------------------------------------------------------------------------------------
 */

static int move_data(const struct executor *executor, const char *folder, struct err *err)
{
    auto_names struct names names = {0};
    auto_free char *data = str_format("%s/data", folder);
    if (data == NULL) {
        return err_no_memory(err);
    }
    list_names(data, &names);
    for (int i = 0; i < names.count; i++) {
        const char *instance = names.entries[i]->d_name;
        auto_free char *from = str_format("%s/%s", data, instance);
        if (from == NULL) {
            return err_no_memory(err);
        }
        if (instance_replace_data(&executor->instances, instance, from, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Of servers that the snapshot does not know: nothing refers to their folders any longer. */
static int remove_strays(const struct executor *executor, struct err *err)
{
    auto_names struct names names = {0};
    struct server *servers = NULL;
    size_t count = 0;
    auto_free char *instances = str_format("%s/instances", executor->instances.root);
    if (instances == NULL) {
        return err_no_memory(err);
    }
    if (store_server_list_all(executor->store, err, &servers, &count) < 0) {
        return -1;
    }
    list_names(instances, &names);
    int result = 0;
    for (int i = 0; i < names.count && result == 0; i++) {
        bool known = false;
        for (size_t j = 0; j < count && !known; j++) {
            known = str_iequals(servers[j].instance, names.entries[i]->d_name);
        }
        result = known ? 0 : instance_delete(&executor->instances, names.entries[i]->d_name, err);
    }
    servers_free(servers, count);
    return result;
}

static int finish(struct executor *executor, const char *subscription_id, const char *folder, struct err *err)
{
    return move_data(executor, folder, err) < 0 ||
                   store_restore_finish(executor->store, subscription_id, err) < 0
               ? -1
               : tree_remove(folder, err);
}

/* ---- the call --------------------------------------------------------------------------------------------
 */

static int replace(struct hold *hold, const char *path, struct err *err)
{
    struct executor *executor = hold->executor;
    auto_free char *folder = NULL;
    auto_free char *rows = str_format("%s/rows.db", path);
    auto_free char *from = str_format("%s/data", path);
    if (rows == NULL || from == NULL) {
        return err_no_memory(err);
    }
    if (snapshot_make_folder(executor, hold->subscription_id, staging, err, &folder) < 0) {
        return -1;
    }
    auto_free char *to = str_format("%s/data", folder);
    if (to == NULL) {
        return err_no_memory(err);
    }
    if (copy_data(executor, from, to, err) < 0 || tree_sync(folder, err) < 0 ||
        store_snapshot_restore(executor->store, hold->subscription_id, rows, folder, hold_lease_us(), err) <
            0) {
        struct err ignored = {0};
        (void)tree_remove(folder, &ignored);
        return -1;
    }
    if (finish(executor, hold->subscription_id, folder, err) < 0) {
        /* No server may start on data that does not belong to its rows. */
        memset(hold->ran, 0, hold->server_count * sizeof(bool));
        return err_append(err, " The restore is not complete; restart Malachite, which finishes it.");
    }
    return 0;
}

/* Instances of servers that the restored rows no longer contain. */
static void remove_instances(struct executor *executor, const struct server *before, size_t before_count,
                             const struct hold *after)
{
    for (size_t i = 0; i < before_count; i++) {
        struct err err = {0};
        bool known = false;
        for (size_t j = 0; j < after->server_count && !known; j++) {
            known = str_iequals(after->servers[j].instance, before[i].instance);
        }
        if (!known && instance_delete(&executor->instances, before[i].instance, &err) < 0) {
            log_event(LOG_ERROR, "cannot remove a server", "server", before[i].name, "reason", err.message,
                      NULL);
        }
    }
}

/* Everything is held; afterwards the hold has the restored servers. */
static int replace_and_renew(struct hold *hold, const char *path, struct err *err)
{
    if (replace(hold, path, err) < 0) {
        return -1;
    }
    struct server *before = TAKE(hold->servers);
    size_t before_count = hold->server_count;
    hold->server_count = 0;
    int result = hold_renew(hold, err);
    if (result == 0) {
        remove_instances(hold->executor, before, before_count, hold);
    }
    servers_free(before, before_count);
    return result;
}

int snapshot_restore(struct executor *executor, const char *subscription_id, const char *name,
                     struct err *err, json_t **ret_manifest)
{
    int64_t began_ms = clock_monotonic_ms();
    struct hold hold = {0};
    struct err not_started = {0};
    json_auto_t *manifest = NULL;
    auto_free char *path = NULL;
    if (snapshot_check_name(name, err) < 0 ||
        snapshot_path(executor, subscription_id, name, err, &path) < 0 ||
        snapshot_read_manifest(path, name, err, &manifest) < 0 ||
        hold_begin(executor, subscription_id, true, err, &hold) < 0) {
        return -1;
    }
    int result = replace_and_renew(&hold, path, err);
    if (hold_end(&hold, &not_started) < 0 && result == 0) {
        *err = not_started;
        result = -1;
    }
    if (result == 0) {
        auto_free char *ms = str_format("%lld", (long long)(clock_monotonic_ms() - began_ms));
        log_event(LOG_INFO, "snapshot restored", "subscription", subscription_id, "snapshot", name, "ms", ms,
                  NULL);
        *ret_manifest = TAKE(manifest);
    }
    return result;
}

/* ---- the next start --------------------------------------------------------------------------------------
 */

/* Servers of the interrupted process still run on the data that is to be replaced. */
static int stop_servers(const struct executor *executor, const char *folder, struct err *err)
{
    enum { STOP_TIMEOUT_MS = 20000 };
    auto_names struct names names = {0};
    auto_free char *data = str_format("%s/data", folder);
    if (data == NULL) {
        return err_no_memory(err);
    }
    list_names(data, &names);
    for (int i = 0; i < names.count; i++) {
        if (instance_stop(&executor->instances, names.entries[i]->d_name, STOP_TIMEOUT_MS, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static void remove_incomplete(const struct executor *executor, const char *subscription)
{
    auto_names struct names names = {0};
    auto_free char *folder = str_format("%s/snapshots/%s", executor->instances.root, subscription);
    if (folder == NULL) {
        return;
    }
    list_names(folder, &names);
    for (int i = 0; i < names.count; i++) {
        struct err ignored = {0};
        auto_free char *path = str_format("%s/%s", folder, names.entries[i]->d_name);
        if (path != NULL && names.entries[i]->d_name[0] == '.') {
            (void)tree_remove(path, &ignored);
        }
    }
}

int snapshots_recover(struct executor *executor, struct err *err)
{
    auto_names struct names names = {0};
    auto_free char *all = str_format("%s/snapshots", executor->instances.root);
    bool restored = false;
    for (;;) {
        auto_free char *subscription_id = NULL;
        auto_free char *folder = NULL;
        int found = store_restore_next(executor->store, err, &subscription_id, &folder);
        if (found < 0) {
            return -1;
        }
        if (found == 0) {
            break;
        }
        restored = true;
        if (stop_servers(executor, folder, err) < 0 || finish(executor, subscription_id, folder, err) < 0) {
            return -1;
        }
        log_event(LOG_INFO, "finished the restore of a snapshot", "subscription", subscription_id, NULL);
    }
    if (restored && remove_strays(executor, err) < 0) {
        return -1;
    }
    if (all == NULL) {
        return err_no_memory(err);
    }
    list_names(all, &names);
    for (int i = 0; i < names.count; i++) {
        remove_incomplete(executor, names.entries[i]->d_name);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "engine/instance/instance_copy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/str.h"
#include "engine/instance/instance_private.h"
#include "engine/instance/instance_tree.h"
#include "engine/pg/pg.h"

enum { STOP_TIMEOUT_MS = 30000 };

static int check_stopped(const char *dir, const char *name, struct err *err)
{
    struct postmaster postmaster = {0};
    return postmaster_find(dir, &postmaster)
               ? err_set(err, ERR_CONFLICT, "Server '%s' runs: its data cannot be copied or replaced.", name)
               : 0;
}

int instance_save_data(const struct instance_host *host, const char *name, const char *to,
                       const struct stop *stop, struct err *err)
{
    auto_free char *dir = NULL;
    auto_instance_lock pthread_mutex_t *lock = NULL;
    if (instance_lock(name, stop, err, &lock) != 0 || instance_dir(host, name, err, &dir) != 0) {
        return -1;
    }
    auto_free char *data_dir = str_format("%s/data", dir);
    if (data_dir == NULL) {
        return err_no_memory(err);
    }
    if (check_stopped(dir, name, err) != 0) {
        return -1;
    }
    struct wal_spare spare = {0};
    wal_spare_find(host, data_dir, stop, &spare);
    return tree_copy_without(data_dir, to, &host->user, stop, wal_is_spare, &spare, err);
}

int instance_copy_data(const struct instance_host *host, const char *from, const char *to,
                       const struct stop *stop, struct err *err)
{
    return tree_copy(from, to, &host->user, stop, err);
}

/* Moves "from" to data_dir; what was there is removed at the end, when nobody needs it. */
static int move_into_place(const char *from, const char *data_dir, struct err *err)
{
    auto_free char *replaced = str_format("%s.replaced", data_dir);
    if (replaced == NULL) {
        return err_no_memory(err);
    }
    if (tree_remove(replaced, err) != 0) {
        return -1;
    }
    if ((rename(data_dir, replaced) != 0 && errno != ENOENT) || rename(from, data_dir) != 0 ||
        !fd_sync_directory_of(data_dir)) {
        return err_set(err, ERR_INTERNAL, "Cannot move '%s' to '%s': %s", from, data_dir,
                       strerrordesc_np(errno));
    }
    return tree_remove(replaced, err);
}

int instance_replace_data(const struct instance_host *host, const char *name, const char *from,
                          struct err *err)
{
    auto_free char *dir = NULL;
    auto_instance_lock pthread_mutex_t *lock = NULL;
    if (access(from, F_OK) != 0) {
        return 0;
    }
    if (instance_lock(name, NULL, err, &lock) != 0 || instance_dir(host, name, err, &dir) != 0 ||
        check_stopped(dir, name, err) != 0 ||
        (access(dir, F_OK) != 0 && tree_make_dir(dir, 0700, &host->user, err) != 0)) {
        return -1;
    }
    auto_free char *data_dir = str_format("%s/data", dir);
    return data_dir == NULL ? err_no_memory(err) : move_into_place(from, data_dir, err);
}

/* ---- clones ----------------------------------------------------------------------------------------------
 */

/* Stops the original while its data is copied, if it runs. */
static int copy_original(const struct instance_host *host, const struct instance_spec *original,
                         const char *to, const struct stop *stop, struct err *err)
{
    auto_instance_lock pthread_mutex_t *lock = NULL;
    if (instance_lock(original->name, stop, err, &lock) != 0) {
        return -1;
    }
    bool runs = instance_is_running(host, original->name);
    if (runs && instance_stop(host, original->name, STOP_TIMEOUT_MS, err) != 0) {
        return -1;
    }
    int result = instance_save_data(host, original->name, to, stop, err);
    struct err failure = {0};
    if (runs && instance_start(host, original, stop, &failure) != 0 && result == 0) {
        *err = failure;
        return -1;
    }
    return result;
}

/* The original's slots would keep WAL for nobody. */
static int drop_slots(const struct instance_host *host, const struct instance_spec *spec,
                      const struct stop *stop, struct err *err)
{
    auto_endpoint struct endpoint endpoint = {0};
    auto_pg struct pg pg = {0};
    return instance_superuser_endpoint(host, spec, spec->name, err, &endpoint) != 0 ||
                   pg_open(&endpoint, "postgres", PG_ADMIN, stop, err, &pg) != 0
               ? -1
               : pg_run(&pg, err,
                        "SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM"
                        " pg_catalog.pg_replication_slots");
}

int instance_clone(const struct instance_host *host, const struct instance_spec *spec,
                   const struct instance_spec *original, const struct stop *stop, struct err *err)
{
    auto_free char *dir = NULL;
    auto_free char *from_dir = NULL;
    if (instance_dir(host, spec->name, err, &dir) != 0 ||
        instance_dir(host, original->name, err, &from_dir) != 0 ||
        instance_delete(host, spec->name, err) != 0) {
        return -1;
    }
    auto_free char *version_file = str_format("%s/data/PG_VERSION", from_dir);
    auto_free char *data_dir = str_format("%s/data", dir);
    if (version_file == NULL || data_dir == NULL) {
        return err_no_memory(err);
    }
    if (access(version_file, F_OK) != 0) {
        return err_set(err, ERR_CONFLICT, "Server '%s' has no data to copy.", original->name);
    }
    if (tree_make_dir(dir, 0700, &host->user, err) != 0 ||
        copy_original(host, original, data_dir, stop, err) != 0 ||
        instance_start(host, spec, stop, err) != 0 || drop_slots(host, spec, stop, err) != 0 ||
        administrator_ensure(host, spec, stop, err) != 0 || tree_sync(dir, err) != 0) {
        struct err ignored = {0};
        (void)instance_delete(host, spec->name, &ignored);
        return -1;
    }
    return 0;
}

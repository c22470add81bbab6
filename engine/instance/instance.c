/* SPDX-License-Identifier: MIT */
#include "engine/instance/instance.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/str.h"
#include "engine/instance/instance_private.h"
#include "engine/instance/instance_tree.h"

enum {
    NAME_MAX_BYTES = 63 + 1 + 19,
    DELETE_TIMEOUT_MS = 5000,
    RESTART_TIMEOUT_MS = 30000,
    CONNECT_TIMEOUT_S = 10
};

static bool is_plain_name(const char *name)
{
    size_t len = strlen(name);
    bool plain = len > 0 && len <= NAME_MAX_BYTES && isalnum((unsigned char)name[0]);
    for (size_t i = 0; plain && i < len; i++) {
        plain = isalnum((unsigned char)name[i]) || strchr("-_.", name[i]) != NULL;
    }
    return plain;
}

int instance_dir(const struct instance_host *host, const char *name, struct err *err, char **ret_dir)
{
    if (!is_plain_name(name)) {
        return err_set(err, ERR_BAD_RESOURCE_NAME, "'%s' cannot be the name of a server", name);
    }
    char *dir = str_format("%s/instances/%s", host->root, name);
    if (dir == NULL) {
        return err_no_memory(err);
    }
    *ret_dir = dir;
    return 0;
}

/* The kernel limits the path of a Unix socket; beyond the limit postgres fails late and with a less
 * helpful message. */
static int check_socket_path(const struct instance_host *host, const struct instance_spec *spec,
                             const char *dir, struct err *err)
{
    static const size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    auto_free char *path = str_format("%s/.s.PGSQL.%d", dir, spec->port);
    if (path == NULL) {
        return err_no_memory(err);
    }
    if (strlen(path) > most) {
        return err_set(err, ERR_BAD_RESOURCE_NAME,
                       "the path of the Unix socket of server '%s' would have %zu bytes, more than the %zu "
                       "allowed ('%s'); choose a shorter server name, or a --data-dir shorter than '%s'",
                       spec->name, strlen(path), most, path, host->root);
    }
    return 0;
}

static const struct tools_major *find_programs(const struct instance_host *host, int major, struct err *err)
{
    const struct tools_major *programs = tools_server(host->tools, major);
    if (programs == NULL) {
        char there[128];
        tools_describe_servers(host->tools, there, sizeof(there));
        err_set(err, ERR_VERSION_UNAVAILABLE,
                "PostgreSQL %d is not on this machine; installed: %s. 'make postgres MAJORS=%d' "
                "fetches it, or name its directory with --postgres-dir",
                major, there, major);
    }
    return programs;
}

/* Creates a new instance directory with its data; the server does not run. */
static int clone_template(const struct instance_host *host, const struct tools_major *programs,
                          const char *dir, const struct stop *stop, struct err *err)
{
    auto_free char *template_dir = NULL;
    auto_free char *data_dir = str_format("%s/data", dir);
    auto_fd int lock = -1;
    if (data_dir == NULL) {
        return err_no_memory(err);
    }
    if (template_hold(host, programs, stop, err, &template_dir, &lock) != 0 ||
        tree_make_dir(dir, 0700, &host->user, err) != 0) {
        return -1;
    }
    return tree_copy(template_dir, data_dir, &host->user, stop, err);
}

static int remove_instance(const char *dir, struct err *err)
{
    if (postmaster_stop(dir, false, DELETE_TIMEOUT_MS, err) != 0) {
        return -1;
    }
    return tree_remove(dir, err);
}

/* This file marks a directory without data as left by a failed instance_create(), so that it is not
 * mistaken for one whose data somebody removed. */
static char *unfinished_path(const char *dir)
{
    return str_format("%s/unfinished", dir);
}

static void mark_unfinished(const struct instance_host *host, const char *dir)
{
    struct err ignored = {0};
    auto_free char *path = unfinished_path(dir);
    if (path != NULL && remove_instance(dir, &ignored) == 0 &&
        tree_make_dir(dir, 0700, &host->user, &ignored) == 0) {
        auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        (void)fd;
    }
}

static bool is_unfinished(const char *dir)
{
    auto_free char *path = unfinished_path(dir);
    return path != NULL && access(path, F_OK) == 0;
}

int instance_create(const struct instance_host *host, const struct instance_spec *spec,
                    const struct stop *stop, struct err *err)
{
    auto_free char *dir = NULL;
    auto_instance_lock pthread_mutex_t *lock = NULL;
    const struct tools_major *programs = find_programs(host, spec->major, err);
    if (programs == NULL || instance_lock(spec->name, stop, err, &lock) != 0 ||
        instance_dir(host, spec->name, err, &dir) != 0 || check_socket_path(host, spec, dir, err) != 0 ||
        remove_instance(dir, err) != 0) {
        return -1;
    }
    if (clone_template(host, programs, dir, stop, err) != 0 ||
        postmaster_start(host, spec, dir, stop, err) != 0 ||
        administrator_create(host, spec, stop, err) != 0 || tree_sync(dir, err) != 0) {
        mark_unfinished(host, dir);
        return -1;
    }
    instance_keep_settings(dir);
    return 0;
}

int instance_start(const struct instance_host *host, const struct instance_spec *spec,
                   const struct stop *stop, struct err *err)
{
    struct postmaster postmaster = {0};
    auto_free char *dir = NULL;
    auto_instance_lock pthread_mutex_t *lock = NULL;
    if (instance_lock(spec->name, stop, err, &lock) != 0 || instance_dir(host, spec->name, err, &dir) != 0) {
        return -1;
    }
    auto_free char *version_file = str_format("%s/data/PG_VERSION", dir);
    if (version_file == NULL) {
        return err_no_memory(err);
    }
    if (access(version_file, F_OK) != 0) {
        if (is_unfinished(dir)) {
            return instance_create(host, spec, stop, err);
        }
        return err_set(err, ERR_RESOURCE_NOT_FOUND, "server '%s' has no data directory: '%s' is missing",
                       spec->name, version_file);
    }
    if (postmaster_find(dir, &postmaster)) {
        bool as_wanted = postmaster.port == spec->port && str_equals(postmaster.address, spec->address);
        if (as_wanted && !postmaster.stopping) {
            return postmaster_await(spec, dir, postmaster.pid, stop, err);
        }
        if (postmaster_stop(dir, true, RESTART_TIMEOUT_MS, err) != 0) {
            return -1;
        }
    }
    if (check_socket_path(host, spec, dir, err) != 0 || postmaster_start(host, spec, dir, stop, err) != 0) {
        return -1;
    }
    instance_keep_settings(dir);
    fault_server_started(host, spec, dir, stop);
    return 0;
}

int instance_stop(const struct instance_host *host, const char *name, int timeout_ms, struct err *err)
{
    auto_free char *dir = NULL;
    auto_instance_lock pthread_mutex_t *lock = NULL;
    if (instance_lock(name, NULL, err, &lock) != 0 || instance_dir(host, name, err, &dir) != 0) {
        return -1;
    }
    return postmaster_stop(dir, true, timeout_ms, err);
}

bool instance_is_running(const struct instance_host *host, const char *name)
{
    struct err ignored = {0};
    struct postmaster postmaster = {0};
    auto_free char *dir = NULL;
    return instance_dir(host, name, &ignored, &dir) == 0 && postmaster_find(dir, &postmaster);
}

int instance_delete(const struct instance_host *host, const char *name, struct err *err)
{
    auto_free char *dir = NULL;
    auto_instance_lock pthread_mutex_t *lock = NULL;
    if (instance_lock(name, NULL, err, &lock) != 0 || instance_dir(host, name, err, &dir) != 0) {
        return -1;
    }
    return remove_instance(dir, err);
}

int instance_superuser_endpoint(const struct instance_host *host, const struct instance_spec *spec,
                                const char *label, struct err *err, struct endpoint *ret_endpoint)
{
    struct endpoint endpoint = {.port = spec->port, .connect_timeout_s = CONNECT_TIMEOUT_S};
    if (instance_dir(host, spec->name, err, &endpoint.host) != 0) {
        return -1;
    }
    endpoint.user = str_dup(INSTANCE_SUPERUSER);
    endpoint.sslmode = str_dup("disable");
    endpoint.label = str_dup(label);
    if (endpoint.user == NULL || endpoint.sslmode == NULL || endpoint.label == NULL) {
        endpoint_done(&endpoint);
        return err_no_memory(err);
    }
    *ret_endpoint = endpoint;
    return 0;
}

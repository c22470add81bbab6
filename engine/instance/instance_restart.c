/* SPDX-License-Identifier: MIT */
/*
 * Restarts with a fallback. PostgreSQL checks many ALTER SYSTEM settings only when it starts, and a server
 * that does not start cannot reset them.
 */
#include "engine/instance/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/str.h"
#include "engine/instance/instance_private.h"

enum { STOP_TIMEOUT_MS = 10000, SETTINGS_MAX_BYTES = 1 << 20 };

/* The settings of the last successful start; rewritten at each one. */
struct settings_files {
    char *current;
    char *kept;
};

static void settings_files_done(struct settings_files *files)
{
    free(files->current);
    free(files->kept);
}
#define auto_settings_files __attribute__((cleanup(settings_files_done)))

static int settings_files_init(const char *dir, struct settings_files *files, struct err *err)
{
    files->current = str_format("%s/data/postgresql.auto.conf", dir);
    files->kept = str_format("%s/auto.conf.kept", dir);
    return files->current == NULL || files->kept == NULL ? err_no_memory(err) : 0;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t written = write(fd, bytes + done, len - done);
        if (written < 0) {
            return -1;
        }
        done += (size_t)written;
    }
    return 0;
}

/* Overwrites the content of "to", which keeps its owner and mode, or creates it for this user only. */
static int copy_settings(const char *from, const char *to)
{
    auto_free char *bytes = malloc(SETTINGS_MAX_BYTES);
    auto_fd int in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t len = bytes == NULL || in < 0 ? -1 : read(in, bytes, SETTINGS_MAX_BYTES);
    if (len < 0) {
        return -1;
    }
    auto_fd int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    return out < 0 || write_all(out, bytes, (size_t)len) != 0 ? -1 : 0;
}

void instance_keep_settings(const char *dir)
{
    struct err ignored = {0};
    auto_settings_files struct settings_files files = {0};
    if (settings_files_init(dir, &files, &ignored) == 0) {
        (void)copy_settings(files.current, files.kept);
    }
}

/* False if there are no settings to restore. */
static bool restore_settings(const struct settings_files *files)
{
    return copy_settings(files->kept, files->current) == 0;
}

int instance_restart(const struct instance_host *host, const struct instance_spec *spec,
                     const struct stop *stop, struct err *err)
{
    struct err second = {0};
    auto_free char *dir = NULL;
    auto_settings_files struct settings_files files = {0};
    auto_instance_lock pthread_mutex_t *lock = NULL;
    if (instance_lock(spec->name, stop, err, &lock) != 0 || instance_dir(host, spec->name, err, &dir) != 0 ||
        settings_files_init(dir, &files, err) != 0 ||
        instance_stop(host, spec->name, STOP_TIMEOUT_MS, err) != 0) {
        return -1;
    }
    if (instance_start(host, spec, stop, err) == 0) {
        return 0;
    }
    if ((stop != NULL && stop_requested(stop)) || !restore_settings(&files) ||
        instance_start(host, spec, stop, &second) != 0) {
        return -1;
    }
    err->lasting = true;
    return err_prefix(
        err, "The server did not start with the changed parameters; it runs again with the previous ones. ");
}

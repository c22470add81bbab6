/* SPDX-License-Identifier: MIT */
/* Full disks: a library in the server processes (preload/full_disk.c) refuses writes while a page says so. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/str.h"
#include "engine/instance/fault_page.h"
#include "engine/instance/fault_private.h"
#include "engine/instance/instance_private.h"

static const char library[] = "malachite-faults.so";

/* ---- the library and the page, for the start of a server -------------------------------------------------
 */

static char library_path[PATH_MAX];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Beside the program, or in ../lib/malachite/ of an installed one. */
static void find_library(void)
{
    static const char *const places[] = {"", "../lib/malachite/"};
    char program[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    program[len < 0 ? 0 : len] = '\0';
    char *slash = strrchr(program, '/');
    for (size_t i = 0; slash != NULL && i < ARRAY_LEN(places); i++) {
        slash[1] = '\0';
        auto_free char *path = str_format("%s%s%s", program, places[i], library);
        /* The dynamic linker splits LD_PRELOAD at these. */
        if (path != NULL && strpbrk(path, " :") == NULL && access(path, R_OK) == 0 &&
            strlen(path) < sizeof(library_path)) {
            snprintf(library_path, sizeof(library_path), "%s", path);
            return;
        }
    }
}

const char *fault_library(void)
{
    pthread_once(&once, find_library);
    return library_path[0] == '\0' ? NULL : library_path;
}

static char *page_path(const char *dir)
{
    return str_format("%s/fault.page", dir);
}

int fault_page_prepare(const struct instance_host *host, const char *dir)
{
    static const char empty[FAULT_PAGE_BYTES];
    auto_free char *path = page_path(dir);
    auto_fd int fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0 ||
        (host->user.change && fchown(fd, host->user.uid, host->user.gid) != 0)) {
        return -1;
    }
    size_t len =
        info.st_size < FAULT_PAGE_BYTES ? sizeof(empty) : 1; /* one byte: the library is not loaded */
    return pwrite(fd, empty, len, 0) == (ssize_t)len ? 0 : -1;
}

/* ---- the faults ------------------------------------------------------------------------------------------
 */

/* Changes one byte; writes and the servers' mapping share the page cache. -1 with errno. */
static int write_byte(const char *dir, off_t at, char value)
{
    auto_free char *path = page_path(dir);
    auto_fd int fd = path == NULL ? -1 : open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && pwrite(fd, &value, 1, at) == 1 ? 0 : -1;
}

static int set_full(const struct fault_call *call, off_t at, struct err *err)
{
    return write_byte(call->dir, at, 1) == 0 ? 0
                                             : err_set(err, ERR_INTERNAL, "Cannot write '%s/fault.page': %s",
                                                       call->dir, strerrordesc_np(errno));
}

int fault_disk_prepare(const struct fault_call *call, struct buf *undo, struct err *err)
{
    (void)undo;
    char loaded = 0;
    auto_free char *path = page_path(call->dir);
    auto_fd int fd = path == NULL ? -1 : open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && pread(fd, &loaded, 1, offsetof(struct fault_page, loaded)) == 1 && loaded != 0) {
        return 0;
    }
    if (fault_library() == NULL) {
        return err_set(err, ERR_CONFLICT,
                       "The faults diskFull and walFull need '%s' beside Malachite's program, or in"
                       " ../lib/malachite/. 'make' builds it. Then restart Malachite and its servers.",
                       library);
    }
    return err_set(
        err, ERR_CONFLICT,
        "Server '%s' runs without '%s', which the faults diskFull and walFull need. Restart the server;"
        " if that does not help, its log says why.",
        call->spec->name, fault_library());
}

int fault_disk_begin(const struct fault_call *call, const char *undo, struct err *err)
{
    (void)undo;
    return set_full(call, offsetof(struct fault_page, data_full), err);
}

int fault_wal_begin(const struct fault_call *call, const char *undo, struct err *err)
{
    (void)undo;
    return set_full(call, offsetof(struct fault_page, wal_full), err);
}

/* Without a page, nothing is full. */
int fault_disk_end(const struct fault_call *call, const char *undo, struct err *err)
{
    (void)undo;
    (void)err;
    (void)write_byte(call->dir, offsetof(struct fault_page, data_full), 0);
    return 0;
}

/* PostgreSQL has ended, or will with its next write to pg_wal/ unless there is space by then. */
int fault_wal_end(const struct fault_call *call, const char *undo, struct err *err)
{
    (void)undo;
    (void)write_byte(call->dir, offsetof(struct fault_page, wal_full), 0);
    return instance_start(call->host, call->spec, call->stop, err);
}

/* SPDX-License-Identifier: MIT */
#include "server/tls/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/str.h"
#include "core/wipe.h"

static bool write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, text, len);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        text += written;
        len -= (size_t)written;
    }
    return true;
}

int file_write(const char *path, mode_t mode, const char *text, struct err *err)
{
    auto_free char *temporary = str_format("%s.XXXXXX", path);
    if (temporary == NULL) {
        return err_no_memory(err);
    }
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return err_set(err, ERR_INTERNAL, "cannot write %s: %s", path, strerror(errno));
    }
    bool written = write_all(fd, text, strlen(text)) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    int failure = errno;
    close(fd);
    if (!written || rename(temporary, path) < 0) {
        failure = written ? errno : failure;
        unlink(temporary);
        return err_set(err, ERR_INTERNAL, "cannot write %s: %s", path, strerror(failure));
    }
    return fd_sync_directory_of(path)
               ? 0
               : err_set(err, ERR_INTERNAL, "cannot write %s to the disk: %s", path, strerror(errno));
}

char *file_read(const char *path, size_t max)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    char *text = malloc(max + 2);
    size_t len = 0;
    ssize_t got = -1;
    while (text != NULL && len <= max && (got = read(fd, text + len, max + 1 - len)) > 0) {
        len += (size_t)got;
    }
    close(fd);
    if (text == NULL || got < 0 || len > max) {
        wipe_free(text); /* half a key, perhaps */
        return NULL;
    }
    text[len] = '\0';
    return text;
}

int file_make_directory(const char *path, mode_t mode, struct err *err)
{
    auto_free char *copy = strdup(path);
    if (copy == NULL) {
        return err_no_memory(err);
    }
    for (char *at = copy + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)mkdir(copy, 0755);
            *at = '/';
        }
    }
    struct stat info;
    if (mkdir(path, mode) < 0 && (errno != EEXIST || stat(path, &info) < 0 || !S_ISDIR(info.st_mode))) {
        return err_set(err, ERR_INTERNAL, "cannot create the directory %s: %s", path, strerror(errno));
    }
    return 0;
}

/* " (process 123)", which the holder of the lock wrote into it. */
static void describe_holder(int fd, char *text, size_t size)
{
    char pid[16] = "";
    ssize_t len = pread(fd, pid, sizeof(pid) - 1, 0);
    pid[len > 0 ? strspn(pid, "0123456789") : 0] = '\0';
    if (pid[0] != '\0') {
        snprintf(text, size, " (process %s)", pid);
    }
}

int file_lock_directory(const char *dir, struct err *err, int *ret_fd)
{
    auto_free char *path = str_format("%s/malachite.lock", dir);
    if (path == NULL) {
        return err_no_memory(err);
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_set(err, ERR_INTERNAL, "cannot open %s: %s", path, strerror(errno));
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int failure = errno;
        char holder[48] = "";
        describe_holder(fd, holder, sizeof(holder));
        close(fd);
        return failure == EWOULDBLOCK
                   ? err_set(err, ERR_CONFLICT,
                             "the data directory %s is in use by another Malachite%s: stop that one, or "
                             "choose another directory with --data-dir",
                             dir, holder)
                   : err_set(err, ERR_INTERNAL, "cannot lock %s: %s", path, strerror(failure));
    }
    char pid[16];
    snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, strlen(pid), 0) < 0) {
        err_set(err, ERR_INTERNAL, "cannot write %s: %s", path, strerror(errno));
        close(fd);
        return -1;
    }
    *ret_fd = fd;
    return 0;
}

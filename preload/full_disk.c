/* SPDX-License-Identifier: MIT */
/*
 * malachite-faults.so, loaded into the processes of provisioned servers (LD_PRELOAD). While the instance's
 * page says that its disk is full, calls that would let a file below base/ grow fail with ENOSPC, and so does
 * every write to pg_wal/. Otherwise a call costs one look at a byte in memory.
 *
 * The page is mapped once, when the postmaster starts; all processes of the server inherit the mapping.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engine/instance/fault_page.h"

static struct fault_page nothing;
static struct fault_page *page = &nothing;

__attribute__((constructor)) static void map_page(void)
{
    const char *path = getenv(FAULT_PAGE_VARIABLE);
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    void *mapped = mmap(NULL, FAULT_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED) {
        page = mapped;
        page->loaded = 1;
    }
}

/* Whether a write that ends at this offset has no space; end -1: at the end of the file. */
static bool no_space(int fd, off64_t from, off64_t len)
{
    if (page->data_full == 0 && page->wal_full == 0) {
        return false;
    }
    int saved = errno;
    char link[64];
    char path[4096];
    struct stat64 info;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t got = readlink(link, path, sizeof(path) - 1);
    path[got < 0 ? 0 : got] = '\0';
    bool full = page->wal_full != 0 && strstr(path, "/data/pg_wal/") != NULL;
    if (!full && page->data_full != 0 && strstr(path, "/data/base/") != NULL && fstat64(fd, &info) == 0) {
        full = from + len > info.st_size;
    }
    errno = saved;
    return full;
}

static int refuse(void)
{
    errno = ENOSPC;
    return -1;
}

/* The C library's own function of this name. */
#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))
#define CALL_NEXT(name, ...)                                                                                 \
    __extension__({                                                                                          \
        static __typeof__(&(name)) next;                                                                     \
        if (next == NULL) {                                                                                  \
            next = NEXT(name);                                                                               \
        }                                                                                                    \
        next(__VA_ARGS__);                                                                                   \
    })

static off64_t total(const struct iovec *parts, int count)
{
    off64_t len = 0;
    for (int i = 0; i < count; i++) {
        len += (off64_t)parts[i].iov_len;
    }
    return len;
}

#pragma GCC visibility push(default)

ssize_t write(int fd, const void *bytes, size_t len)
{
    bool watched = page->data_full != 0 || page->wal_full != 0;
    if (watched && no_space(fd, lseek64(fd, 0, SEEK_CUR), (off64_t)len)) {
        return refuse();
    }
    return CALL_NEXT(write, fd, bytes, len);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return no_space(fd, at, (off64_t)len) ? refuse() : CALL_NEXT(pwrite, fd, bytes, len, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    return no_space(fd, at, (off64_t)len) ? refuse() : CALL_NEXT(pwrite64, fd, bytes, len, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    return no_space(fd, at, total(parts, count)) ? refuse() : CALL_NEXT(pwritev, fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at)
{
    return no_space(fd, at, total(parts, count)) ? refuse() : CALL_NEXT(pwritev64, fd, parts, count, at);
}

int posix_fallocate(int fd, off_t at, off_t len)
{
    return no_space(fd, at, len) ? ENOSPC : CALL_NEXT(posix_fallocate, fd, at, len);
}

int posix_fallocate64(int fd, off64_t at, off64_t len)
{
    return no_space(fd, at, len) ? ENOSPC : CALL_NEXT(posix_fallocate64, fd, at, len);
}

int ftruncate(int fd, off_t len)
{
    return no_space(fd, 0, len) ? refuse() : CALL_NEXT(ftruncate, fd, len);
}

int ftruncate64(int fd, off64_t len)
{
    return no_space(fd, 0, len) ? refuse() : CALL_NEXT(ftruncate64, fd, len);
}

/* SPDX-License-Identifier: MIT */
#include "core/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/attr.h"

bool fd_sync_directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    auto_free char *dir =
        slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + (slash == path));
    int fd = dir == NULL ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
    int failure = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = failure;
    return synced;
}

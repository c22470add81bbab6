/* SPDX-License-Identifier: MIT */
/* File descriptors that close at the end of their scope (-1: none), and durable file names. */
#ifndef CORE_FD_H
#define CORE_FD_H

#include <stdbool.h>
#include <unistd.h>

static inline void close_at_scope_end(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

/* Initialise it where declared; hand the descriptor over with TAKE_FD(). */
#define auto_fd __attribute__((cleanup(close_at_scope_end)))

#define TAKE_FD(fd)                                                                                          \
    __extension__({                                                                                          \
        int taken_ = (fd);                                                                                   \
        (fd) = -1;                                                                                           \
        taken_;                                                                                              \
    })

/* Syncs the directory of a file that was just created or renamed: only then is the name durable, even if
 * the file's contents already are. False and errno on failure. */
bool fd_sync_directory_of(const char *path);

#endif

/* SPDX-License-Identifier: MIT */
/* File descriptors that close at the end of their scope (-1 is none), and names that stay. */
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

/* Initialise where declared; hand the descriptor over with TAKE_FD(). */
#define auto_fd __attribute__((cleanup(close_at_scope_end)))

#define TAKE_FD(fd)                                                                                          \
    __extension__({                                                                                          \
        int taken_ = (fd);                                                                                   \
        (fd) = -1;                                                                                           \
        taken_;                                                                                              \
    })

/* Writes the directory of a file that was just created or renamed to the disk: the name is there only then,
 * even when the file's content is. False and errno on failure. */
bool fd_sync_directory_of(const char *path);

#endif

/* SPDX-License-Identifier: MIT */
/* Small files: certificates, the endpoints file, and the data directory with its lock. */
#ifndef SERVER_TLS_FILE_H
#define SERVER_TLS_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"

/* Writes a file atomically and syncs it: readers see the old contents or the new. mode: its permissions. */
int file_write(const char *path, mode_t mode, const char *text, struct err *err);
/* The contents as text in new memory, which the caller frees; NULL if it cannot be read or is longer than
 * max. */
char *file_read(const char *path, size_t max);
/* Creates a directory and its parents; mode is that of the last one. An existing one is left as it is. */
int file_make_directory(const char *path, mode_t mode, struct err *err);
/*
 * Locks a data directory, so that no two Malachites use it. The lock is held while ret_fd is open.
 * ERR_CONFLICT if another process has it.
 */
int file_lock_directory(const char *dir, struct err *err, int *ret_fd);

#endif

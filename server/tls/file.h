/* SPDX-License-Identifier: MIT */
/* Small files: certificates, the endpoints file, and the data directory with its lock. */
#ifndef SERVER_TLS_FILE_H
#define SERVER_TLS_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"

/* Writes a file in one piece, down to the disk: readers see the old content or the new. mode: its
 * permissions. */
int file_write(const char *path, mode_t mode, const char *text, struct err *err);
/* The content as text in new memory that the caller frees; NULL when it cannot be read or is longer than max.
 */
char *file_read(const char *path, size_t max);
/* Creates a directory with those above it; mode is that of the last one. An existing one is fine and left as
 * is. */
int file_make_directory(const char *path, mode_t mode, struct err *err);
/*
 * Takes the lock of a data directory, so that no two Malachites work in it. The lock lives as long as ret_fd
 * is open; closing ends it. ERR_CONFLICT when another process has it.
 */
int file_lock_directory(const char *dir, struct err *err, int *ret_fd);

#endif

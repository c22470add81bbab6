/* SPDX-License-Identifier: MIT */
/*
 * Directory trees that belong to the servers' user, handled while Malachite may run as root: symbolic
 * links in them are never followed, so nothing outside them is touched. Any thread.
 */
#ifndef ENGINE_INSTANCE_INSTANCE_TREE_H
#define ENGINE_INSTANCE_INSTANCE_TREE_H

#include <stdbool.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/process/child.h"

/* Copies the tree "from" to the new directory "to", owned by user. Uses copy_file_range(), which shares
 * blocks if the file system can, and never hard links: PostgreSQL writes in place. Does not sync. A
 * failure leaves a partial copy. stop may be NULL. */
int tree_copy(const char *from, const char *to, const struct child_user *user, const struct stop *stop,
              struct err *err);
/* Whether tree_copy_without() leaves out a file of this directory (the last part of its path). */
typedef bool tree_skip(const void *context, const char *directory, const char *name);
int tree_copy_without(const char *from, const char *to, const struct child_user *user,
                      const struct stop *stop, tree_skip *skip, const void *context, struct err *err);
/* Removes a tree; it is no error if it does not exist. Retries for a moment while another process still
 * writes into it. */
int tree_remove(const char *path, struct err *err);
/* Creates a directory with exactly this mode, owned by user (NULL: Malachite's own). */
int tree_make_dir(const char *path, unsigned mode, const struct child_user *user, struct err *err);
/* Syncs the whole file system of path to disk. */
int tree_sync(const char *path, struct err *err);

#endif

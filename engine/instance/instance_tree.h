/* SPDX-License-Identifier: MIT */
/*
 * Directory trees that belong to the user of the servers, handled while we may be root: no symbolic link in
 * them is ever followed, so nothing outside them is touched. Any thread.
 */
#ifndef ENGINE_INSTANCE_INSTANCE_TREE_H
#define ENGINE_INSTANCE_INSTANCE_TREE_H

#include "core/err.h"
#include "core/stop.h"
#include "engine/process/child.h"

/*
 * Copies the tree "from" to the new directory "to" (files by copy_file_range(), which shares blocks where the
 * file system can; never by hard link: PostgreSQL writes in place), owned by user. Not synced. What was
 * copied is left on failure. stop may be NULL.
 */
int tree_copy(const char *from, const char *to, const struct child_user *user, const struct stop *stop,
              struct err *err);
/* Removes a tree; not there is fine. Tries for a moment when somebody still writes into it. */
int tree_remove(const char *path, struct err *err);
/* Makes a directory with exactly this mode, owned by user (NULL: by us). */
int tree_make_dir(const char *path, unsigned mode, const struct child_user *user, struct err *err);
/* Everything of path's file system on disk. */
int tree_sync(const char *path, struct err *err);

#endif

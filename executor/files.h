/* SPDX-License-Identifier: MIT */
/* Directories of the executor's own. */
#ifndef EXECUTOR_FILES_H
#define EXECUTOR_FILES_H

#include "core/err.h"

/* Removes a directory with all below it, without following links. Not there is fine. */
int files_remove_tree(const char *path, struct err *err);
/* Creates a directory (mode 0700); an existing one is fine. */
int files_make_directory(const char *path, struct err *err);

#endif

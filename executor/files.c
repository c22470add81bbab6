/* SPDX-License-Identifier: MIT */
#include "executor/files.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { OPEN_DIRECTORIES = 16 };

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int files_remove_tree(const char *path, struct err *err)
{
    if (nftw(path, remove_entry, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT) {
        return err_set(err, ERR_INTERNAL, "cannot remove %s: %s", path, strerror(errno));
    }
    return 0;
}

int files_make_directory(const char *path, struct err *err)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST) {
        return err_set(err, ERR_INTERNAL, "cannot create %s: %s", path, strerror(errno));
    }
    return 0;
}

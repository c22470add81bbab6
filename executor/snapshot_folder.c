/* SPDX-License-Identifier: MIT */
#include "executor/snapshot_folder.h"

#include <ctype.h>
#include <string.h>

#include "core/str.h"

char *snapshot_folder(const struct executor *executor, const char *subscription_id)
{
    char *path = str_format("%s/snapshots/%s", executor->instances.root, subscription_id);
    /* Ids are compared without case. */
    char *id = path == NULL ? NULL : strrchr(path, '/') + 1;
    for (; id != NULL && *id != '\0'; id++) {
        *id = (char)tolower((unsigned char)*id);
    }
    return path;
}

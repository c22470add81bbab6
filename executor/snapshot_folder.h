/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_SNAPSHOT_FOLDER_H
#define EXECUTOR_SNAPSHOT_FOLDER_H

#include "executor/executor_parts.h"

/* <root>/snapshots/<subscription>: the snapshots of a subscription (executor/snapshots/), which may have
 * none. The caller frees; NULL when memory is out. */
char *snapshot_folder(const struct executor *executor, const char *subscription_id);

#endif

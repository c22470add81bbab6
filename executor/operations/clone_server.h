/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_OPERATIONS_CLONE_SERVER_H
#define EXECUTOR_OPERATIONS_CLONE_SERVER_H

#include "executor/executor_parts.h"

/* Creates the instance of a new server: empty, or as a copy of the server that its tag malachite.cloneOf
 * names. */
int create_or_clone_instance(struct executor *executor, const struct server *server, struct err *err);

#endif

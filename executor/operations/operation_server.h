/* SPDX-License-Identifier: MIT */
/* The server that an operation works on. */
#ifndef EXECUTOR_OPERATIONS_OPERATION_SERVER_H
#define EXECUTOR_OPERATIONS_OPERATION_SERVER_H

#include "executor/executor_parts.h"

/* The server of an operation; an error if it was deleted. */
int operation_find_server(struct executor *executor, const struct operation *operation, struct err *err,
                          struct server *ret_server);

/* Checks an attached server with its credentials; it becomes Ready, or Inaccessible with the reason. */
int attach_server(struct executor *executor, const struct server *server, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/* What the kinds of long-running operations do; executor/operations/operations.c has the queue. Each may run
 * again after a crash. */
#ifndef EXECUTOR_OPERATIONS_OPERATION_STEPS_H
#define EXECUTOR_OPERATIONS_OPERATION_STEPS_H

#include "executor/executor_parts.h"

/* The server of an operation; an error if it was deleted. */
int operation_find_server(struct executor *executor, const struct operation *operation, struct err *err,
                          struct server *ret_server);

/* Looks at an attached server with its credentials; it becomes Ready, or Inaccessible with the reason. */
int attach_server(struct executor *executor, const struct server *server, struct err *err);

/* operation_power.c: provisioned servers only */
/* An operation as the REST call makes it, to be inserted. */
int operation_init_power(const struct server *server, enum operation_kind kind, struct err *err,
                         struct operation *ret_operation);
int start_server(struct executor *executor, const struct operation *operation, struct err *err);
int stop_server(struct executor *executor, const struct operation *operation, struct err *err);
int restart_server(struct executor *executor, const struct operation *operation, struct err *err);
/* Gives the administrator the password of the row; an attached server is looked at again. */
int update_server(struct executor *executor, const struct operation *operation, struct err *err);

/* configurations.c: argument {"configurations": [{"name", "value" or null}]} */
int change_configurations(struct executor *executor, const struct operation *operation, struct err *err);

#endif

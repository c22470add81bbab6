/* SPDX-License-Identifier: MIT */
/* Operations on provisioned servers. Each may run again after a crash. */
#ifndef EXECUTOR_OPERATIONS_OPERATION_POWER_H
#define EXECUTOR_OPERATIONS_OPERATION_POWER_H

#include "executor/executor_parts.h"

int start_server(struct executor *executor, const struct operation *operation, struct err *err);
int stop_server(struct executor *executor, const struct operation *operation, struct err *err);
int restart_server(struct executor *executor, const struct operation *operation, struct err *err);
/* Gives the administrator the password of the row; an attached server is looked at again. */
int update_server(struct executor *executor, const struct operation *operation, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/* Operations on provisioned servers. Each may run again after a crash. */
#ifndef EXECUTOR_OPERATIONS_OPERATION_POWER_H
#define EXECUTOR_OPERATIONS_OPERATION_POWER_H

#include "executor/executor_parts.h"

int start_server(struct executor *executor, const struct operation *operation, struct err *err);
int stop_server(struct executor *executor, const struct operation *operation, struct err *err);
int restart_server(struct executor *executor, const struct operation *operation, struct err *err);
/* Sets the administrator's password to the row's; checks an attached server again. */
int update_server(struct executor *executor, const struct operation *operation, struct err *err);

#endif

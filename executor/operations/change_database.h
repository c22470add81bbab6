/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_OPERATIONS_CHANGE_DATABASE_H
#define EXECUTOR_OPERATIONS_CHANGE_DATABASE_H

#include "executor/executor_parts.h"

/* Creates or drops the database of the operation, and keeps or forgets how the client spells it. */
int change_database(struct executor *executor, const struct operation *operation, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/* What an operation waits for before it removes something, and whether it still makes sense. */
#ifndef EXECUTOR_OPERATIONS_OPERATION_WAITS_H
#define EXECUTOR_OPERATIONS_OPERATION_WAITS_H

#include "executor/executor_parts.h"
#include "store/store.h"

/* Until the migrations from or to the server, which are being canceled, have ended. Each of these returns -1
 * with err when Malachite stops, or after some minutes. */
int await_migrations(struct executor *executor, const struct server *server, struct err *err);
/* The same for the migrations that write one database of the server. */
int await_database(struct executor *executor, const struct server *server, const char *database,
                   struct err *err);
/* Until no other operation works on the server. */
int await_operations(struct executor *executor, const struct server *server, struct err *err);

/* Whether the server that the operation is about was deleted with its group, or is about to be: then err says
 * so, and the operation is Canceled. */
bool operation_is_moot(struct executor *executor, const struct operation *operation, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_POWER_OPERATION_H
#define EXECUTOR_POWER_OPERATION_H

#include "store/store.h"

/* An operation that starts, stops or restarts the server, as the REST call makes it, to be inserted. Release
 * with operation_done() in any case. */
int operation_init_power(const struct server *server, enum operation_kind kind, struct err *err,
                         struct operation *ret_operation);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_POWER_OPERATION_H
#define EXECUTOR_POWER_OPERATION_H

#include "store/store.h"

/* Creates, for insertion, the operation of a REST call that starts, stops or restarts the server. Release
 * it with operation_done() in any case. */
int operation_init_power(const struct server *server, enum operation_kind kind, struct err *err,
                         struct operation *ret_operation);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef EXECUTOR_SERVERS_ADDRESS_H
#define EXECUTOR_SERVERS_ADDRESS_H

#include "executor/executor_parts.h"

/* Assigns another address to a provisioned server that could not be started, in the store and in *server. */
int move_server(struct executor *executor, struct server *server, struct err *err);

#endif

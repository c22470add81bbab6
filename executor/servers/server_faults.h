/* SPDX-License-Identifier: MIT */
/*
 * Real faults of provisioned servers by the server's name (engine/instance/fault.h says which and how they
 * are undone). Any thread. They connect to the server and may start it: bounded by its start, ended by stop.
 */
#ifndef EXECUTOR_SERVERS_SERVER_FAULTS_H
#define EXECUTOR_SERVERS_SERVER_FAULTS_H

#include <stdbool.h>

#include "core/err.h"
#include "core/stop.h"
#include "executor/executor.h"

/* "crash, restart, stop, ..." for messages. */
const char *server_fault_names(void);
bool server_fault_is_known(const char *action);
/* Whether the action may be used on the server: 400 that lists the actions (unknown action) or the servers
 * (unknown server), 409 for an attached server. */
int server_fault_check(struct executor *executor, const char *subscription_id, const char *server,
                       const char *action, struct err *err);
/* Begins the fault; momentary ones (crash, restart, dropSlot) are over when it returns. No effect if it has
 * begun. stop may be NULL. */
int server_fault_begin(struct executor *executor, const char *subscription_id, const char *server,
                       const char *action, const struct stop *stop, struct err *err);
/* Undoes it. No error if it has not begun or the server was deleted. */
int server_fault_end(struct executor *executor, const char *subscription_id, const char *server,
                     const char *action, struct err *err);

#endif

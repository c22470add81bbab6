/* SPDX-License-Identifier: MIT */
/*
 * While a snapshot is taken or restored, nothing else starts, stops or changes the servers of its
 * subscription. Operations and faults enter the gate of their subscription first; a snapshot closes it, which
 * waits until they have left. Gates of several subscriptions may be closed. Any thread.
 */
#ifndef EXECUTOR_GATE_H
#define EXECUTOR_GATE_H

#include "executor/executor_parts.h"

/* One thread's stay; on its stack. */
struct gate_visit {
    struct executor *executor; /* NULL: not inside */
    const char *subscription_id;
    struct gate_visit *next;
};

/* Waits while the gate of the subscription is closed. -1: stopped, or closed for minutes. subscription_id
 * must live as long as the visit. stop may be NULL. */
int gate_enter(struct executor *executor, const char *subscription_id, const struct stop *stop,
               struct err *err, struct gate_visit *visit);
void gate_leave(struct gate_visit *visit);
#define auto_gate_visit __attribute__((cleanup(gate_leave)))

/* Closes the gate and waits until everybody has left. ERR_SERVER_BUSY after timeout_ms, ERR_CANCELED when
 * Malachite stops: then it is not closed. */
int gate_close(struct executor *executor, const char *subscription_id, int timeout_ms, struct err *err);
void gate_open(struct executor *executor, const char *subscription_id);
bool gate_is_closed_for(struct executor *executor, const char *subscription_id);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Calls for testers that act on provisioned servers: real faults, and snapshots of a subscription. They wait
 * for servers to stop and start. Not part of Azure's interface.
 */
#ifndef HANDLERS_OWN_INSTANCES_INSTANCES_H
#define HANDLERS_OWN_INSTANCES_INSTANCES_H

#include "server/request.h"

/* faults.c */
void malachite_fault_begin(struct request *request);
void malachite_fault_end(struct request *request);

/* snapshots.c */
void malachite_snapshot_put(struct request *request);
void malachite_snapshot_get(struct request *request);
void malachite_snapshot_list(struct request *request);
void malachite_snapshot_delete(struct request *request);
void malachite_snapshot_restore(struct request *request);

#endif

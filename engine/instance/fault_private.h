/* SPDX-License-Identifier: MIT */
/* The faults of one instance, for the files fault_*.c. */
#ifndef ENGINE_INSTANCE_FAULT_PRIVATE_H
#define ENGINE_INSTANCE_FAULT_PRIVATE_H

#include "core/buf.h"
#include "engine/instance/fault.h"

struct fault_call {
    const struct instance_host *host;
    const struct instance_spec *spec;
    const char *dir; /* of the instance */
    const struct stop *stop;
};

/* Each fault has up to three functions. "prepare" changes nothing and writes what undoes the fault; "begin"
 * and "end" get that text, and may run twice. */
int fault_read_only_prepare(const struct fault_call *call, struct buf *undo, struct err *err);
int fault_read_only_begin(const struct fault_call *call, const char *undo, struct err *err);
int fault_read_only_end(const struct fault_call *call, const char *undo, struct err *err);
int fault_password_prepare(const struct fault_call *call, struct buf *undo, struct err *err);
int fault_password_begin(const struct fault_call *call, const char *undo, struct err *err);
int fault_password_end(const struct fault_call *call, const char *undo, struct err *err);
int fault_connections_prepare(const struct fault_call *call, struct buf *undo, struct err *err);
int fault_connections_begin(const struct fault_call *call, const char *undo, struct err *err);
int fault_connections_end(const struct fault_call *call, const char *undo, struct err *err);
int fault_drop_slot_begin(const struct fault_call *call, const char *undo, struct err *err);

int fault_reject_begin(const struct fault_call *call, const char *undo, struct err *err);
int fault_reject_end(const struct fault_call *call, const char *undo, struct err *err);
/* Removes the rules from pg_hba.conf of a server that does not run. */
int fault_reject_undo(const struct fault_call *call, struct err *err);

int fault_disk_prepare(const struct fault_call *call, struct buf *undo, struct err *err);
int fault_disk_begin(const struct fault_call *call, const char *undo, struct err *err);
int fault_disk_end(const struct fault_call *call, const char *undo, struct err *err);
int fault_wal_begin(const struct fault_call *call, const char *undo, struct err *err);
int fault_wal_end(const struct fault_call *call, const char *undo, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Real faults of provisioned servers: a crash, a full disk, refused logins. PostgreSQL itself reports them,
 * so clients see its own words.
 *
 * A fault is recorded in the instance's directory before it begins (<dir>/faults/<action>), with what undoes
 * it. fault_end() undoes it; fault_recover() undoes those that a killed Malachite left. A server that is down
 * when a fault ends is put right at its next start. Functions may be called from any thread; they take the
 * instance's lock, so that nothing else starts or stops the server at the same time.
 */
#ifndef ENGINE_INSTANCE_FAULT_H
#define ENGINE_INSTANCE_FAULT_H

#include <stdbool.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/instance/instance.h"

/* "crash, restart, stop, ..." for messages. */
const char *fault_names(void);
bool fault_is_known(const char *action);
/* Whether the fault is over when fault_begin() returns (crash, restart, dropSlot): nothing is left to undo.
 */
bool fault_is_momentary(const char *action);

/* Begins a fault. Does nothing if it has begun already. ERR_BAD_PARAMETER: unknown action. ERR_CONFLICT: the
 * server does not run, or another fault keeps it down, or it runs without the library that fills disks. Any
 * others may be active: each ends by itself, in any order. */
int fault_begin(const struct instance_host *host, const struct instance_spec *spec, const char *action,
                const struct stop *stop, struct err *err);
/* Ends it: the server runs, and is as before. Does nothing if it has not begun, or the instance was deleted.
 * After a failure the record stays, and the next call or fault_recover() retries. */
int fault_end(const struct instance_host *host, const struct instance_spec *spec, const char *action,
              const struct stop *stop, struct err *err);
/* Before a server starts with Malachite: ends what is undone in files, so that the server can start. */
void fault_prepare_start(const struct instance_host *host, const struct instance_spec *spec);
/* Ends every fault that is left on a running server. */
int fault_recover(const struct instance_host *host, const struct instance_spec *spec, const struct stop *stop,
                  struct err *err);
/* Whether any fault is active. */
bool fault_is_active(const struct instance_host *host, const char *name);
/* Whether a fault keeps the server down (stop, walFull): nobody else should restart it. */
bool fault_holds_down(const struct instance_host *host, const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/* Whether a source server is set up for logical replication, and setting it up. */
#ifndef ENGINE_REPLICATION_REPLICATION_SETUP_H
#define ENGINE_REPLICATION_REPLICATION_SETUP_H

#include <stdbool.h>

#include "core/err.h"
#include "core/stop.h"
#include "core/str_list.h"
#include "engine/pg/endpoint.h"

/*
 * What keeps "needed" more slots and senders from being made at this moment, one line each ("wal_level is
 * replica, not logical", "0 of 10 replication slots are free, 2 are needed"); none: it is set up. What cannot
 * be changed by parameters (the login may not replicate) is an error with the service's code.
 */
int replication_setup_missing(const struct endpoint *source, int needed, const struct stop *stop,
                              struct err *err, struct str_list *ret_missing);

/*
 * ALTER SYSTEM for the parameters that do not suffice: wal_level, max_replication_slots, max_wal_senders (by
 * as much as is needed, never less than before). They take effect at the next start. *ret_restart: a restart
 * is needed now (also when somebody has set them before). -1: not permitted (err says what to set by hand) or
 * not reachable.
 */
int replication_setup_change(const struct endpoint *source, int needed, const struct stop *stop,
                             struct err *err, bool *ret_restart);

#endif

/* SPDX-License-Identifier: MIT */
/* Checks whether a source server is set up for logical replication, and sets it up. */
#ifndef ENGINE_REPLICATION_REPLICATION_SETUP_H
#define ENGINE_REPLICATION_REPLICATION_SETUP_H

#include <stdbool.h>

#include "core/err.h"
#include "core/stop.h"
#include "core/str_list.h"
#include "engine/pg/endpoint.h"

struct replication_missing {
    struct str_list lines;    /* for the user: "wal_level is replica, not logical" */
    struct str_list readings; /* for comparisons: "wal_level=replica" */
    int code;                 /* the service's, of the first line; 0: nothing is missing */
};
void replication_missing_done(struct replication_missing *missing);
#define auto_replication_missing __attribute__((cleanup(replication_missing_done)))

/*
 * Lists what prevents the creation of "needed" more slots and senders now, one line each ("wal_level is
 * replica, not logical", "0 of 10 replication slots are free, 2 are needed"); no line: it is set up.
 * Problems that parameters cannot solve (the login may not replicate) are an error with the service's
 * code.
 */
int replication_setup_missing(const struct endpoint *source, int needed, const struct stop *stop,
                              struct err *err, struct replication_missing *ret_missing);

/*
 * Runs ALTER SYSTEM for insufficient parameters: wal_level, max_replication_slots, max_wal_senders (as
 * much as needed, never less than before). They take effect at the next start. *ret_restart: a restart is
 * needed now (also if somebody else has set them before). -1: not permitted (err says what to set
 * manually) or unreachable.
 */
int replication_setup_change(const struct endpoint *source, int needed, const struct stop *stop,
                             struct err *err, bool *ret_restart);

#endif

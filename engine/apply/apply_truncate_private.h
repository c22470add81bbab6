/* SPDX-License-Identifier: MIT */
/*
 * Applies TRUNCATE to exactly the tables that the stream names, like PostgreSQL's own worker. It never
 * empties a target-only table: one that references the named tables makes the changes wait. For
 * engine/apply/apply.c only.
 */
#ifndef ENGINE_APPLY_APPLY_TRUNCATE_PRIVATE_H
#define ENGINE_APPLY_APPLY_TRUNCATE_PRIVATE_H

#include "core/err.h"
#include "engine/apply/apply_tables_private.h"
#include "engine/replication/pgoutput.h"

/* Queues the statement. Call it after the message's relations were loaded and pending changes were queued. */
int apply_truncate(struct apply_tables *tables, const struct pgoutput_message *message, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * TRUNCATE in the stream: exactly the tables that it names are emptied, as PostgreSQL's own worker does. A
 * table that only the target has is never emptied: what refers to the named ones makes the changes wait. For
 * engine/apply/apply.c only.
 */
#ifndef ENGINE_APPLY_APPLY_TRUNCATE_PRIVATE_H
#define ENGINE_APPLY_APPLY_TRUNCATE_PRIVATE_H

#include "core/err.h"
#include "engine/apply/apply_tables_private.h"
#include "engine/replication/pgoutput.h"

/* Queues the statement. The relations of the message are loaded, and what was pending has been queued. */
int apply_truncate(struct apply_tables *tables, const struct pgoutput_message *message, struct err *err);

#endif

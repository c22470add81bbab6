/* SPDX-License-Identifier: MIT */
/* The stages of moving one database, in their order. Each returns -1 with err when it cannot be gone on with.
 */
#ifndef ENGINE_TRANSFER_TRANSFER_STAGES_H
#define ENGINE_TRANSFER_TRANSFER_STAGES_H

#include "core/err.h"
#include "engine/transfer/state/transfer_state.h"

/* The state does not move until transfer_end(). */
void transfer_begin(struct transfer_state *ret_state, const struct transfer *transfer);
/* Locks, snapshot, schema, and what "also" reads. */
int transfer_read_source(struct transfer_state *state, struct err *err);
/* The database on the target, and everything in it that comes before rows. */
int transfer_create_schema(struct transfer_state *state, struct err *err);
/* Rows, sequences, large objects; then the source is let go. */
int transfer_copy_data(struct transfer_state *state, struct err *err);
/* Indexes, constraints, and which of their triggers are disabled. */
int transfer_add_constraints(struct transfer_state *state, struct err *err);
/* Owners, privileges, materialized views, statistics, event triggers, settings of the database. */
int transfer_finish_schema(struct transfer_state *state, struct err *err);
/* Tells the last warnings, makes err fit to be shown when the result is -1, and frees everything. */
void transfer_end(struct transfer_state *state, int result, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/* The stages of copying one database, in order. Each returns -1 with err if the transfer cannot continue. */
#ifndef ENGINE_TRANSFER_TRANSFER_STAGES_H
#define ENGINE_TRANSFER_TRANSFER_STAGES_H

#include "core/err.h"
#include "engine/transfer/state/transfer_state.h"

/* The state must not change its address until transfer_end(). */
void transfer_begin(struct transfer_state *ret_state, const struct transfer *transfer);
/* Takes locks and snapshot; reads the schema, and whatever "also" reads. */
int transfer_read_source(struct transfer_state *state, struct err *err);
/* Creates the target database, and everything in it that precedes rows. */
int transfer_create_schema(struct transfer_state *state, struct err *err);
/* Copies rows, sequences and large objects, closes the source, and concurrently creates indexes and
 * constraints; then enables row security, and disables triggers of constraints where the source has. */
int transfer_copy_data(struct transfer_state *state, struct err *err);
/* Sets owners and privileges, refreshes materialized views, collects statistics, creates event triggers,
 * applies settings of the database. */
int transfer_finish_schema(struct transfer_state *state, struct err *err);
/* Reports the last warnings, makes err displayable if the result is -1, and frees everything. */
void transfer_end(struct transfer_state *state, int result, struct err *err);

#endif

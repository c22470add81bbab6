/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TRANSFER_TARGET_DATABASE_PRIVATE_H
#define ENGINE_TRANSFER_TARGET_DATABASE_PRIVATE_H

#include <stdbool.h>

#include "core/err.h"
#include "engine/transfer/state/transfer_state.h"

/* Creates the database on a thread of its own, if none has its name, while the schema is read: that takes
 * both servers some tenths of a second. Until target_database_end_early(), nobody else may use state->admin.
 */
void target_database_begin_early(struct transfer_state *state);
/* Waits for it. Unless the schema could be read, the database is dropped again. */
void target_database_end_early(struct transfer_state *state, bool read);
/* Creates an empty database with the source's properties, or reuses one. */
int target_database_prepare(struct transfer_state *state, struct err *err);

#endif

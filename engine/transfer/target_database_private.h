/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TRANSFER_TARGET_DATABASE_PRIVATE_H
#define ENGINE_TRANSFER_TARGET_DATABASE_PRIVATE_H

#include "core/err.h"
#include "engine/transfer/state/transfer_state.h"

/* Creates an empty database with the source's properties, or reuses one. */
int target_database_prepare(struct transfer_state *state, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TRANSFER_SEQUENCES_PRIVATE_H
#define ENGINE_TRANSFER_SEQUENCES_PRIVATE_H

#include "core/err.h"
#include "engine/transfer/state/transfer_state.h"

/* Sets every sequence to the source's current value. */
int sequences_copy(struct transfer_state *state, struct err *err);

#endif

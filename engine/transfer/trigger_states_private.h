/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TRANSFER_TRIGGER_STATES_PRIVATE_H
#define ENGINE_TRANSFER_TRIGGER_STATES_PRIVATE_H

#include "core/err.h"
#include "engine/transfer/state/transfer_state.h"

/* Reads which triggers behind constraints are disabled, and disables them on the target. */
int trigger_states_read(struct transfer_state *state, struct err *err);
int trigger_states_apply(struct transfer_state *state, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TRANSFER_SERVER_SETTINGS_PRIVATE_H
#define ENGINE_TRANSFER_SERVER_SETTINGS_PRIVATE_H

#include "core/err.h"
#include "engine/transfer/state/transfer_state.h"

/* Stores with the target's database what the source's sessions get from the configuration of their server or
 * from their role alone, where it differs and stored expressions may depend on it: the target's own sessions
 * would not find what was computed otherwise. */
int server_settings_apply(struct transfer_state *state, struct err *err);

#endif

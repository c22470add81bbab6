/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TRANSFER_SERVER_SETTINGS_PRIVATE_H
#define ENGINE_TRANSFER_SERVER_SETTINGS_PRIVATE_H

#include "core/err.h"
#include "engine/transfer/state/transfer_state.h"

/* Stores settings with the target's database that the source's sessions get from their server's
 * configuration or from their role only, if they differ and stored expressions may depend on them:
 * otherwise the target's sessions would search under another value than the one used for computing. */
int server_settings_apply(struct transfer_state *state, struct err *err);

#endif

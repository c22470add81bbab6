/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TRANSFER_REFRESH_PRIVATE_H
#define ENGINE_TRANSFER_REFRESH_PRIVATE_H

#include "core/err.h"
#include "engine/transfer/state/transfer_state.h"

/* Refreshes the materialized views that are populated on the source. */
int views_refresh(struct transfer_state *state, struct err *err);

#endif

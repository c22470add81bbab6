/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TRANSFER_ANALYZE_PRIVATE_H
#define ENGINE_TRANSFER_ANALYZE_PRIVATE_H

#include "core/err.h"
#include "engine/transfer/state/transfer_state.h"

/* Analyzes every table, over several sessions. */
int tables_analyze(struct transfer_state *state, struct err *err);

#endif

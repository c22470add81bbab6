/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TRANSFER_ANALYZE_PRIVATE_H
#define ENGINE_TRANSFER_ANALYZE_PRIVATE_H

#include "core/err.h"
#include "engine/transfer/state/transfer_state.h"

/* Statistics for every table, with several sessions. */
int tables_analyze(struct transfer_state *state, struct err *err);

#endif

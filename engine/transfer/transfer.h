/* SPDX-License-Identifier: MIT */
/*
 * Moves one database from a source server to a target server: everything that was committed when the transfer
 * began arrives, or the transfer says what did not and why. The source is only read. The base copy of an
 * online migration (engine/online/base_copy.h) has the same stages, and some of its own.
 */
#ifndef ENGINE_TRANSFER_TRANSFER_H
#define ENGINE_TRANSFER_TRANSFER_H

#include "core/err.h"
#include "engine/transfer/state/transfer_request.h"

/* 0: everything arrived but what was told to warning(). -1: err says what failed; the target database is
 * left. */
int transfer_run(const struct transfer *transfer, struct err *err);

#endif

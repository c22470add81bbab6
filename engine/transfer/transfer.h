/* SPDX-License-Identifier: MIT */
/*
 * Copies one database from a source server to a target server: everything committed when the transfer
 * began arrives, or the transfer reports what was skipped and why. The source is only read. The base copy
 * of an online migration (engine/online/base_copy.h) has the same stages, and some additional ones.
 */
#ifndef ENGINE_TRANSFER_TRANSFER_H
#define ENGINE_TRANSFER_TRANSFER_H

#include "core/err.h"
#include "engine/transfer/state/transfer_request.h"

/* 0: everything was copied except for the reported warnings. -1: err says what failed; the target database
 * is not removed. */
int transfer_run(const struct transfer *transfer, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The middle of a transfer, in which both servers are busy: rows, and what is built over them. Lanes take
 * tables to copy, largest first; when none is left, they create the indexes and keys of tables that are
 * complete, while other lanes still copy. The thread that runs the flow reports progress, and copies
 * what is left when the lanes have ended copying: postponed tables, sequences, large objects.
 */
#ifndef ENGINE_TRANSFER_FLOW_FLOW_H
#define ENGINE_TRANSFER_FLOW_FLOW_H

#include "core/err.h"
#include "engine/transfer/state/transfer_state.h"

/* Runs it to the end, and closes the source as soon as everything has been read. rest() copies, on the
 * caller's thread, what belongs to no table. -1: it could not continue, or a table failed (err); nothing
 * works on either server any longer. */
int flow_run(struct transfer_state *state, int (*rest)(struct transfer_state *state, struct err *err),
             struct err *err);

#endif

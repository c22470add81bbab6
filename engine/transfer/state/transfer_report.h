/* SPDX-License-Identifier: MIT */
/* Reports to the observer of a transfer. */
#ifndef ENGINE_TRANSFER_STATE_TRANSFER_REPORT_H
#define ENGINE_TRANSFER_STATE_TRANSFER_REPORT_H

#include "core/err.h"
#include "engine/transfer/state/transfer_state.h"

/* Warnings so far; and of a new step. */
void transfer_report_warnings(struct transfer_state *state);
void transfer_report_step(struct transfer_state *state, const char *text);
/* Creates state->pool and the list of tables for the observer. */
int transfer_list_tables(struct transfer_state *state, struct err *err);
/* Reports the progress of the tables. "context" is the state: called once a second while rows are copied. */
void transfer_report_progress(void *context);

#endif

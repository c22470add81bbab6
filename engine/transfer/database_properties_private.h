/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TRANSFER_DATABASE_PROPERTIES_PRIVATE_H
#define ENGINE_TRANSFER_DATABASE_PROPERTIES_PRIVATE_H

#include "core/err.h"
#include "engine/transfer/state/transfer_state.h"

/* Sets owner, privileges, comment, settings and limits of the database. */
int database_properties_apply(struct transfer_state *state, struct err *err);

#endif

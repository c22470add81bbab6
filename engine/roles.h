/* SPDX-License-Identifier: MIT */
/* Roles of the source that own or are granted something in the databases to move. */
#ifndef ENGINE_ROLES_H
#define ENGINE_ROLES_H

#include "core/err.h"
#include "core/stop.h"
#include "core/str_list.h"
#include "engine/endpoint.h"

/*
 * Creates on the target the roles that it lacks (attributes, settings, comments, memberships; password hashes where
 * the source lets us read them). Roles that are there already are left alone. Superusers of the source become ordinary
 * roles. What could not be carried over is appended to ret_warnings.
 */
int roles_copy(const struct endpoint *source, const struct endpoint *target, const struct stop *stop, struct err *err,
               struct str_list *ret_warnings);

#endif

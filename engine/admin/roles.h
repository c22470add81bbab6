/* SPDX-License-Identifier: MIT */
/* Copying the roles of the source server, which own or are granted things in the databases to move. */
#ifndef ENGINE_ADMIN_ROLES_H
#define ENGINE_ADMIN_ROLES_H

#include "core/err.h"
#include "core/stop.h"
#include "core/str_list.h"
#include "engine/pg/endpoint.h"

/* SQL condition on rolname: a role of the server's users, not of the server itself; roles_copy() brings it.
 */
#define ROLES_OF_USERS "(rolname NOT LIKE 'pg\\_%' AND rolname NOT LIKE 'azure\\_%' AND rolname <> 'azuresu')"

/*
 * Creates on the target the roles that it lacks (attributes, settings, comments, memberships, privileges on
 * parameters; password hashes where the source lets us read them), all or none. Roles that exist already
 * are left alone, those of PostgreSQL and of Azure are not copied. Superusers of the source become ordinary
 * roles. A user of the target who is no superuser is made a member of each new role, so that he can give it
 * its objects. What could not be carried over is appended to ret_warnings. Settings of a role in one database
 * belong to that database, not here.
 */
int roles_copy(const struct endpoint *source, const struct endpoint *target, const struct stop *stop,
               struct err *err, struct str_list *ret_warnings);

#endif

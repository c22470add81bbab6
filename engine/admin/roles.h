/* SPDX-License-Identifier: MIT */
/* Copies the roles of the source server that own objects of the databases to migrate or hold privileges on
 * them. */
#ifndef ENGINE_ADMIN_ROLES_H
#define ENGINE_ADMIN_ROLES_H

#include "core/err.h"
#include "core/stop.h"
#include "core/str_list.h"
#include "engine/pg/endpoint.h"

/* SQL condition on rolname: a role of the server's users rather than of the server itself. roles_copy()
 * copies these. */
#define ROLES_OF_USERS "(rolname NOT LIKE 'pg\\_%' AND rolname NOT LIKE 'azure\\_%' AND rolname <> 'azuresu')"

/* Creates the roles that the target lacks, all or none, with their attributes, settings, comments,
 * memberships and privileges on parameters, and with password hashes if the source's login can read them.
 * Existing roles are left alone; those of PostgreSQL and Azure are not copied. Superusers become ordinary
 * roles. If the target's login is not a superuser, it becomes a member of each new role, so that it can
 * give objects to it. Whatever could not be copied is appended to ret_warnings. The settings of a role in
 * one database are copied with that database. Warnings and errors name the service's code of the step. */
int roles_copy(const struct endpoint *source, const struct endpoint *target, const struct stop *stop,
               struct err *err, struct str_list *ret_warnings);

#endif

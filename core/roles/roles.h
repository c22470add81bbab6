/* SPDX-License-Identifier: MIT */
/*
 * Who may do what: role definitions and their assignments, as Azure's access control has them. Read from a
 * file at the start and unchanged afterwards, so any thread may ask.
 */
#ifndef CORE_ROLES_ROLES_H
#define CORE_ROLES_ROLES_H

#include <stdbool.h>

#include "core/err.h"

struct roles;

/*
 * Reads a file with "roleDefinitions" (each as "az role definition create" takes it) and "roleAssignments".
 * Owner, Contributor and Reader exist without a definition. Fails with a message for the user. Release with
 * roles_free(), which accepts NULL.
 */
int roles_read(const char *file, struct err *err, struct roles **ret_roles);
void roles_free(struct roles *roles);

/* The names by which an assignment may mean a caller; each may be NULL. */
struct role_caller {
    const char *object_id;
    const char *application_id;
    const char *user_name;
};

/* True if an assignment to this caller, at the scope or above it, has the action among its actions and not
 * among its notActions. Names, actions and scopes compare without case. */
bool roles_allow(const struct roles *roles, const struct role_caller *caller, const char *action,
                 const char *scope);
/* The same for an assignment below the scope: the caller may see a part of a list. */
bool roles_allow_below(const struct roles *roles, const struct role_caller *caller, const char *action,
                       const char *scope);

#endif

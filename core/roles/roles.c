/* SPDX-License-Identifier: MIT */
#include "core/roles/roles.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/memory.h"
#include "core/parse/json_fields.h"
#include "core/str.h"

struct roles {
    json_t *file; /* everything below points into it, or into builtin_roles */
    json_t *builtin;
    json_t *definitions; /* array, borrowed; or NULL */
    json_t *assignments; /* array, borrowed; or NULL */
};

static const char builtin_roles[] =
    "[{\"Name\": \"Owner\", \"Actions\": [\"*\"]},"
    " {\"Name\": \"Reader\", \"Actions\": [\"*/read\"]},"
    " {\"Name\": \"Contributor\", \"Actions\": [\"*\"], \"NotActions\": ["
    "\"Microsoft.Authorization/*/Delete\", \"Microsoft.Authorization/*/Write\","
    " \"Microsoft.Authorization/elevateAccess/Action\"]}]";

/* ---- one role -------------------------------------------------------------------------------------------
 */

/* A star stands for any text, slashes included. Both texts are short: paths of actions. */
static bool action_matches(const char *pattern, const char *action)
{
    const char *star = NULL; /* the last one, and what it stands for so far */
    const char *rest = NULL;
    while (*action != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            rest = action;
        } else if (tolower((unsigned char)*pattern) == tolower((unsigned char)*action)) {
            pattern++;
            action++;
        } else if (star != NULL) {
            pattern = star + 1;
            action = ++rest;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

static bool any_matches(json_t *patterns, const char *action)
{
    size_t at;
    json_t *pattern;
    json_array_foreach (patterns, at, pattern) {
        if (action_matches(json_string_value(pattern), action)) {
            return true;
        }
    }
    return false;
}

static bool role_allows(json_t *role, const char *action)
{
    return any_matches(field_get(role, "Actions"), action) &&
           !any_matches(field_get(role, "NotActions"), action);
}

static const char *role_name(json_t *role)
{
    const char *name = json_string_value(field_get(role, "Name"));
    return name != NULL ? name : json_string_value(field_get(role, "roleName"));
}

static json_t *find_among(json_t *roles, const char *name)
{
    size_t at;
    json_t *role;
    json_array_foreach (roles, at, role) {
        if (str_iequals(role_name(role), name)) {
            return role;
        }
    }
    return NULL;
}

static json_t *find_role(const struct roles *roles, const char *name)
{
    json_t *role = find_among(roles->definitions, name);
    return role != NULL ? role : find_among(roles->builtin, name);
}

/* ---- reading the file -----------------------------------------------------------------------------------
 */

static int refuse_file(const char *file, const char *what, const char *name, struct err *err)
{
    return err_set(err, ERR_BAD_INPUT, "--roles-file: %s: %s%s%s%s", file, what, name == NULL ? "" : " '",
                   name == NULL ? "" : name, name == NULL ? "" : "'");
}

/* A missing list has no elements. */
static bool is_list_of_texts(json_t *list)
{
    size_t at;
    json_t *one;
    if (list != NULL && !json_is_array(list)) {
        return false;
    }
    json_array_foreach (list, at, one) {
        if (!json_is_string(one)) {
            return false;
        }
    }
    return true;
}

/* Resource Manager's own form has the actions below "properties" and "permissions". */
static int check_definition(const char *file, json_t *role, struct err *err)
{
    const char *name = role_name(role);
    if (name == NULL) {
        return refuse_file(file, "a role definition has no 'Name'", NULL, err);
    }
    if (field_get(role, "Actions") == NULL) {
        return refuse_file(file, "'Actions' is missing in role", name, err);
    }
    if (!is_list_of_texts(field_get(role, "Actions")) || !is_list_of_texts(field_get(role, "NotActions"))) {
        return refuse_file(file, "'Actions' and 'NotActions' must be lists of texts in role", name, err);
    }
    return 0;
}

static int check_assignment(const char *file, const struct roles *roles, json_t *assignment, struct err *err)
{
    const char *principal = json_string_value(field_get(assignment, "principal"));
    const char *role = json_string_value(field_get(assignment, "role"));
    const char *scope = json_string_value(field_get(assignment, "scope"));
    if (principal == NULL || role == NULL || scope == NULL) {
        return refuse_file(file, "a role assignment needs the texts 'principal', 'role' and 'scope'", NULL,
                           err);
    }
    if (find_role(roles, role) == NULL) {
        return refuse_file(file, "a role assignment names an unknown role:", role, err);
    }
    if (scope[0] != '/') {
        return refuse_file(file, "a scope must begin with '/', unlike", scope, err);
    }
    return 0;
}

static int check_file(const char *file, const struct roles *roles, struct err *err)
{
    size_t at;
    json_t *one;
    bool lists = (roles->definitions == NULL || json_is_array(roles->definitions)) &&
                 json_is_array(roles->assignments);
    if (!lists) {
        return refuse_file(file, "'roleAssignments' must be a list, and 'roleDefinitions', too", NULL, err);
    }
    json_array_foreach (roles->definitions, at, one) {
        if (check_definition(file, one, err) < 0) {
            return -1;
        }
    }
    json_array_foreach (roles->assignments, at, one) {
        if (check_assignment(file, roles, one, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int roles_read(const char *file, struct err *err, struct roles **ret_roles)
{
    json_error_t why = {0};
    struct roles *roles = memory_checked(calloc(1, sizeof(*roles)));
    if (roles == NULL) {
        return err_no_memory(err);
    }
    roles->file = json_load_file(file, JSON_REJECT_DUPLICATES, &why);
    roles->builtin = json_from_text(builtin_roles);
    roles->definitions = field_get(roles->file, "roleDefinitions");
    roles->assignments = field_get(roles->file, "roleAssignments");
    int result = 0;
    if (!json_is_object(roles->file)) {
        result = err_set(err, ERR_BAD_INPUT, "--roles-file: cannot read %s as a JSON object: %s (line %d)",
                         file, why.text, why.line);
    } else if (roles->builtin == NULL) {
        result = err_no_memory(err);
    } else {
        result = check_file(file, roles, err);
    }
    if (result < 0) {
        roles_free(roles);
        return -1;
    }
    *ret_roles = roles;
    return 0;
}

void roles_free(struct roles *roles)
{
    if (roles != NULL) {
        json_decref(roles->file);
        json_decref(roles->builtin);
        free(roles);
    }
}

/* ---- decisions ------------------------------------------------------------------------------------------
 */

/* Whole segments: /a/b covers /a/b and /a/b/c, but not /a/bc. */
static bool scope_covers(const char *assigned, const char *scope)
{
    size_t len = strlen(assigned);
    while (len > 0 && assigned[len - 1] == '/') {
        len--;
    }
    return strncasecmp(assigned, scope, len) == 0 && (scope[len] == '\0' || scope[len] == '/');
}

static bool is_caller(const struct role_caller *caller, const char *principal)
{
    return str_iequals(principal, caller->object_id) || str_iequals(principal, caller->application_id) ||
           str_iequals(principal, caller->user_name);
}

/* below: an assignment at a scope that this one covers, instead of one that covers this. */
static bool allows(const struct roles *roles, const struct role_caller *caller, const char *action,
                   const char *scope, bool below)
{
    size_t at;
    json_t *one;
    json_array_foreach (roles->assignments, at, one) {
        json_t *role = find_role(roles, json_string_value(field_get(one, "role")));
        const char *assigned = json_string_value(field_get(one, "scope"));
        if (is_caller(caller, json_string_value(field_get(one, "principal"))) &&
            (below ? scope_covers(scope, assigned) : scope_covers(assigned, scope)) &&
            role_allows(role, action)) {
            return true;
        }
    }
    return false;
}

bool roles_allow(const struct roles *roles, const struct role_caller *caller, const char *action,
                 const char *scope)
{
    return allows(roles, caller, action, scope, false);
}

bool roles_allow_below(const struct roles *roles, const struct role_caller *caller, const char *action,
                       const char *scope)
{
    return allows(roles, caller, action, scope, true);
}

/* SPDX-License-Identifier: MIT */
/* The messages are Resource Manager's. */
#include "handlers/signin/authorize.h"

#include <jansson.h>
#include <string.h>

#include "core/buf.h"
#include "core/roles/roles.h"
#include "core/str.h"
#include "handlers/arm/api_version.h"
#include "handlers/arm/app.h"
#include "server/route.h"

static const char *claim(const struct request *request, const char *name)
{
    return json_string_value(json_object_get(request->claims, name));
}

/* An application signs in as itself. In a user's token its id only says which program the user runs. */
static struct role_caller caller_of(const struct request *request)
{
    const bool is_app = str_equals(claim(request, "idtyp"), "app");
    return (struct role_caller){.object_id = claim(request, "oid"),
                                .application_id = is_app ? claim(request, "appid") : NULL,
                                .user_name = claim(request, "upn")};
}

/* How Resource Manager names the caller: a user by name, an application by its id. */
static const char *display_name(const struct role_caller *caller)
{
    const char *name = caller->user_name != NULL ? caller->user_name : caller->application_id;
    return name != NULL ? name : "";
}

static const char *display_object(const struct role_caller *caller)
{
    return caller->object_id != NULL ? caller->object_id : "";
}

/* Pairs of a type and a name. What is left over at the end names an action or a list, and acts on what is
 * before it: ".../flexibleServers/x/start", ".../resourceGroups/g/resources". */
static char *scope_of(const struct request *request)
{
    auto_buf struct buf scope = BUF_MAX(REQUEST_URI_MAX);
    for (size_t i = 0; i < request->segment_count - request->segment_count % 2; i++) {
        buf_addf(&scope, "/%s", request->segments[i]);
    }
    return buf_failed(&scope) ? NULL : buf_take(&scope);
}

/* "{resourceProviderNamespace}/register/action" of a route becomes that of the provider in the path. */
static char *action_of(const struct request *request)
{
    static const char placeholder[] = "{resourceProviderNamespace}";
    const char *action = request->route->action;
    if (!str_istarts(action, placeholder)) {
        return str_dup(action);
    }
    return str_format("%s%s", request_param(request, "resourceProviderNamespace"),
                      action + strlen(placeholder));
}

static int refuse(const struct role_caller *caller, const char *action, const char *scope, struct err *err)
{
    return err_set(
        err, ERR_AUTHORIZATION,
        "The client '%s' with object id '%s' does not have authorization to perform action '%s' over "
        "scope '%s' or the scope is invalid. If access was recently granted, please refresh your "
        "credentials.",
        display_name(caller), display_object(caller), action, scope);
}

/* Regions, providers and the like are in no group: an empty list of them would mislead. */
static bool lists_resources(const char *action)
{
    return !str_istarts(action, RESOURCES_NAMESPACE "/") ||
           str_iequals(action, RESOURCES_NAMESPACE "/subscriptions/resourceGroups/read") ||
           str_iequals(action, RESOURCES_NAMESPACE "/subscriptions/resources/read");
}

/* Whether the caller may see a part of the list that the request asks for. */
static bool sees_a_part(const struct request *request, const struct role_caller *caller, const char *action,
                        const char *scope)
{
    const char *answer = request->route->answer;
    if (request->method != METHOD_GET || answer == NULL || !str_istarts(answer, "[]") ||
        !lists_resources(action)) {
        return false;
    }
    /* The servers of a subscription are below it, not below its /providers/NAMESPACE. */
    size_t count = request->segment_count - request->segment_count % 2;
    auto_free char *parent = str_dup(scope);
    if (parent != NULL && count >= 4 && str_iequals(request->segments[count - 2], "providers")) {
        parent[strlen(parent) - strlen("/providers/") - strlen(request->segments[count - 1])] = '\0';
    }
    return parent != NULL && roles_allow_below(request->app->roles, caller, action, parent);
}

int authorize_request(struct request *request, struct err *err)
{
    const struct roles *roles = request->app->roles;
    if (roles == NULL || request->route->action == NULL || request_param(request, "subscriptionId") == NULL) {
        return 0;
    }
    auto_free char *action = action_of(request);
    auto_free char *scope = scope_of(request);
    if (action == NULL || scope == NULL) {
        return err_no_memory(err);
    }
    const struct role_caller caller = caller_of(request);
    if (roles_allow(roles, &caller, action, scope) || sees_a_part(request, &caller, action, scope)) {
        return 0;
    }
    return refuse(&caller, action, scope, err);
}

int authorize_linked(struct request *request, const char *action, const char *id, struct err *err)
{
    const struct roles *roles = request->app->roles;
    const struct role_caller caller = caller_of(request);
    if (roles == NULL || roles_allow(roles, &caller, action, id)) {
        return 0;
    }
    if (request->route->action == NULL) {
        return refuse(&caller, action, id, err);
    }
    auto_free char *scope = scope_of(request);
    return err_set(
        err, ERR_LINKED_AUTHORIZATION,
        "The client '%s' with object id '%s' has permission to perform action '%s' on scope '%s'; "
        "however, it does not have permission to perform action(s) '%s' on the linked scope(s) '%s' "
        "(respectively) or the linked scope(s) are invalid.",
        display_name(&caller), display_object(&caller), request->route->action, scope == NULL ? "" : scope,
        action, id);
}

bool authorize_item(struct request *request, const char *id)
{
    const struct roles *roles = request->app->roles;
    if (roles == NULL || request->route->action == NULL || request_param(request, "subscriptionId") == NULL) {
        return true;
    }
    const struct role_caller caller = caller_of(request);
    return roles_allow(roles, &caller, request->route->action, id);
}

/* SPDX-License-Identifier: MIT */
#include "handlers/arm/resource.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "server/route.h"

bool find_group(struct request *request, struct resource_group *ret_group)
{
    struct err err = {0};
    const char *name = request_param(request, "resourceGroupName");
    int found =
        store_group_get(request->app->store, request_param(request, "subscriptionId"), name, &err, ret_group);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        reply_fail(request, ERR_GROUP_NOT_FOUND, "Resource group '%s' could not be found.", name);
    }
    return found > 0;
}

bool find_living_group(struct request *request, struct resource_group *ret_group)
{
    auto_resource_group struct resource_group group = {0};
    if (!find_group(request, &group)) {
        return false;
    }
    if (group.deleting) {
        reply_fail(request, ERR_GROUP_BEING_DELETED,
                   "The resource group '%s' is in deprovisioning state and cannot perform this operation.",
                   group.name);
        return false;
    }
    *ret_group = group;
    group = (struct resource_group){0};
    return true;
}

enum server_kind server_kind_of(const struct request *request)
{
    return (request->route->flags & ROUTE_SINGLE) != 0 ? SERVER_SINGLE : SERVER_FLEXIBLE;
}

/* "read", "write", "delete" or "action". */
static const char *verb_of(const struct request *request)
{
    const char *slash = strrchr(request->route->action, '/');
    return slash == NULL ? request->route->action : slash + 1;
}

/* One query for the usual case; the group is only looked up to choose the message of the 404. */
static int look_up_server(struct request *request, struct server *ret_server)
{
    struct err err = {0};
    int found = store_server_get(
        request->app->store, server_kind_of(request), request_param(request, "subscriptionId"),
        request_param(request, "resourceGroupName"), request_param(request, "serverName"), &err, ret_server);
    if (found < 0) {
        reply_error(request, &err);
        return -1;
    }
    if (found == 0) {
        auto_resource_group struct resource_group group = {0};
        return find_group(request, &group) ? 0 : -1;
    }
    return 1;
}

bool find_server(struct request *request, struct server *ret_server)
{
    int found = look_up_server(request, ret_server);
    if (found == 0) {
        auto_free char *name = str_format("%s/%s", word_of(WORDS_SERVER_KIND, (int)server_kind_of(request)),
                                          request_param(request, "serverName"));
        reply_resource_not_found(request, request_param(request, "resourceGroupName"), name);
    }
    return found > 0;
}

bool find_parent_server(struct request *request, const char *child_type, struct server *ret_server)
{
    int found = look_up_server(request, ret_server);
    if (found == 0) {
        const char *type = word_of(WORDS_SERVER_KIND, (int)server_kind_of(request));
        auto_free char *id = armid_resource(request_param(request, "subscriptionId"),
                                            request_param(request, "resourceGroupName"), POSTGRESQL_NAMESPACE,
                                            type, request_param(request, "serverName"));
        reply_fail(request, ERR_PARENT_NOT_FOUND,
                   "Failed to perform '%s' on resource(s) of type '%s/%s', because the parent resource '%s' "
                   "could not "
                   "be found.",
                   verb_of(request), type, child_type, id == NULL ? "" : id);
    }
    return found > 0;
}

int server_check_ready(const struct server *server, struct err *err)
{
    bool usable = server->state == SERVER_STATE_READY || server->state == SERVER_STATE_UPDATING ||
                  (server->attached && server->state == SERVER_STATE_INACCESSIBLE);
    return usable
               ? 0
               : err_set(err, ERR_SERVER_NOT_READY, "The server '%s' is not ready: its state is %s%s%s.",
                         server->name, word_of(WORDS_SERVER_STATE, (int)server->state),
                         server->message == NULL ? "" : ": ", server->message == NULL ? "" : server->message);
}

bool find_ready_server(struct request *request, const char *child_type, struct server *ret_server)
{
    struct err err = {0};
    auto_server struct server server = {0};
    if (!find_parent_server(request, child_type, &server)) {
        return false;
    }
    if (server_check_ready(&server, &err) < 0) {
        reply_error(request, &err);
        return false;
    }
    *ret_server = server;
    server = (struct server){0};
    return true;
}

/* ARM repeats the message in the details, where clients read the namespace. */
static void reply_not_registered(struct request *request, const char *namespace_name)
{
    const char *code = err_wire_code(ERR_PROVIDER_NOT_REGISTERED);
    auto_free char *message = str_format(
        "The subscription is not registered to use namespace '%s'. See https://aka.ms/rps-not-found for how "
        "to register subscriptions.",
        namespace_name);
    json_t *body = message == NULL ? NULL
                                   : json_pack("{s:{s:s, s:s, s:[{s:s, s:s, s:s}]}}", "error", "code", code,
                                               "message", message, "details", "code", code, "target",
                                               namespace_name, "message", message);
    reply_json(request, err_http_status(ERR_PROVIDER_NOT_REGISTERED), body);
}

bool provider_is_registered(struct request *request, const char *namespace_name)
{
    struct err err = {0};
    bool registered = false;
    if (store_provider_get(request->app->store, request_param(request, "subscriptionId"), namespace_name,
                           &err, &registered) < 0) {
        reply_error(request, &err);
        return false;
    }
    if (!registered) {
        reply_not_registered(request, namespace_name);
    }
    return registered;
}

int resource_not_found(struct err *err, const char *group, const char *name)
{
    return err_set(
        err, ERR_RESOURCE_NOT_FOUND,
        "The Resource '%s/%s' under resource group '%s' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix",
        POSTGRESQL_NAMESPACE, name == NULL ? "" : name, group);
}

void reply_resource_not_found(struct request *request, const char *group, const char *name)
{
    struct err err = {0};
    resource_not_found(&err, group, name);
    reply_error(request, &err);
}

char *server_resource_id(const struct server *server)
{
    return armid_resource(server->subscription_id, server->group, POSTGRESQL_NAMESPACE,
                          word_of(WORDS_SERVER_KIND, (int)server->kind), server->name);
}

char *migration_resource_id(const struct server *target, const char *migration)
{
    auto_free char *parent = server_resource_id(target);
    return parent == NULL ? NULL : armid_child(parent, "migrations", migration);
}

int active_migrations_of(struct request *request, const int64_t *server_ids, size_t count, struct err *err,
                         struct buf *ret_names)
{
    enum { NAMED_MAX = 5 };
    auto_str_list struct str_list names = {0};
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (store_migration_active_of(request->app->store, server_ids[i], NAMED_MAX, err, &names, &found) <
            0) {
            return -1;
        }
    }
    size_t named = 0;
    for (size_t i = 0; i < names.count; i++) {
        buf_addf(ret_names, "%s'%s'", named++ == 0 ? "" : ", ", names.items[i]);
    }
    if (found > named) {
        buf_addf(ret_names, " and %zu more", found - named);
    }
    return 0;
}

int group_check_lives(struct store *store, const char *subscription_id, const char *name, struct err *err)
{
    auto_resource_group struct resource_group group = {0};
    int found = store_group_get(store, subscription_id, name, err, &group);
    if (found < 0) {
        return -1;
    }
    if (found == 0) {
        return err_set(err, ERR_GROUP_NOT_FOUND, "Resource group '%s' could not be found.", name);
    }
    return !group.deleting ? 0
                           : err_set(err, ERR_GROUP_BEING_DELETED,
                                     "The resource group '%s' is in deprovisioning state and cannot perform "
                                     "this operation.",
                                     name);
}

int server_read_again(struct store *store, const struct server *seen, struct err *err,
                      struct server *ret_server)
{
    int found = store_server_get_by_id(store, seen->id, err, ret_server);
    if (found < 0) {
        return -1;
    }
    if (found == 0) {
        return err_set(err, ERR_RESOURCE_NOT_FOUND, "The server '%s' was deleted in the meantime.",
                       seen->name);
    }
    if (ret_server->state == SERVER_STATE_DROPPING) {
        return err_set(err, ERR_SERVER_NOT_READY, "The server '%s' is not ready: its state is %s.",
                       seen->name, word_of(WORDS_SERVER_STATE, SERVER_STATE_DROPPING));
    }
    return group_check_lives(store, ret_server->subscription_id, ret_server->group, err);
}

/* SPDX-License-Identifier: MIT */
/*
 * PUT of servers. A new one is provisioned, or attached when its tags name an existing PostgreSQL; the
 * executor does the work. PUT of one that is there changes what can be changed: tags, sku and settings, and
 * the address and credentials of attached ones, which are then looked at again.
 */
#include "core/clock.h"
#include "core/str.h"
#include "handlers/handlers.h"
#include "handlers/locations.h"
#include "handlers/operation.h"
#include "handlers/server_read.h"
#include "handlers/server_view.h"

static const char flexible_sku[] = "{\"name\":\"Standard_D2s_v3\",\"tier\":\"GeneralPurpose\"}";
static const char single_sku[] =
    "{\"name\":\"GP_Gen5_2\",\"tier\":\"GeneralPurpose\",\"capacity\":2,\"family\":\"Gen5\"}";

/* Tags, sku and settings, as far as they are given. */
static int apply_settings(const struct server_request *wish, struct server *server, struct err *err)
{
    if (wish->tags != NULL && !str_replace(&server->tags, wish->tags)) {
        return err_no_memory(err);
    }
    if (wish->sku != NULL || server->sku == NULL) {
        const char *standard = wish->kind == SERVER_FLEXIBLE ? flexible_sku : single_sku;
        char *sku = wish->sku == NULL ? str_dup(standard) : json_dumps(wish->sku, JSON_COMPACT);
        if (sku == NULL) {
            return err_no_memory(err);
        }
        free_at_scope_end(&server->sku);
        server->sku = sku;
    }
    if (wish->properties != NULL || server->properties == NULL) {
        char *properties = server_properties_to_keep(wish->kind, wish->properties, server->properties);
        if (properties == NULL) {
            return err_no_memory(err);
        }
        free_at_scope_end(&server->properties);
        server->properties = properties;
    }
    return 0;
}

static int apply_attachment(const struct server_request *wish, struct server *server, struct err *err)
{
    if (wish->host != NULL) {
        server->port = wish->port;
    }
    bool copied = (wish->host == NULL || str_replace(&server->host, wish->host)) &&
                  (wish->login == NULL || str_replace(&server->administrator, wish->login)) &&
                  (wish->password == NULL || str_replace(&server->password, wish->password));
    return copied ? 0 : err_no_memory(err);
}

/* ---- new -------------------------------------------------------------------------------------------------
 */

static int choose_major(const struct executor *executor, const char *version, struct err *err, int *ret_major)
{
    enum { MAJORS_MAX = 32 };
    int majors[MAJORS_MAX];
    size_t count = executor_majors(executor, majors, MAJORS_MAX);
    int major = version != NULL ? server_version_major(version) : count > 0 ? majors[count - 1] : 0;
    if (major == 0) {
        return err_set(
            err, ERR_VERSION_UNAVAILABLE,
            "No PostgreSQL server programs are on this machine. Install them (Debian: postgresql-15), name "
            "their directory with --postgres-dir, or attach an existing server with the tags "
            "'malachite.host' and 'malachite.port'.");
    }
    if (executor_check_major(executor, major, err) < 0) {
        return err_target(err, "properties.version");
    }
    *ret_major = major;
    return 0;
}

static int insert_server(struct request *request, const struct resource_group *group,
                         const struct server_request *wish, struct err *err, struct server *ret_server)
{
    auto_server struct server server = {.kind = wish->kind, .state = SERVER_STATE_PROVISIONING};
    if (server_request_check_new(wish, err) < 0) {
        return -1;
    }
    server.created_us = clock_now_us();
    server.attached = wish->host != NULL;
    server.subscription_id = str_dup(group->subscription_id);
    server.group = str_dup(group->name);
    server.name = str_dup(request_param(request, "serverName"));
    server.location = location_name(wish->location);
    if (server.subscription_id == NULL || server.group == NULL || server.name == NULL ||
        server.location == NULL) {
        return err_no_memory(err);
    }
    if (apply_settings(wish, &server, err) < 0 || apply_attachment(wish, &server, err) < 0) {
        return -1;
    }
    struct executor *executor = request->app->executor;
    if (!server.attached && (choose_major(executor, wish->version, err, &server.major) < 0 ||
                             executor_choose_address(executor, err, &server.host, &server.port) < 0)) {
        return -1;
    }
    if (store_server_insert(request->app->store, &server, err) < 0) {
        return -1;
    }
    *ret_server = server;
    server = (struct server){0};
    return 0;
}

/* ---- there already ---------------------------------------------------------------------------------------
 */

static int check_location(const struct server *server, const struct server_request *wish, struct err *err)
{
    auto_free char *location = wish->location == NULL ? NULL : location_name(wish->location);
    if (location == NULL || str_equals(location, server->location)) {
        return 0;
    }
    err_set(err, ERR_RESOURCE_LOCATION,
            "The resource '%s' already exists in location '%s' in resource group '%s'. A resource with the "
            "same name "
            "cannot be created in location '%s'. Please select a new resource name.",
            server->name, server->location, server->group, location);
    return err_target(err, "location");
}

static int refuse_change(const struct server *server, const char *property, const char *now, struct err *err)
{
    err_set(err, ERR_CONFLICT,
            "The server '%s' exists with another value of 'properties.%s' ('%s'), which cannot be changed. "
            "Delete the "
            "server first, or choose another name.",
            server->name, property, now);
    return err_target(err, "properties.%s", property);
}

static int check_provisioned(const struct server *server, const struct server_request *wish, struct err *err)
{
    if (wish->host != NULL) {
        err_set(err, ERR_CONFLICT,
                "The server '%s' was provisioned by Malachite; it cannot be attached to another PostgreSQL.",
                server->name);
        return err_target(err, "tags.malachite.host");
    }
    if (wish->version != NULL && server_version_major(wish->version) != server->major) {
        auto_free char *now = str_format("%d", server->major);
        return refuse_change(server, "version", now == NULL ? "" : now, err);
    }
    if (wish->login != NULL && !str_equals(wish->login, server->administrator)) {
        return refuse_change(server, "administratorLogin", server->administrator, err);
    }
    if (wish->password != NULL && !str_equals(wish->password, server->password)) {
        err_set(err, ERR_NOT_IMPLEMENTED,
                "Changing the administrator's password of the server '%s' through this call is not "
                "implemented by "
                "Malachite. Leave it out, or give the present one.",
                server->name);
        return err_target(err, "properties.administratorLoginPassword");
    }
    return 0;
}

static int check_not_busy(const struct server *server, struct err *err)
{
    bool busy = server->state == SERVER_STATE_PROVISIONING || server->state == SERVER_STATE_STARTING ||
                server->state == SERVER_STATE_DROPPING;
    return !busy ? 0
                 : err_set(err, ERR_SERVER_BUSY,
                           "The server '%s' is busy (state %s). Try again when that has ended.", server->name,
                           word_of(WORDS_SERVER_STATE, (int)server->state));
}

static int update_server(struct store *store, const struct server_request *wish, struct server *server,
                         struct err *err)
{
    if (check_not_busy(server, err) < 0 || check_location(server, wish, err) < 0 ||
        (!server->attached && check_provisioned(server, wish, err) < 0) ||
        apply_settings(wish, server, err) < 0) {
        return -1;
    }
    if (server->attached) {
        if (apply_attachment(wish, server, err) < 0) {
            return -1;
        }
        server->state =
            server->state == SERVER_STATE_READY ? SERVER_STATE_UPDATING : SERVER_STATE_PROVISIONING;
    }
    return store_server_update(store, server, err);
}

/* ---- both ------------------------------------------------------------------------------------------------
 */

static int check_name_free(struct store *store, const char *name, struct err *err)
{
    auto_server struct server other = {0};
    int found = store_server_get_by_name(store, name, err, &other);
    if (found <= 0) {
        return found;
    }
    return err_set(
        err, ERR_SERVER_NAME_TAKEN,
        "Specified server name is already used. '%s' is one of the %s in resource group '%s'; names are "
        "unique over both kinds and all groups.",
        other.name, word_of(WORDS_SERVER_KIND, (int)other.kind), other.group);
}

/* In one transaction: the server, and the operation that the client polls. */
static int store_put(struct request *request, const struct resource_group *group,
                     const struct server_request *wish, struct err *err, struct operation *ret_operation)
{
    struct store *store = request->app->store;
    const char *name = request_param(request, "serverName");
    auto_server struct server server = {0};
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0) {
        return -1;
    }
    int found = store_server_get(store, wish->kind, group->subscription_id, group->name, name, err, &server);
    if (found < 0) {
        return -1;
    }
    if (found > 0 ? update_server(store, wish, &server, err) < 0
                  : check_name_free(store, name, err) < 0 ||
                        insert_server(request, group, wish, err, &server) < 0) {
        return -1;
    }
    auto_free char *id = server_resource_id(&server);
    if (operation_make(request, OPERATION_SERVER_CREATE, server.location, id, NULL, err, ret_operation) < 0) {
        return -1;
    }
    ret_operation->server_id = server.id;
    if (store_operation_insert(store, ret_operation, err) < 0) {
        return -1;
    }
    /* Nothing is left to do for a provisioned server that runs; the executor would make it anew. */
    bool done = found > 0 && !server.attached;
    if (done && store_operation_finish(store, ret_operation->id, NULL, err) < 0) {
        return -1;
    }
    return store_commit(&tx, err);
}

static void put(struct request *request, enum server_kind kind)
{
    struct err err;
    auto_resource_group struct resource_group group = {0};
    if (!provider_is_registered(request, POSTGRESQL_NAMESPACE) || !find_living_group(request, &group)) {
        return;
    }
    const char *name = request_param(request, "serverName");
    if (!server_name_is_valid(name)) {
        reply_fail(request, ERR_BAD_RESOURCE_NAME, "The server name '%.100s' is invalid. %s", name,
                   server_name_rule);
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    auto_server_request struct server_request wish = {0};
    auto_operation struct operation operation = {0};
    if (server_request_read(kind, body, &err, &wish) < 0 ||
        store_put(request, &group, &wish, &err, &operation) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_operation(request, &operation);
}

void flexible_server_put(struct request *request)
{
    put(request, SERVER_FLEXIBLE);
}

void single_server_put(struct request *request)
{
    put(request, SERVER_SINGLE);
}

/* SPDX-License-Identifier: MIT */
/*
 * PUT of servers. A new one is provisioned, or attached if its tags name an existing PostgreSQL; the
 * executor does the work. PUT of an existing server changes the same properties as PATCH.
 */
#include "core/buf.h"
#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "executor/servers/servers.h"
#include "handlers/arm/naming/locations.h"
#include "handlers/arm/naming/names.h"
#include "handlers/arm/operation.h"
#include "handlers/servers/server_read_private.h"
#include "handlers/servers/server_update_private.h"
#include "handlers/servers/servers.h"
#include "handlers/servers/values/server_values.h"

/* ---- new -------------------------------------------------------------------------------------------------
 */

static int choose_major(const struct executor *executor, const char *version, struct err *err, int *ret_major)
{
    int major = version != NULL ? server_version_major(version) : executor_default_major(executor);
    if (major == 0) {
        return err_set(err, ERR_VERSION_UNAVAILABLE,
                       "No PostgreSQL server programs are installed on this machine. Install them (Debian: "
                       "postgresql-15), name their directory with --postgres-dir, or attach an existing "
                       "server with the tags 'malachite.host' and 'malachite.port'.");
    }
    if (executor_check_major(executor, major, err) < 0) {
        return err_target(err, "properties.version");
    }
    *ret_major = major;
    return 0;
}

enum { NAMES_MAX_BYTES = 800 };

/* 400 with the servers that could be copied. */
static int unknown_original(struct store *store, const char *subscription_id, const char *name,
                            struct err *err)
{
    struct server *servers = NULL;
    size_t count = 0;
    auto_buf struct buf names = BUF_MAX(NAMES_MAX_BYTES);
    if (store_server_list_all(store, err, &servers, &count) < 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        bool suits = !servers[i].attached && str_iequals(servers[i].subscription_id, subscription_id);
        if (suits && names.len + 70 < NAMES_MAX_BYTES) {
            buf_addf(&names, "%s%s", names.len == 0 ? "" : ", ", servers[i].name);
        }
    }
    servers_free(servers, count);
    return err_set(err, ERR_BAD_PARAMETER, "There is no server '%.80s' to copy. Provisioned servers: %s.",
                   name, names.len == 0 ? "none" : buf_text(&names));
}

/* The tag malachite.cloneOf: the new server begins as a copy of the data of that one, and has its version. */
static int apply_clone(struct store *store, const struct server_request *wanted, struct server *server,
                       struct err *err)
{
    json_auto_t *tags = json_from_text(server->tags);
    const char *name = json_string_value(tags == NULL ? NULL : field_get(tags, "malachite.cloneOf"));
    auto_server struct server original = {0};
    if (name == NULL) {
        return 0;
    }
    if (server->attached) {
        return err_set(err, ERR_BAD_PARAMETER,
                       "The tags 'malachite.host' and 'malachite.cloneOf' exclude each other.");
    }
    int found = store_server_get_by_name(store, server->subscription_id, name, err, &original);
    if (found <= 0) {
        return found < 0 ? -1 : unknown_original(store, server->subscription_id, name, err);
    }
    if (original.attached) {
        return err_set(err, ERR_CONFLICT,
                       "Server '%s' is attached: only a server that Malachite provisioned can be copied.",
                       original.name);
    }
    if (original.state != SERVER_STATE_READY && original.state != SERVER_STATE_STOPPED) {
        return err_set(err, ERR_SERVER_NOT_READY, "Server '%s' cannot be copied while its state is %s.",
                       original.name, word_of(WORDS_SERVER_STATE, (int)original.state));
    }
    if (wanted->version != NULL && server_version_major(wanted->version) != original.major) {
        return err_set(err, ERR_BAD_PARAMETER,
                       "A copy of server '%s' has its version, %d; omit the version %s or set it to %d.",
                       original.name, original.major, wanted->version, original.major);
    }
    server->major = original.major;
    return 0;
}

static int insert_server(struct request *request, const struct resource_group *group,
                         const struct server_request *wanted, struct err *err, struct server *ret_server)
{
    auto_server struct server server = {.kind = wanted->kind, .state = SERVER_STATE_PROVISIONING};
    if (server_request_check_new(wanted, err) < 0) {
        return -1;
    }
    server.created_us = clock_now_us();
    server.attached = wanted->host != NULL;
    server.subscription_id = str_dup(group->subscription_id);
    server.group = str_dup(group->name);
    server.name = str_dup(request_param(request, "serverName"));
    server.location = location_name(wanted->location);
    if (server.subscription_id == NULL || server.group == NULL || server.name == NULL ||
        server.location == NULL) {
        return err_no_memory(err);
    }
    if (server_apply_settings(wanted, &server, err) < 0 ||
        server_apply_attachment(wanted, &server, err) < 0) {
        return -1;
    }
    struct executor *executor = request->app->executor;
    if (apply_clone(request->app->store, wanted, &server, err) < 0) {
        return err_target(err, "tags.malachite.cloneOf");
    }
    if (!server.attached &&
        ((server.major == 0 && choose_major(executor, wanted->version, err, &server.major) < 0) ||
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

/* ---- both ------------------------------------------------------------------------------------------------
 */

static int check_name_free(struct store *store, const char *subscription_id, const char *name,
                           struct err *err)
{
    auto_server struct server other = {0};
    int found = store_server_get_by_name(store, subscription_id, name, err, &other);
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
                     const struct server_request *wanted, struct err *err, struct operation *ret_operation)
{
    struct store *store = request->app->store;
    const char *name = request_param(request, "serverName");
    auto_server struct server server = {0};
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0 ||
        group_check_lives(store, group->subscription_id, group->name, err) < 0) {
        return -1;
    }
    int found =
        store_server_get(store, wanted->kind, group->subscription_id, group->name, name, err, &server);
    if (found < 0) {
        return -1;
    }
    bool work = true;
    if (found > 0 ? server_update(store, wanted, &server, err, &work) < 0
                  : check_name_free(store, group->subscription_id, name, err) < 0 ||
                        insert_server(request, group, wanted, err, &server) < 0) {
        return -1;
    }
    auto_free char *id = server_resource_id(&server);
    enum operation_kind kind =
        found > 0 && !server.attached ? OPERATION_SERVER_UPDATE : OPERATION_SERVER_CREATE;
    if (operation_make(request, kind, server.location, id, NULL, err, ret_operation) < 0) {
        return -1;
    }
    ret_operation->server_id = server.id;
    if (store_operation_insert(store, ret_operation, err) < 0) {
        return -1;
    }
    if (!work && store_operation_finish(store, ret_operation->id, NULL, err) < 0) {
        return -1;
    }
    return store_commit(&tx, err);
}

void server_put(struct request *request)
{
    struct err err = {0};
    auto_resource_group struct resource_group group = {0};
    if (!provider_is_registered(request, POSTGRESQL_NAMESPACE) || !find_living_group(request, &group)) {
        return;
    }
    const char *name = request_param(request, "serverName");
    if (name_check(NAME_SERVER, name, &err) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    auto_server_request struct server_request wanted = {0};
    auto_operation struct operation operation = {0};
    bool read = server_request_read(server_kind_of(request), body, &err, &wanted) == 0;
    wanted.tenant_id = request->app->options->tenant_id;
    if (!read || server_check_network(request->app, &wanted, &err) < 0 ||
        store_put(request, &group, &wanted, &err, &operation) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_operation(request, &operation);
}

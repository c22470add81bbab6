/* SPDX-License-Identifier: MIT */
/*
 * Private endpoints. Creating one creates a private endpoint connection on each server that it names, like
 * the service; deleting it deletes them.
 */
#include <string.h>

#include "core/parse/id.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/server_reference.h"
#include "handlers/arm/subnet.h"
#include "handlers/network/network.h"
#include "handlers/network/network_resource_private.h"

static const char parameter[] = "privateEndpointName";
static const char *const lists[] = {"privateLinkServiceConnections", "manualPrivateLinkServiceConnections"};

/* ---- connections on servers ------------------------------------------------------------------------------
 */

/* 1 and the server's connection from this endpoint, 0 if it has none. */
static int find_connection(struct store *store, const struct server *server, const char *endpoint_id,
                           struct err *err, struct server_child *ret_child)
{
    struct server_child *rows = NULL;
    size_t count = 0;
    if (store_child_list(store, server->id, CHILD_PRIVATE_ENDPOINT_CONNECTION, err, &rows, &count) < 0) {
        return -1;
    }
    int found = 0;
    for (size_t i = 0; i < count && found == 0; i++) {
        json_auto_t *properties = json_from_text(rows[i].properties);
        json_t *endpoint = json_object_get(properties, "privateEndpoint");
        if (str_iequals(json_string_value(json_object_get(endpoint, "id")), endpoint_id)) {
            *ret_child = rows[i];
            rows[i] = (struct server_child){0};
            found = 1;
        }
    }
    server_children_free(rows, count);
    return found;
}

static int connect_server(struct store *store, const struct server *server,
                          const struct network_resource *endpoint, const char *endpoint_id, bool manual,
                          struct err *err)
{
    auto_server_child struct server_child old = {0};
    int found = find_connection(store, server, endpoint_id, err, &old);
    if (found != 0) {
        return found < 0 ? -1 : 0;
    }
    char uuid[ID_TEXT_SIZE];
    json_auto_t *properties = json_pack(
        "{s:{s:s}, s:{s:s, s:s, s:s}}", "privateEndpoint", "id", endpoint_id,
        "privateLinkServiceConnectionState", "status", manual ? "Pending" : "Approved", "description",
        manual ? "Please approve my request, thanks" : "Auto-approved", "actionsRequired", "None");
    auto_server_child struct server_child child = {
        .server_id = server->id,
        .kind = CHILD_PRIVATE_ENDPOINT_CONNECTION,
        .name = id_new(uuid) == NULL ? NULL : str_format("%s.%s", endpoint->name, uuid),
        .properties = properties == NULL ? NULL : json_dumps(properties, JSON_COMPACT)};
    return child.name == NULL || child.properties == NULL ? err_no_memory(err)
                                                          : store_child_put(store, &child, err);
}

/* The server that a connection of the endpoint names: 1, 0 if it no longer exists, -1: error. */
static int find_target(struct store *store, json_t *connection, struct err *err, struct server *ret_server)
{
    auto_armid struct armid id = {0};
    json_t *properties = field_get(connection, "properties");
    const char *text =
        properties == NULL ? NULL : json_string_value(field_get(properties, "privateLinkServiceId"));
    int kind = text != NULL && armid_parse(text, &id) && id.depth == 1 && id.group != NULL &&
                       str_iequals(id.provider, POSTGRESQL_NAMESPACE)
                   ? word_to_value(WORDS_SERVER_KIND, id.types[0])
                   : -1;
    return kind < 0 ? 0
                    : store_server_get(store, (enum server_kind)kind, id.subscription_id, id.group,
                                       id.names[0], err, ret_server);
}

static int disconnect(struct store *store, const struct server *server, const char *endpoint_id,
                      struct err *err)
{
    auto_server_child struct server_child child = {0};
    int found = find_connection(store, server, endpoint_id, err, &child);
    return found <= 0
               ? found
               : store_child_delete(store, server->id, CHILD_PRIVATE_ENDPOINT_CONNECTION, child.name, err);
}

/* Removes the connections on the servers that the endpoint's properties name. */
static int disconnect_all(struct store *store, json_t *properties, const char *endpoint_id, struct err *err)
{
    for (size_t list = 0; list < ARRAY_LEN(lists); list++) {
        size_t i;
        json_t *connection;
        json_array_foreach (json_object_get(properties, lists[list]), i, connection) {
            auto_server struct server server = {0};
            int found = find_target(store, connection, err, &server);
            if (found < 0 || (found > 0 && disconnect(store, &server, endpoint_id, err) < 0)) {
                return -1;
            }
        }
    }
    return 0;
}

/* ---- showing ---------------------------------------------------------------------------------------------
 */

/* The connection as the server has it now. */
static json_t *write_connection(struct store *store, const char *endpoint_id, json_t *connection)
{
    struct err err = {0};
    auto_server struct server server = {0};
    auto_server_child struct server_child child = {0};
    const char *name = json_string_value(field_get(connection, "name"));
    auto_free char *id = str_format("%s/privateLinkServiceConnections/%s", endpoint_id, name);
    bool connected = find_target(store, connection, &err, &server) > 0 &&
                     find_connection(store, &server, endpoint_id, &err, &child) > 0;
    json_auto_t *kept = connected ? json_from_text(child.properties) : NULL;
    json_auto_t *state = json_incref(json_object_get(kept, "privateLinkServiceConnectionState"));
    if (state == NULL) {
        state = json_pack("{s:s, s:s, s:s}", "status", "Disconnected", "description",
                          "The connection was deleted on the server.", "actionsRequired", "None");
    }
    json_t *properties = json_copy(field_get(connection, "properties"));
    json_object_set_new(properties, "provisioningState", json_string("Succeeded"));
    json_object_set(properties, "privateLinkServiceConnectionState", state);
    return json_pack("{s:s, s:s, s:s, s:o}", "name", name, "id", id, "type",
                     NETWORK_NAMESPACE "/privateEndpoints/privateLinkServiceConnections", "properties",
                     properties);
}

static json_t *write_endpoint(struct request *request, const struct network_resource *row)
{
    auto_free char *id = network_id(row);
    json_auto_t *kept = json_from_text(row->properties);
    json_auto_t *properties = json_pack("{s:[], s:[]}", "networkInterfaces", "customDnsConfigs");
    if (id == NULL || kept == NULL || properties == NULL) {
        return NULL;
    }
    json_object_update(properties, kept);
    for (size_t list = 0; list < ARRAY_LEN(lists); list++) {
        json_t *shown = json_array();
        size_t i;
        json_t *connection;
        json_array_foreach (json_object_get(kept, lists[list]), i, connection) {
            json_array_append_new(shown, write_connection(request->app->store, id, connection));
        }
        json_object_set_new(properties, lists[list], shown);
    }
    return network_write(row, TAKE(properties));
}

/* ---- PUT -------------------------------------------------------------------------------------------------
 */

static int required(const char *path, struct err *err)
{
    err_set(err, ERR_BAD_PARAMETER, "The property '%s' is required.", path);
    return err_target(err, "%s", path);
}

/* Reads one connection of a list; the server that it names must exist. */
static int read_connection(struct request *request, const char *list, size_t index, json_t *connection,
                           struct err *err, struct server *ret_server)
{
    json_t *properties = NULL;
    const char *name = NULL;
    const char *server_id = NULL;
    bool is_resource = false;
    auto_free char *path = str_format("properties.%s[%zu]", list, index);
    auto_free char *below = str_format("%s.properties", path);
    auto_free char *target = str_format("%s.properties.privateLinkServiceId", path);
    if (path == NULL || below == NULL || target == NULL) {
        return err_no_memory(err);
    }
    if (!json_is_object(connection)) {
        return field_wrong_type(connection, path, "an object", err);
    }
    if (field_string(connection, path, "name", err, &name) < 0 ||
        field_object(connection, path, "properties", err, &properties) < 0) {
        return -1;
    }
    if (name == NULL || properties == NULL) {
        return required(name == NULL ? path : below, err);
    }
    if (field_string(properties, below, "privateLinkServiceId", err, &server_id) < 0) {
        return -1;
    }
    if (server_id == NULL) {
        return required(target, err);
    }
    if (server_id[0] != '/') {
        err_set(err, ERR_BAD_PARAMETER, "The property '%s' is not a resource id ('/subscriptions/...').",
                target);
        return err_target(err, "%s", target);
    }
    return server_reference_read(request, "private link service", server_id, err, ret_server, &is_resource) <
                   0
               ? err_target(err, "%s", target)
               : 0;
}

static int connect_all(struct request *request, const struct network_resource *row, json_t *properties,
                       struct err *err)
{
    auto_free char *endpoint_id = network_id(row);
    size_t total = 0;
    if (endpoint_id == NULL) {
        return err_no_memory(err);
    }
    for (size_t list = 0; list < ARRAY_LEN(lists); list++) {
        json_t *connections = json_object_get(properties, lists[list]);
        size_t i;
        json_t *connection;
        if (connections != NULL && !json_is_array(connections)) {
            return field_wrong_type(connections, lists[list], "an array", err);
        }
        json_array_foreach (connections, i, connection) {
            auto_server struct server server = {0};
            if (read_connection(request, lists[list], i, connection, err, &server) < 0 ||
                connect_server(request->app->store, &server, row, endpoint_id, list == 1, err) < 0) {
                return -1;
            }
            total++;
        }
    }
    return total == 0 ? required("properties.privateLinkServiceConnections", err) : 0;
}

/* The stored properties, in the service's spelling. */
static int read_properties(const struct app *app, json_t *body, struct err *err, json_t **ret_properties)
{
    json_t *given = NULL;
    json_t *subnet = NULL;
    const char *subnet_id = NULL;
    if (field_object(body, "", "properties", err, &given) < 0) {
        return -1;
    }
    if (given == NULL) {
        return required("properties", err);
    }
    if (field_object(given, "properties", "subnet", err, &subnet) < 0 ||
        (subnet != NULL && field_string(subnet, "properties.subnet", "id", err, &subnet_id) < 0)) {
        return -1;
    }
    if (subnet_id == NULL) {
        return required("properties.subnet.id", err);
    }
    if (subnet_check(app, subnet_id, "properties.subnet.id", err) < 0) {
        return -1;
    }
    json_t *properties = json_pack(
        "{s:{s:s}, s:O*, s:O*, s:O*, s:O*}", "subnet", "id", subnet_id, lists[0], field_get(given, lists[0]),
        lists[1], field_get(given, lists[1]), "ipConfigurations", field_get(given, "ipConfigurations"),
        "customNetworkInterfaceName", field_get(given, "customNetworkInterfaceName"));
    *ret_properties = properties;
    return properties == NULL ? err_no_memory(err) : 0;
}

/* Servers that the endpoint no longer names lose their connection. */
static int drop_others(struct store *store, const struct network_resource *before, struct err *err)
{
    auto_free char *id = network_id(before);
    json_auto_t *old = json_from_text(before->properties);
    return id == NULL ? err_no_memory(err) : disconnect_all(store, old, id, err);
}

static int store_put(struct request *request, json_t *body, struct network_resource *row, struct err *err)
{
    struct store *store = request->app->store;
    json_auto_t *properties = NULL;
    auto_network_resource struct network_resource before = {0};
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0 || read_properties(request->app, body, err, &properties) < 0) {
        return -1;
    }
    int found = network_adopt(store, row, err, &before);
    row->properties = json_dumps(properties, JSON_COMPACT);
    bool same = found > 0 && str_equals(row->properties, before.properties);
    if (found < 0 || row->properties == NULL ||
        (found > 0 && !same && drop_others(store, &before, err) < 0) ||
        connect_all(request, row, properties, err) < 0 || store_network_put(store, row, err) < 0 ||
        store_commit(&tx, err) < 0) {
        return -1;
    }
    return found;
}

void private_endpoint_put(struct request *request)
{
    struct err err = {0};
    json_t *body = NULL;
    auto_network_resource struct network_resource row = {0};
    if (!network_read(request, NETWORK_ENDPOINT, parameter, &row, &body)) {
        return;
    }
    int found = store_put(request, body, &row, &err);
    if (found < 0) {
        reply_error(request, &err);
    } else {
        reply_json(request, found > 0 ? 200 : 201, write_endpoint(request, &row));
    }
}

void private_endpoint_get(struct request *request)
{
    auto_network_resource struct network_resource row = {0};
    if (network_find(request, NETWORK_ENDPOINT, parameter, &row)) {
        reply_json(request, 200, write_endpoint(request, &row));
    }
}

static int delete_row(struct store *store, const struct network_resource *row, struct err *err)
{
    auto_store_tx struct store_tx tx = {0};
    return store_begin(store, err, &tx) < 0 || drop_others(store, row, err) < 0 ||
                   store_network_delete(store, row, err) < 0
               ? -1
               : store_commit(&tx, err);
}

void private_endpoint_delete(struct request *request)
{
    network_delete(request, NETWORK_ENDPOINT, parameter, delete_row);
}

void private_endpoint_list(struct request *request)
{
    network_reply_list(request, NULL, NETWORK_ENDPOINT, write_endpoint);
}

void private_endpoint_list_of_group(struct request *request)
{
    auto_resource_group struct resource_group group = {0};
    if (find_group(request, &group)) {
        network_reply_list(request, group.name, NETWORK_ENDPOINT, write_endpoint);
    }
}

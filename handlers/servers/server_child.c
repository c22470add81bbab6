/* SPDX-License-Identifier: MIT */
/*
 * Firewall rules, virtual network rules and private endpoint connections: stored and shown like the
 * service's. They have no effect, because Malachite's servers listen on loopback. They are only formally
 * long-running: the operation has ended when its 202 is sent.
 */
#include "handlers/servers/server_child_private.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/naming/names.h"
#include "handlers/arm/operation.h"
#include "handlers/arm/page.h"
#include "handlers/arm/subnet.h"
#include "handlers/servers/servers.h"
#include "handlers/servers/values/private_connection.h"
#include "handlers/servers/values/resource_view.h"
#include "server/route.h"

struct rule_request {
    json_t *properties; /* as they are kept */
};

/* ---- what rules look like --------------------------------------------------------------------------------
 */

static int bad_value(const char *value, const char *path, const char *expected, struct err *err)
{
    err_set(err, ERR_BAD_PARAMETER, "The value '%.300s' of '%s' is not %s.", value, path, expected);
    return err_target(err, "%s", path);
}

static int read_ipv4(const struct property *row, json_t *value, const char *path, struct err *err,
                     void *record)
{
    (void)path;
    struct in_addr address;
    if (!json_is_string(value)) {
        return field_wrong_type(value, row->path, "a string", err);
    }
    return inet_pton(AF_INET, json_string_value(value), &address) == 1
               ? setting_keep(row, value, err, record)
               : bad_value(json_string_value(value), row->path, "an IPv4 address such as '203.0.113.7'", err);
}

static int read_subnet(const struct property *row, json_t *value, const char *path, struct err *err,
                       void *record)
{
    (void)path;
    auto_armid struct armid id = {0};
    if (!json_is_string(value)) {
        return field_wrong_type(value, row->path, "a string", err);
    }
    bool subnet = armid_parse(json_string_value(value), &id) && id.depth == 2 &&
                  str_iequals(id.types[0], "virtualNetworks") && str_iequals(id.types[1], "subnets");
    return subnet ? setting_keep(row, value, err, record)
                  : bad_value(json_string_value(value), row->path, "the id of a subnet", err);
}

/* Any value but true is false. */
static int read_boolean(const struct property *row, json_t *value, const char *path, struct err *err,
                        void *record)
{
    (void)path;
    return json_is_boolean(value) ? setting_keep(row, value, err, record)
                                  : field_wrong_type(value, row->path, "a boolean", err);
}

static const struct property_type type_ipv4 = {.schema = "string", .read = read_ipv4, .write = write_known};
static const struct property_type type_subnet = {
    .schema = "string", .read = read_subnet, .write = write_known};
static const struct property_type type_boolean = {
    .schema = "boolean", .read = read_boolean, .write = write_known};

/* clang-format off */
#define RW  (ACCESS_PUT | ACCESS_PATCH | ACCESS_SHOWN)
#define REQ (RW | ACCESS_REQUIRED)
#define KEPT .field = offsetof(struct rule_request, properties)
static const struct property firewall_rows[] = {
    {"properties.startIpAddress", NULL, REQ, NULL, .type = &type_ipv4, KEPT},
    {"properties.endIpAddress", NULL, REQ, NULL, .type = &type_ipv4, KEPT},
    CHILD_ROWS,
};
static const struct property network_rows[] = {
    {"properties.ignoreMissingVnetServiceEndpoint", NULL, RW, NULL, .type = &type_boolean, KEPT, .standard = "false"},
    {"properties.state", "string", ACCESS_SHOWN, NULL, .write = write_known, .standard = "\"Ready\""},
    {"properties.virtualNetworkSubnetId", NULL, REQ, "Resource id of the subnet.", .type = &type_subnet, KEPT},
    CHILD_ROWS,
};
#define STATE "properties.privateLinkServiceConnectionState"
static const struct property connection_rows[] = {
    {"properties.privateEndpoint", NULL, RW, "Required for a new connection.", .type = &type_private_endpoint, KEPT},
    PROPERTY_DOC("properties.privateEndpoint.id", "string", RW, "Resource id of the private endpoint."),
    {"properties.groupIds", "[]string", ACCESS_SHOWN, NULL, .write = write_known, .standard = "[\"postgresqlServer\"]"},
    {STATE, NULL, RW, NULL, .type = &type_connection_state, KEPT},
    PROPERTY_DOC(STATE ".status", "Approved|Pending|Rejected|Disconnected", RW, NULL),
    PROPERTY_DOC(STATE ".description", "string", RW, NULL),
    PROPERTY_DOC(STATE ".actionsRequired", "string", RW, NULL),
    {"properties.provisioningState", "string", ACCESS_SHOWN, NULL, .write = write_known, .standard = "\"Ready\""},
    CHILD_ROWS,
};
const struct description rule_descriptions[] = {
    [CHILD_FIREWALL_RULE] = DESCRIPTION("FirewallRule", firewall_rows, NULL),
    [CHILD_VIRTUAL_NETWORK_RULE] = DESCRIPTION("VirtualNetworkRule", network_rows, NULL),
    [CHILD_PRIVATE_ENDPOINT_CONNECTION] = DESCRIPTION("PrivateEndpointConnection", connection_rows, NULL),
};
/* clang-format on */
const size_t rule_description_count = ARRAY_LEN(rule_descriptions);

json_t *rule_write(const struct server *server, const struct server_child *rule)
{
    return server_child_write(&rule_descriptions[rule->kind], server,
                              word_of(WORDS_SERVER_CHILD, (int)rule->kind), rule->name,
                              json_from_text(rule->properties));
}

json_t *server_connections(struct store *store, const struct server *server, struct err *err)
{
    struct server_child *rows = NULL;
    size_t count = 0;
    if (store_child_list(store, server->id, CHILD_PRIVATE_ENDPOINT_CONNECTION, err, &rows, &count) < 0) {
        return NULL;
    }
    json_t *value = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(value, rule_write(server, &rows[i]));
    }
    server_children_free(rows, count);
    return value;
}

static uint32_t address_of(const json_t *properties, const char *name)
{
    struct in_addr address = {0};
    const char *text = json_string_value(json_object_get(properties, name));
    return text != NULL && inet_pton(AF_INET, text, &address) == 1 ? ntohl(address.s_addr) : 0;
}

static int check_range(const json_t *properties, struct err *err)
{
    if (address_of(properties, "startIpAddress") <= address_of(properties, "endIpAddress")) {
        return 0;
    }
    err_set(err, ERR_BAD_PARAMETER,
            "The start address '%s' of the range is greater than its end address '%s'.",
            json_string_value(json_object_get(properties, "startIpAddress")),
            json_string_value(json_object_get(properties, "endIpAddress")));
    return err_target(err, "properties.startIpAddress");
}

/* ---- the four verbs --------------------------------------------------------------------------------------
 */

/* The rule in the path; name NULL for lists. */
struct rule {
    enum server_child_kind kind;
    const char *type; /* "firewallRules" */
    const char *name;
};

static struct rule rule_of(const struct request *request)
{
    static const struct {
        enum server_child_kind kind;
        const char *parameter;
    } kinds[] = {{CHILD_VIRTUAL_NETWORK_RULE, "virtualNetworkRuleName"},
                 {CHILD_PRIVATE_ENDPOINT_CONNECTION, "privateEndpointConnectionName"},
                 {CHILD_FIREWALL_RULE, "firewallRuleName"}};
    const char *type = strrchr(request->route->resource_type, '/') + 1;
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(kinds) && !str_equals(type, word_of(WORDS_SERVER_CHILD, (int)kinds[i].kind))) {
        i++;
    }
    return (struct rule){kinds[i].kind, word_of(WORDS_SERVER_CHILD, (int)kinds[i].kind),
                         request_param(request, kinds[i].parameter)};
}

static int make_operation(struct request *request, enum operation_kind kind, const struct rule *path,
                          const struct server *server, struct err *err, struct operation *ret_operation)
{
    auto_free char *parent = server_resource_id(server);
    auto_free char *id = parent == NULL ? NULL : armid_child(parent, path->type, path->name);
    json_t *argument = json_pack("{s:s, s:s}", "kind", path->type, "name", path->name);
    if (operation_make(request, kind, server->location, id, argument, err, ret_operation) < 0) {
        return -1;
    }
    ret_operation->server_id = server->id;
    return 0;
}

/* A connection is changed in part. Call in a transaction. */
static int complete(struct store *store, struct server_child *rule, struct err *err)
{
    auto_server_child struct server_child before = {0};
    if (rule->kind != CHILD_PRIVATE_ENDPOINT_CONNECTION) {
        return 0;
    }
    if (store_child_get(store, rule->server_id, rule->kind, rule->name, err, &before) < 0) {
        return -1;
    }
    json_auto_t *given = json_from_text(rule->properties);
    free_at_scope_end(&rule->properties);
    rule->properties = NULL;
    return private_connection_complete(given, before.properties, err, &rule->properties);
}

/* rule NULL: deletes the rule in the path. */
static int store_rule(struct request *request, const struct rule *path, const struct server *server,
                      struct server_child *rule, struct err *err, struct operation *ret_operation)
{
    struct store *store = request->app->store;
    enum operation_kind kind = rule == NULL ? OPERATION_CHILD_DELETE : OPERATION_CHILD_UPSERT;
    auto_server struct server fresh = {0};
    auto_store_tx struct store_tx tx = {0};
    if (make_operation(request, kind, path, server, err, ret_operation) < 0 ||
        store_begin(store, err, &tx) < 0 || server_read_again(store, server, err, &fresh) < 0 ||
        (rule != NULL && complete(store, rule, err) < 0)) {
        return -1;
    }
    int result = rule != NULL ? store_child_put(store, rule, err)
                              : store_child_delete(store, server->id, path->kind, path->name, err);
    if (result < 0 || store_operation_insert(store, ret_operation, err) < 0 ||
        store_operation_finish(store, ret_operation->id, NULL, err) < 0) {
        return -1;
    }
    return store_commit(&tx, err);
}

/* The client may request a rule even for a subnet that does not exist. */
static int check_subnet(const struct app *app, const struct rule *path, const json_t *kept, struct err *err)
{
    static const char name[] = "virtualNetworkSubnetId";
    return path->kind != CHILD_VIRTUAL_NETWORK_RULE ||
                   json_is_true(json_object_get(kept, "ignoreMissingVnetServiceEndpoint"))
               ? 0
               : subnet_check(app, json_string_value(json_object_get(kept, name)),
                              "properties.virtualNetworkSubnetId", err);
}

static int read_rule(const struct app *app, const struct rule *path, json_t *body, struct err *err,
                     struct server_child *ret_rule)
{
    const struct description *description = &rule_descriptions[path->kind];
    struct rule_request wanted = {0};
    if (name_check(NAME_RULE, path->name, err) < 0) {
        return -1;
    }
    bool read = properties_read(description, body, err, &wanted, NULL) == 0 &&
                properties_check_required(description, body, err) == 0 &&
                (path->kind != CHILD_FIREWALL_RULE || check_range(wanted.properties, err) == 0) &&
                check_subnet(app, path, wanted.properties, err) == 0;
    json_auto_t *kept = wanted.properties;
    if (!read) {
        return -1;
    }
    ret_rule->name = str_dup(path->name);
    ret_rule->properties = kept == NULL ? str_dup("{}") : json_dumps(kept, JSON_COMPACT);
    return ret_rule->name == NULL || ret_rule->properties == NULL ? err_no_memory(err) : 0;
}

void rule_put(struct request *request)
{
    struct err err = {0};
    const struct rule path = rule_of(request);
    auto_server struct server server = {0};
    auto_operation struct operation operation = {0};
    if (!find_parent_server(request, path.type, &server)) {
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    auto_server_child struct server_child rule = {.server_id = server.id, .kind = path.kind};
    if (read_rule(request->app, &path, body, &err, &rule) < 0 ||
        store_rule(request, &path, &server, &rule, &err, &operation) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_operation(request, &operation);
}

void rule_get(struct request *request)
{
    struct err err = {0};
    const struct rule path = rule_of(request);
    auto_server struct server server = {0};
    auto_server_child struct server_child rule = {0};
    if (!find_parent_server(request, path.type, &server)) {
        return;
    }
    int found = store_child_get(request->app->store, server.id, path.kind, path.name, &err, &rule);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        auto_free char *name = str_format("%s/%s/%s/%s", word_of(WORDS_SERVER_KIND, (int)server.kind),
                                          server.name, path.type, path.name);
        reply_resource_not_found(request, server.group, name);
    } else {
        reply_json(request, 200, rule_write(&server, &rule));
    }
}

void rule_delete(struct request *request)
{
    struct err err = {0};
    const struct rule path = rule_of(request);
    auto_server struct server server = {0};
    auto_server_child struct server_child rule = {0};
    auto_operation struct operation operation = {0};
    if (!find_parent_server(request, path.type, &server)) {
        return;
    }
    int found = store_child_get(request->app->store, server.id, path.kind, path.name, &err, &rule);
    if (found == 0) {
        reply_empty(request, 204);
    } else if (found < 0 || store_rule(request, &path, &server, NULL, &err, &operation) < 0) {
        reply_error(request, &err);
    } else {
        reply_operation(request, &operation);
    }
}

void rule_list(struct request *request)
{
    struct err err = {0};
    const struct rule path = rule_of(request);
    auto_server struct server server = {0};
    struct server_child *rules = NULL;
    size_t count = 0;
    if (!find_parent_server(request, path.type, &server)) {
        return;
    }
    if (store_child_list(request->app->store, server.id, path.kind, &err, &rules, &count) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *value = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(value, rule_write(&server, &rules[i]));
    }
    server_children_free(rules, count);
    page_reply_whole(request, value);
}

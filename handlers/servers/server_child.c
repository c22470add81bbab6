/* SPDX-License-Identifier: MIT */
/*
 * Firewall rules and virtual network rules: kept and shown, as the service does; Malachite's servers listen
 * on loopback, where there is nobody to keep out. They are long-running on paper only: the operation has
 * ended when its 202 is sent.
 */
#include "handlers/servers/server_child_private.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "core/str.h"
#include "handlers/arm/fields.h"
#include "handlers/arm/operation.h"
#include "handlers/servers/servers.h"

enum { RULE_NAME_MAX = 128 };

/* Fills what is kept of a rule's properties; err says what is wrong with them. */
typedef int read_rule_fn(json_t *properties, struct err *err, json_t **ret_kept);

struct rule_type {
    enum server_kind server;
    enum server_child_kind kind;
    const char *parameter; /* in the route's pattern */
    read_rule_fn *read;
};

json_t *server_child_write(const struct server *server, const char *type, const char *name,
                           json_t *properties)
{
    auto_free char *parent = server_resource_id(server);
    auto_free char *id = parent == NULL ? NULL : armid_child(parent, type, name);
    auto_free char *full_type =
        str_format("%s/%s/%s", POSTGRESQL_NAMESPACE, word_of(WORDS_SERVER_KIND, (int)server->kind), type);
    if (id == NULL || full_type == NULL || properties == NULL) {
        json_decref(properties);
        return NULL;
    }
    return json_pack("{s:o, s:s, s:s, s:s}", "properties", properties, "id", id, "name", name, "type",
                     full_type);
}

static json_t *write_rule(const struct server *server, const struct server_child *rule)
{
    return server_child_write(server, word_of(WORDS_SERVER_CHILD, (int)rule->kind), rule->name,
                              json_from_text(rule->properties));
}

/* ---- reading ---------------------------------------------------------------------------------------------
 */

static int missing(const char *name, struct err *err)
{
    err_set(err, ERR_BAD_PARAMETER, "The property 'properties.%s' is required.", name);
    return err_target(err, "properties.%s", name);
}

static int read_address(json_t *properties, const char *name, struct err *err, const char **ret_text,
                        uint32_t *ret_address)
{
    struct in_addr address;
    const char *text = NULL;
    if (field_string(properties, "properties", name, err, &text) < 0) {
        return -1;
    }
    if (text == NULL) {
        return missing(name, err);
    }
    if (inet_pton(AF_INET, text, &address) != 1) {
        err_set(err, ERR_BAD_PARAMETER,
                "The value '%.60s' of 'properties.%s' is not an IPv4 address such as '203.0.113.7'.", text,
                name);
        return err_target(err, "properties.%s", name);
    }
    *ret_text = text;
    *ret_address = ntohl(address.s_addr);
    return 0;
}

static int read_firewall_rule(json_t *properties, struct err *err, json_t **ret_kept)
{
    const char *start = NULL;
    const char *end = NULL;
    uint32_t first = 0;
    uint32_t last = 0;
    if (read_address(properties, "startIpAddress", err, &start, &first) < 0 ||
        read_address(properties, "endIpAddress", err, &end, &last) < 0) {
        return -1;
    }
    if (first > last) {
        err_set(err, ERR_BAD_PARAMETER,
                "The start address '%s' of the range is greater than its end address '%s'.", start, end);
        return err_target(err, "properties.startIpAddress");
    }
    json_t *kept = json_pack("{s:s, s:s}", "startIpAddress", start, "endIpAddress", end);
    if (kept == NULL) {
        return err_no_memory(err);
    }
    *ret_kept = kept;
    return 0;
}

static int read_network_rule(json_t *properties, struct err *err, json_t **ret_kept)
{
    static const char name[] = "virtualNetworkSubnetId";
    const char *text = NULL;
    auto_armid struct armid id = {0};
    if (field_string(properties, "properties", name, err, &text) < 0) {
        return -1;
    }
    if (text == NULL) {
        return missing(name, err);
    }
    if (!armid_parse(text, &id) || id.depth != 2 || !str_iequals(id.types[0], "virtualNetworks") ||
        !str_iequals(id.types[1], "subnets")) {
        err_set(err, ERR_BAD_PARAMETER, "The value '%.300s' of 'properties.%s' is not the id of a subnet.",
                text, name);
        return err_target(err, "properties.%s", name);
    }
    bool ignore = json_is_true(field_get(properties, "ignoreMissingVnetServiceEndpoint"));
    json_t *kept = json_pack("{s:b, s:s, s:s}", "ignoreMissingVnetServiceEndpoint", ignore, "state", "Ready",
                             name, text);
    if (kept == NULL) {
        return err_no_memory(err);
    }
    *ret_kept = kept;
    return 0;
}

static int check_name(const char *name, struct err *err)
{
    size_t len = strlen(name);
    bool valid = len >= 1 && len <= RULE_NAME_MAX;
    for (size_t i = 0; i < len; i++) {
        valid = valid && (isalnum((unsigned char)name[i]) || strchr("-_.", name[i]) != NULL);
    }
    if (valid) {
        return 0;
    }
    return err_set(err, ERR_BAD_RESOURCE_NAME,
                   "The rule name '%.100s' is invalid: it has 1 to %d letters, digits, '-', '_' and '.'.",
                   name, RULE_NAME_MAX);
}

/* ---- the four verbs --------------------------------------------------------------------------------------
 */

static const char *type_of(const struct rule_type *type)
{
    return word_of(WORDS_SERVER_CHILD, (int)type->kind);
}

/* 1: was there, 0: was not. */
static int find_rule(struct request *request, const struct rule_type *type, const struct server *server,
                     struct err *err, struct server_child *ret_rule)
{
    return store_child_get(request->app->store, server->id, type->kind,
                           request_param(request, type->parameter), err, ret_rule);
}

static int make_operation(struct request *request, enum operation_kind kind, const struct rule_type *type,
                          const struct server *server, struct err *err, struct operation *ret_operation)
{
    const char *name = request_param(request, type->parameter);
    auto_free char *parent = server_resource_id(server);
    auto_free char *id = parent == NULL ? NULL : armid_child(parent, type_of(type), name);
    json_t *argument = json_pack("{s:s, s:s}", "kind", type_of(type), "name", name);
    if (operation_make(request, kind, server->location, id, argument, err, ret_operation) < 0) {
        return -1;
    }
    ret_operation->server_id = server->id;
    return 0;
}

/* rule NULL: the one that the path names goes. */
static int store_rule(struct request *request, const struct rule_type *type, const struct server *server,
                      const struct server_child *rule, struct err *err, struct operation *ret_operation)
{
    struct store *store = request->app->store;
    enum operation_kind kind = rule == NULL ? OPERATION_CHILD_DELETE : OPERATION_CHILD_UPSERT;
    auto_store_tx struct store_tx tx = {0};
    if (make_operation(request, kind, type, server, err, ret_operation) < 0 ||
        store_begin(store, err, &tx) < 0) {
        return -1;
    }
    int result = rule != NULL ? store_child_put(store, rule, err)
                              : store_child_delete(store, server->id, type->kind,
                                                   request_param(request, type->parameter), err);
    if (result < 0 || store_operation_insert(store, ret_operation, err) < 0 ||
        store_operation_finish(store, ret_operation->id, NULL, err) < 0) {
        return -1;
    }
    return store_commit(&tx, err);
}

static int read_rule(struct request *request, const struct rule_type *type, json_t *body, struct err *err,
                     struct server_child *ret_rule)
{
    json_t *properties = NULL;
    json_auto_t *kept = NULL;
    if (check_name(request_param(request, type->parameter), err) < 0 ||
        field_object(body, "", "properties", err, &properties) < 0) {
        return -1;
    }
    if (properties == NULL) {
        err_set(err, ERR_BAD_PARAMETER, "The property 'properties' is required.");
        return err_target(err, "properties");
    }
    if (type->read(properties, err, &kept) < 0) {
        return -1;
    }
    ret_rule->name = str_dup(request_param(request, type->parameter));
    ret_rule->properties = json_dumps(kept, JSON_COMPACT);
    return ret_rule->name == NULL || ret_rule->properties == NULL ? err_no_memory(err) : 0;
}

static void put(struct request *request, const struct rule_type *type)
{
    struct err err;
    auto_server struct server server = {0};
    auto_operation struct operation operation = {0};
    if (!find_parent_server(request, type->server, "write", type_of(type), &server)) {
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    auto_server_child struct server_child rule = {.server_id = server.id, .kind = type->kind};
    if (read_rule(request, type, body, &err, &rule) < 0 ||
        store_rule(request, type, &server, &rule, &err, &operation) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_operation(request, &operation);
}

static void get(struct request *request, const struct rule_type *type)
{
    struct err err;
    auto_server struct server server = {0};
    auto_server_child struct server_child rule = {0};
    if (!find_parent_server(request, type->server, "read", type_of(type), &server)) {
        return;
    }
    int found = find_rule(request, type, &server, &err, &rule);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        auto_free char *name =
            str_format("%s/%s/%s/%s", word_of(WORDS_SERVER_KIND, (int)type->server), server.name,
                       type_of(type), request_param(request, type->parameter));
        reply_resource_not_found(request, server.group, name);
    } else {
        reply_json(request, 200, write_rule(&server, &rule));
    }
}

static void drop(struct request *request, const struct rule_type *type)
{
    struct err err;
    auto_server struct server server = {0};
    auto_server_child struct server_child rule = {0};
    auto_operation struct operation operation = {0};
    if (!find_parent_server(request, type->server, "delete", type_of(type), &server)) {
        return;
    }
    int found = find_rule(request, type, &server, &err, &rule);
    if (found == 0) {
        reply_empty(request, 204);
    } else if (found < 0 || store_rule(request, type, &server, NULL, &err, &operation) < 0) {
        reply_error(request, &err);
    } else {
        reply_operation(request, &operation);
    }
}

static void list(struct request *request, const struct rule_type *type)
{
    struct err err;
    auto_server struct server server = {0};
    struct server_child *rules = NULL;
    size_t count = 0;
    if (!find_parent_server(request, type->server, "read", type_of(type), &server)) {
        return;
    }
    if (store_child_list(request->app->store, server.id, type->kind, &err, &rules, &count) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *value = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(value, write_rule(&server, &rules[i]));
    }
    server_children_free(rules, count);
    reply_json(request, 200, json_pack("{s:o}", "value", value));
}

/* ---- the routes ------------------------------------------------------------------------------------------
 */

static const struct rule_type flexible_firewall = {SERVER_FLEXIBLE, CHILD_FIREWALL_RULE, "firewallRuleName",
                                                   read_firewall_rule};
static const struct rule_type single_firewall = {SERVER_SINGLE, CHILD_FIREWALL_RULE, "firewallRuleName",
                                                 read_firewall_rule};
static const struct rule_type single_network = {SERVER_SINGLE, CHILD_VIRTUAL_NETWORK_RULE,
                                                "virtualNetworkRuleName", read_network_rule};

#define RULE_HANDLERS(prefix, type)                                                                          \
    void prefix##_put(struct request *request)                                                               \
    {                                                                                                        \
        put(request, &(type));                                                                               \
    }                                                                                                        \
    void prefix##_get(struct request *request)                                                               \
    {                                                                                                        \
        get(request, &(type));                                                                               \
    }                                                                                                        \
    void prefix##_delete(struct request *request)                                                            \
    {                                                                                                        \
        drop(request, &(type));                                                                              \
    }                                                                                                        \
    void prefix##_list(struct request *request)                                                              \
    {                                                                                                        \
        list(request, &(type));                                                                              \
    }

RULE_HANDLERS(flexible_firewall_rule, flexible_firewall)
RULE_HANDLERS(single_firewall_rule, single_firewall)
RULE_HANDLERS(single_network_rule, single_network)

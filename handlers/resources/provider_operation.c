/* SPDX-License-Identifier: MIT */
/* Calls on the resource provider as a whole: its operations, the DNS suffix, the users of subnets. */
#include <ctype.h>
#include <string.h>

#include "core/buf.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/naming/locations.h"
#include "handlers/arm/page.h"
#include "handlers/arm/resource.h"
#include "handlers/resources/resources.h"
#include "server/route.h"

enum { DISPLAY_MAX_BYTES = 4096 };

/* ---- what the provider can do ---- */

/* "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules/read" is an action on "Firewall rules". */
static char *resource_of(const char *action)
{
    const char *end = strrchr(action, '/');
    if (str_iequals(end, "/action")) {
        end = memrchr(action, '/', (size_t)(end - action));
    }
    const char *before = memrchr(action, '/', (size_t)(end - action));
    if (before == NULL) {
        return str_dup(
            "Resource provider"); /* an action of the provider itself, like "checkNameAvailability" */
    }
    auto_buf struct buf words = BUF_MAX(DISPLAY_MAX_BYTES);
    for (const char *letter = before + 1; letter < end; letter++) {
        const bool first = letter == before + 1;
        if (isupper((unsigned char)*letter) && !first) {
            buf_addc(&words, ' ');
        }
        buf_addc(&words, (char)(first ? toupper((unsigned char)*letter) : tolower((unsigned char)*letter)));
    }
    return buf_take(&words);
}

/* Several routes may share one action: getting and listing are both a read. The first names the operation;
 * the description contains a sentence for each. */
static json_t *operation_of(const struct route *first)
{
    auto_buf struct buf description = BUF_MAX(DISPLAY_MAX_BYTES);
    for (const struct route *route = first; route < routes + route_count; route++) {
        if (str_iequals(route->action, first->action) && route->summary != NULL) {
            buf_addf(&description, "%s%s", description.len > 0 ? " " : "", route->summary);
        }
    }
    auto_free char *resource = resource_of(first->action);
    return json_pack("{s:s, s:b, s:{s:s, s:s, s:s%, s:s}}", "name", first->action, "isDataAction", false,
                     "display", "provider", "Microsoft DB for PostgreSQL", "resource",
                     resource == NULL ? "" : resource, "operation", first->summary,
                     strlen(first->summary) - strlen("."), "description", buf_text(&description));
}

static bool is_operation(const struct route *route)
{
    return route->summary != NULL && route->action != NULL &&
           str_istarts(route->action, POSTGRESQL_NAMESPACE "/") &&
           strchr(route->action + strlen(POSTGRESQL_NAMESPACE "/"), '/') != NULL;
}

static bool has_action_before(const struct route *route)
{
    for (const struct route *other = routes; other < route; other++) {
        if (is_operation(other) && str_iequals(other->action, route->action)) {
            return true;
        }
    }
    return false;
}

void provider_operation_list(struct request *request)
{
    json_t *value = json_array();
    for (const struct route *route = routes; route < routes + route_count; route++) {
        if (is_operation(route) && !has_action_before(route)) {
            json_array_append_new(value, operation_of(route));
        }
    }
    page_reply_whole(request, value);
}

void private_dns_suffix(struct request *request)
{
    reply_json(request, 200, json_string("postgres.database.azure.com"));
}

/* ---- subnets ---------------------------------------------------------------------------------------------
 */

/* Counts a server for its subnet, if that belongs to the network. */
static void count_subnet(const struct server *server, const char *network, json_t *counts)
{
    json_auto_t *properties = json_from_text(server->properties);
    const char *subnet = json_string_value(
        json_object_get(json_object_get(properties, "network"), "delegatedSubnetResourceId"));
    if (subnet == NULL || !str_istarts(subnet, network) ||
        !str_istarts(subnet + strlen(network), "/subnets/")) {
        return;
    }
    const char *name = subnet + strlen(network) + strlen("/subnets/");
    json_int_t before = json_integer_value(json_object_get(counts, name));
    json_object_set_new(counts, name, json_integer(before + 1));
}

static int count_subnets(struct request *request, const char *network, const char *location, struct err *err,
                         json_t *counts)
{
    struct server *rows = NULL;
    size_t count = 0;
    if (store_server_list(request->app->store, SERVER_FLEXIBLE, request_param(request, "subscriptionId"),
                          NULL, err, &rows, &count) < 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (str_iequals(rows[i].location, location)) {
            count_subnet(&rows[i], network, counts);
        }
    }
    servers_free(rows, count);
    return 0;
}

void subnet_usage_list(struct request *request)
{
    struct err err = {0};
    const char *network = NULL;
    json_auto_t *counts = json_object();
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    auto_free char *location = location_name(request_param(request, "location"));
    auto_armid struct armid id = {0};
    if (field_string(body, "", "virtualNetworkArmResourceId", &err, &network) < 0) {
        reply_error(request, &err);
        return;
    }
    if (network == NULL || !armid_parse(network, &id) || id.depth != 1 ||
        !str_iequals(id.types[0], "virtualNetworks")) {
        reply_fail(request, ERR_BAD_PARAMETER,
                   "The property 'virtualNetworkArmResourceId' must be the id of a virtual network.");
        return;
    }
    if (count_subnets(request, network, location, &err, counts) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *usage = json_array();
    const char *name;
    json_t *number;
    json_object_foreach (counts, name, number) {
        json_array_append_new(usage, json_pack("{s:s, s:O}", "subnetName", name, "usage", number));
    }
    reply_json(request, 200,
               json_pack("{s:o, s:s, s:s}", "delegatedSubnetsUsage", usage, "subscriptionId",
                         request_param(request, "subscriptionId"), "location",
                         location == NULL ? "" : location));
}

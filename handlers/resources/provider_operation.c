/* SPDX-License-Identifier: MIT */
/* Calls on the resource provider as a whole: what it can do, the DNS suffix, who uses the subnets. */
#include <string.h>

#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/locations.h"
#include "handlers/arm/resource.h"
#include "handlers/resources/resources.h"

/* clang-format off */
static const struct {
    const char *action; /* below the namespace */
    const char *resource;
    const char *operation;
    const char *description;
} operations[] = {
    {"flexibleServers/read", "PostgreSQL Server", "List/Get PostgreSQL Servers",
     "Return the list of servers or gets the properties for the specified server."},
    {"flexibleServers/write", "PostgreSQL Server", "Create/Update PostgreSQL Server",
     "Creates a server with the specified parameters or update the properties or tags for the specified server."},
    {"flexibleServers/delete", "PostgreSQL Server", "Delete PostgreSQL Server", "Deletes an existing server."},
    {"flexibleServers/firewallRules/read", "Firewall Rules", "List/Get Firewall Rules",
     "Return the list of firewall rules for a server or gets the properties for the specified firewall rule."},
    {"flexibleServers/firewallRules/write", "Firewall Rules", "Create/Update Firewall Rule",
     "Creates a firewall rule with the specified parameters or update an existing rule."},
    {"flexibleServers/firewallRules/delete", "Firewall Rules", "Delete Firewall Rule",
     "Deletes an existing firewall rule."},
    {"flexibleServers/configurations/read", "Server Parameters", "List/Get Server Parameters",
     "Returns the list of parameters of a server or gets the specified parameter."},
    {"flexibleServers/configurations/write", "Server Parameters", "Update Server Parameter",
     "Changes the value of the specified parameter."},
    {"flexibleServers/restart/action", "PostgreSQL Server", "Restart PostgreSQL Server", "Restarts a server."},
    {"flexibleServers/start/action", "PostgreSQL Server", "Start PostgreSQL Server", "Starts a stopped server."},
    {"flexibleServers/stop/action", "PostgreSQL Server", "Stop PostgreSQL Server", "Stops a server."},
    {"flexibleServers/databases/read", "PostgreSQL Database", "List/Get Databases",
     "Returns the list of databases of a server or gets the specified database."},
    {"flexibleServers/databases/write", "PostgreSQL Database", "Create Database",
     "Creates a database on a server."},
    {"flexibleServers/databases/delete", "PostgreSQL Database", "Delete Database",
     "Deletes a database from a server."},
    {"flexibleServers/migrations/read", "Migrations", "List/Get Migrations",
     "Returns the list of migrations to a server or gets the specified migration."},
    {"flexibleServers/migrations/write", "Migrations", "Create/Update Migration",
     "Creates a migration to a server, or changes it: databases, overwrite, cutover, cancel."},
    {"flexibleServers/migrations/delete", "Migrations", "Cancel/Delete Migration",
     "Cancels an active migration or deletes an ended one."},
    {"flexibleServers/checkMigrationNameAvailability/action", "Migrations", "Check Migration Name Availability",
     "Checks whether a migration name is available."},
    {"servers/read", "PostgreSQL Single Server", "List/Get PostgreSQL Servers",
     "Return the list of servers or gets the properties for the specified server."},
    {"servers/write", "PostgreSQL Single Server", "Create/Update PostgreSQL Server",
     "Creates a server with the specified parameters or update the properties or tags for the specified server."},
    {"servers/delete", "PostgreSQL Single Server", "Delete PostgreSQL Server", "Deletes an existing server."},
    {"servers/restart/action", "PostgreSQL Single Server", "Restart PostgreSQL Server", "Restarts a server."},
    {"servers/databases/read", "PostgreSQL Database", "List/Get Databases",
     "Returns the list of databases of a server or gets the specified database."},
    {"servers/firewallRules/read", "Firewall Rules", "List/Get Firewall Rules",
     "Return the list of firewall rules for a server or gets the properties for the specified firewall rule."},
    {"servers/configurations/read", "Server Parameters", "List/Get Server Parameters",
     "Returns the list of parameters of a server or gets the specified parameter."},
    {"servers/configurations/write", "Server Parameters", "Update Server Parameter",
     "Changes the value of the specified parameter."},
    {"locations/performanceTiers/read", "Performance Tiers", "List Performance Tiers",
     "Returns the list of Performance Tiers available."},
    {"locations/capabilities/read", "Capabilities", "List Capabilities",
     "Returns the versions and sizes that a server can have."},
};
/* clang-format on */

void provider_operation_list(struct request *request)
{
    json_t *value = json_array();
    for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
        auto_free char *name = str_format("%s/%s", POSTGRESQL_NAMESPACE, operations[i].action);
        json_array_append_new(value, json_pack("{s:s, s:b, s:{s:s, s:s, s:s, s:s}}", "name",
                                               name == NULL ? "" : name, "isDataAction", false, "display",
                                               "provider", "Microsoft DB for PostgreSQL", "resource",
                                               operations[i].resource, "operation", operations[i].operation,
                                               "description", operations[i].description));
    }
    reply_json(request, 200, json_pack("{s:o}", "value", value));
}

void private_dns_suffix(struct request *request)
{
    reply_json(request, 200, json_string("postgres.database.azure.com"));
}

/* ---- subnets ---------------------------------------------------------------------------------------------
 */

/* Adds a server to the count of its subnet, when that is one of the network's. */
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

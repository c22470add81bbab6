/* SPDX-License-Identifier: MIT */
/* What each operation takes and answers, by operationId. */
#include <string.h>

#include "core/attr.h"
#include "core/str.h"
#include "handlers/describe/openapi.h"
#include "handlers/describe/schema_private.h"

/* clang-format off */
#define LRO   API_ACCEPTED
#define PAGES "$filter:string $expand:string $top:integer"

static const struct api_operation operations[] = {
    {"Migrations_Create", "Creates a migration and starts it.", "Migration", "Migration", API_OK | API_CREATED, NULL},
    {"Migrations_Get", "Shows a migration.", NULL, "Migration", API_OK, NULL},
    {"Migrations_Update", "Changes a migration: cutover, cancel, overwrite, databases, start.", "MigrationPatch", "Migration", API_OK, NULL},
    {"Migrations_Cancel", "Cancels an active migration, or deletes an ended one.", NULL, "Migration", API_OK | API_NONE, NULL},
    {"Migrations_ListByTargetServer", "Lists the migrations of a server, newest first.", NULL, "[]Migration", API_OK,
     "migrationListFilter:Active|All $skipToken:string"},
    {"Migrations_CheckNameAvailability", "Checks the name of a migration.", "NameQuestion", "NameAnswer", API_OK, NULL},

    {"Servers_CreateOrUpdate", "Creates or changes a flexible server.", "FlexibleServer", "FlexibleServer", LRO, NULL},
    {"Servers_Update", "Changes a flexible server.", "FlexibleServerPatch", NULL, LRO, NULL},
    {"Servers_Get", "Shows a flexible server.", NULL, "FlexibleServer", API_OK, NULL},
    {"Servers_Delete", "Deletes a flexible server.", NULL, NULL, LRO | API_NONE, NULL},
    {"Servers_ListByResourceGroup", "Lists the flexible servers of a group.", NULL, "[]FlexibleServer", API_OK, NULL},
    {"Servers_ListBySubscription", "Lists all flexible servers.", NULL, "[]FlexibleServer", API_OK, NULL},
    {"Servers_Start", "Starts a flexible server.", NULL, NULL, LRO, NULL},
    {"Servers_Stop", "Stops a flexible server.", NULL, NULL, LRO, NULL},
    {"Servers_Restart", "Restarts a flexible server.", "Restart", NULL, LRO, NULL},
    {"Databases_Create", "Creates a database.", "Database", NULL, LRO, NULL},
    {"Databases_Get", "Shows a database.", NULL, "Database", API_OK, NULL},
    {"Databases_Delete", "Drops a database.", NULL, NULL, LRO | API_NONE, NULL},
    {"Databases_ListByServer", "Lists the databases of a server.", NULL, "[]Database", API_OK, NULL},
    {"FirewallRules_CreateOrUpdate", "Creates or changes a firewall rule.", "FirewallRule", NULL, LRO, NULL},
    {"FirewallRules_Get", "Shows a firewall rule.", NULL, "FirewallRule", API_OK, NULL},
    {"FirewallRules_Delete", "Deletes a firewall rule.", NULL, NULL, LRO | API_NONE, NULL},
    {"FirewallRules_ListByServer", "Lists the firewall rules of a server.", NULL, "[]FirewallRule", API_OK, NULL},
    {"Configurations_ListByServer", "Lists the server parameters.", NULL, "[]Configuration", API_OK, NULL},
    {"Configurations_Get", "Shows a server parameter.", NULL, "Configuration", API_OK, NULL},
    {"Configurations_Update", "Changes a server parameter.", "Configuration", NULL, LRO, NULL},
    {"Configurations_Put", "Sets a server parameter.", "Configuration", NULL, LRO, NULL},
    {"CapabilitiesByServer_List", "Lists the versions and sizes available to a server.", NULL, "[]Capability", API_OK, NULL},

    {"SingleServers_Create", "Creates or changes a single server.", "SingleServer", NULL, LRO, NULL},
    {"SingleServers_Update", "Changes a single server.", "SingleServerPatch", NULL, LRO, NULL},
    {"SingleServers_Get", "Shows a single server.", NULL, "SingleServer", API_OK, NULL},
    {"SingleServers_Delete", "Deletes a single server.", NULL, NULL, LRO | API_NONE, NULL},
    {"SingleServers_Restart", "Restarts a single server.", NULL, NULL, LRO, NULL},
    {"SingleServers_ListByResourceGroup", "Lists the single servers of a group.", NULL, "[]SingleServer", API_OK, NULL},
    {"SingleServers_List", "Lists all single servers.", NULL, "[]SingleServer", API_OK, NULL},
    {"SingleDatabases_CreateOrUpdate", "Creates a database.", "Database", NULL, LRO, NULL},
    {"SingleDatabases_Get", "Shows a database.", NULL, "Database", API_OK, NULL},
    {"SingleDatabases_Delete", "Drops a database.", NULL, NULL, LRO | API_NONE, NULL},
    {"SingleDatabases_ListByServer", "Lists the databases of a server.", NULL, "[]Database", API_OK, NULL},
    {"SingleFirewallRules_CreateOrUpdate", "Creates or changes a firewall rule.", "FirewallRule", NULL, LRO, NULL},
    {"SingleFirewallRules_Get", "Shows a firewall rule.", NULL, "FirewallRule", API_OK, NULL},
    {"SingleFirewallRules_Delete", "Deletes a firewall rule.", NULL, NULL, LRO | API_NONE, NULL},
    {"SingleFirewallRules_ListByServer", "Lists the firewall rules of a server.", NULL, "[]FirewallRule", API_OK, NULL},
    {"SingleConfigurations_ListByServer", "Lists the server parameters.", NULL, "[]Configuration", API_OK, NULL},
    {"SingleConfigurations_Get", "Shows a server parameter.", NULL, "Configuration", API_OK, NULL},
    {"SingleConfigurations_CreateOrUpdate", "Sets a server parameter.", "Configuration", NULL, LRO, NULL},

    {"NameAvailability_CheckGlobally", "Checks the name of a server.", "NameQuestion", "NameAnswer", API_OK, NULL},
    {"NameAvailability_CheckWithLocation", "Checks the name of a server.", "NameQuestion", "NameAnswer", API_OK, NULL},
    {"AzureAsyncOperation_Get", "Shows the status of a long-running operation.", NULL, "OperationStatus", API_OK, NULL},
    {"OperationResults_Get", "Shows the result of a long-running operation.", NULL, "any", API_OK | LRO | API_NONE, NULL},
    {"CapabilitiesByLocation_List", "Lists the versions and sizes available in a region.", NULL, "[]Capability", API_OK, NULL},
    {"PrivateDnsZoneSuffix_Get", "Shows the suffix of private DNS zones.", NULL, "string", API_OK, NULL},
    {"Operations_List", "Lists the operations of the provider.", NULL, "[]Operation", API_OK, NULL},

    {"Subscriptions_List", "Lists the subscriptions; there is exactly one.", NULL, "[]Subscription", API_OK, NULL},
    {"Subscriptions_Get", "Shows the subscription.", NULL, "Subscription", API_OK, NULL},
    {"Subscriptions_ListLocations", "Lists the regions.", NULL, "[]Location", API_OK, NULL},
    {"Tenants_List", "Lists the tenants; there is exactly one.", NULL, "[]Tenant", API_OK, NULL},
    {"ResourceGroups_CreateOrUpdate", "Creates or changes a resource group.", "ResourceGroup", "ResourceGroup", API_OK | API_CREATED, NULL},
    {"ResourceGroups_Get", "Shows a resource group.", NULL, "ResourceGroup", API_OK, NULL},
    {"ResourceGroups_CheckExistence", "Checks whether a resource group exists.", NULL, NULL, API_NONE, NULL},
    {"ResourceGroups_Update", "Changes the tags of a resource group.", "ResourceGroupPatch", "ResourceGroup", API_OK, NULL},
    {"ResourceGroups_Delete", "Deletes a resource group and everything in it.", NULL, NULL, API_ACCEPTED_EMPTY, NULL},
    {"ResourceGroups_List", "Lists the resource groups.", NULL, "[]ResourceGroup", API_OK, PAGES},
    {"ResourceGroups_OperationResult", "Checks whether a deletion has ended.", NULL, NULL, API_OK_EMPTY | API_ACCEPTED_EMPTY, NULL},
    {"Providers_List", "Lists the resource providers.", NULL, "[]Provider", API_OK, "$expand:string"},
    {"Providers_Get", "Shows a resource provider.", NULL, "Provider", API_OK, "$expand:string"},
    {"Providers_Register", "Registers the subscription with a resource provider.", NULL, "Provider", API_OK, NULL},
    {"Providers_Unregister", "Unregisters the subscription from a resource provider.", NULL, "Provider", API_OK, NULL},
    {"Resources_List", "Lists all resources.", NULL, "[]GenericResource", API_OK, PAGES},
    {"Resources_ListByResourceGroup", "Lists the resources of a group.", NULL, "[]GenericResource", API_OK, PAGES},
    {"Deployments_CreateOrUpdate", "Deploys a template.", "Deployment", "Deployment", API_OK | API_CREATED, NULL},
    {"Deployments_Get", "Shows a deployment.", NULL, "Deployment", API_OK, NULL},
    {"Deployments_CheckExistence", "Checks whether a deployment exists.", NULL, NULL, API_NONE, NULL},
    {"Deployments_Delete", "Deletes a deployment; its resources stay.", NULL, NULL, API_NONE, NULL},
    {"Deployments_ListByResourceGroup", "Lists the deployments of a group.", NULL, "[]Deployment", API_OK, NULL},
    {"Deployments_Validate", "Checks a template without deploying it.", "Deployment", "Deployment", API_OK, NULL},
    {"Deployments_Cancel", "Cancels a running deployment.", NULL, NULL, API_NONE, NULL},
    {"Deployments_OperationStatus", "Shows the status of a deployment.", NULL, "OperationStatus", API_OK, NULL},
    {"DeploymentOperations_ListByProvider", "Lists the operations of a deployment.", NULL, "[]DeploymentOperation", API_OK, NULL},
    {"DeploymentOperations_List", "Lists the operations of a deployment.", NULL, "[]DeploymentOperation", API_OK, NULL},

    {"Malachite_Health", "Reports that the process is alive.", NULL, "Health", API_OK, NULL},
    {"Malachite_Ready", "Reports whether Malachite is ready: 200 or 503.", NULL, "Health", API_OK, NULL},
    {"Malachite_Routes", "Lists the calls that Malachite answers.", NULL, "[]object", API_OK, NULL},
    {"Malachite_CertificateAuthority", "Returns the certificate to trust.", NULL, "application/x-pem-file", API_OK, NULL},
    {"Malachite_Migrations_List", "Lists the newest migrations of all servers.", NULL, "[]MigrationDetail", API_OK, "limit:integer"},
    {"Malachite_Migrations_Get", "Shows a migration with its history, and the tables of one database.", NULL, "MigrationDetail", API_OK, "database:string"},
    {"Malachite_Migrations_Evidence", "Compares source and target as they were at the cutover.", NULL, "MigrationEvidence", API_OK, NULL},
    {"Malachite_Requests_List", "Shows the last requests.", NULL, "RequestLog", API_OK,
     "operation:string status:string method:string path:string request:string since:date-time notUnderstood:boolean limit:integer"},
    {"Malachite_Requests_Clear", "Deletes the recorded requests.", NULL, NULL, API_NONE, NULL},
    {"Malachite_Applications_List", "Lists client id of the application that clients sign in as, and whether sign-in is required.", NULL, "[]Application", API_OK, NULL},
    {"Malachite_Connection_Test", "Signs in to a PostgreSQL server and lists its databases.", "Connection", "ConnectionResult", API_OK, NULL},
    {"Malachite_OpenApi_List", "Lists the OpenAPI documents.", NULL, "[]object", API_OK, NULL},
    {"Malachite_OpenApi_Get", "An OpenAPI document: {api-version}.json.", NULL, "object", API_OK, NULL},
    {"Metrics", "Metrics for Prometheus.", NULL, "text/plain", API_OK, NULL},
};
/* clang-format on */

/* For the many operations that the service has and that are the same in all but names. */
static const struct api_operation lists = {NULL, "Lists the resources.", NULL, "[]object", API_OK, NULL};
static const struct api_operation by_method[] = {
    [METHOD_GET] = {NULL, "Shows the resource.", NULL, "object", API_OK, NULL},
    [METHOD_HEAD] = {NULL, "Checks whether the resource exists.", NULL, NULL, API_NONE, NULL},
    [METHOD_PUT] = {NULL, "Creates or changes the resource.", "object", "object",
                    API_OK | API_CREATED | API_ACCEPTED, NULL},
    [METHOD_POST] = {NULL, "Runs the action.", "object", "object", API_OK | API_ACCEPTED, NULL},
    [METHOD_PATCH] = {NULL, "Changes the resource.", "object", "object", API_OK | API_ACCEPTED, NULL},
    [METHOD_DELETE] = {NULL, "Deletes the resource.", NULL, NULL, API_OK_EMPTY | API_ACCEPTED | API_NONE,
                       NULL},
};

const struct api_operation *api_operation_of(const struct route *route)
{
    const struct api_operation *row = api_operation_find(route->operation_id);
    if (row != NULL || (route->flags & ROUTE_ARM) == 0 || route->method > METHOD_DELETE) {
        return row;
    }
    return route->method == METHOD_GET && strstr(route->operation_id, "_List") != NULL
               ? &lists
               : &by_method[route->method];
}

const struct api_operation *api_operation_find(const char *operation_id)
{
    for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
        if (str_equals(operations[i].operation_id, operation_id)) {
            return &operations[i];
        }
    }
    return NULL;
}

void api_note_unknown(struct request *request)
{
    const struct api_operation *operation = api_operation_find(request->route->operation_id);
    schema_note_unknown(request, operation == NULL ? NULL : operation->body);
}

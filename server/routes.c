/* SPDX-License-Identifier: MIT */
/*
 * Every route of the program. Patterns are those of the public specifications; 501 rows are operations that
 * the service documents and Malachite does not have yet.
 */
#include "server/route.h"

#include "core/attr.h"
#include "handlers/api_version.h"
#include "handlers/handlers.h"
#include "server/openapi.h"
#include "server/reply.h"

static void malachite_routes(struct request *request);

/* clang-format off */
#define S     "/subscriptions/{subscriptionId}"
#define RG    S "/resourcegroups/{resourceGroupName}"
#define P     "/providers/" POSTGRESQL_NAMESPACE
#define FS    RG P "/flexibleServers/{serverName}"
#define SS    RG P "/servers/{serverName}"
#define DEPLOY RG "/providers/" RESOURCES_NAMESPACE "/deployments"
#define LOC   S P "/locations/{location}"

#define T_MIGRATION  POSTGRESQL_NAMESPACE "/flexibleServers/migrations"
#define T_FLEXIBLE   POSTGRESQL_NAMESPACE "/flexibleServers"
#define T_FLEX_DB    POSTGRESQL_NAMESPACE "/flexibleServers/databases"
#define T_FLEX_RULE  POSTGRESQL_NAMESPACE "/flexibleServers/firewallRules"
#define T_FLEX_CONF  POSTGRESQL_NAMESPACE "/flexibleServers/configurations"
#define T_SINGLE     POSTGRESQL_NAMESPACE "/servers"
#define T_SINGLE_DB  POSTGRESQL_NAMESPACE "/servers/databases"
#define T_SINGLE_RULE POSTGRESQL_NAMESPACE "/servers/firewallRules"
#define T_SINGLE_NET POSTGRESQL_NAMESPACE "/servers/virtualNetworkRules"
#define T_SINGLE_CONF POSTGRESQL_NAMESPACE "/servers/configurations"
#define T_NAME       POSTGRESQL_NAMESPACE "/checkNameAvailability"
#define T_LOCATION   POSTGRESQL_NAMESPACE "/locations"
#define T_CAPABILITY POSTGRESQL_NAMESPACE "/locations/capabilities"
#define T_ASYNC      POSTGRESQL_NAMESPACE "/locations/azureAsyncOperation"
#define T_RESULT     POSTGRESQL_NAMESPACE "/locations/operationResults"
#define T_OPERATIONS POSTGRESQL_NAMESPACE "/operations"
#define T_DNS        POSTGRESQL_NAMESPACE "/getPrivateDnsZoneSuffix"
#define T_GROUP      RESOURCES_NAMESPACE "/subscriptions/resourceGroups"
#define T_DEPLOY     RESOURCES_NAMESPACE "/deployments"
#define T_SUB        RESOURCES_NAMESPACE "/subscriptions"
#define T_SUB_LOC    RESOURCES_NAMESPACE "/subscriptions/locations"
#define T_PROVIDER   RESOURCES_NAMESPACE "/subscriptions/providers"
#define T_RESOURCES  RESOURCES_NAMESPACE "/subscriptions/resources"
#define T_SUB_RESULT RESOURCES_NAMESPACE "/subscriptions/operationresults"
#define T_TENANT     RESOURCES_NAMESPACE "/tenants"

enum {
    READ = ROUTE_ARM,
    WRITE = ROUTE_ARM | ROUTE_BODY,
    MAY_WRITE = ROUTE_ARM | ROUTE_BODY_OPTIONAL,
    LIVE = ROUTE_ARM | ROUTE_SLOW,
};

#define GET(pattern, handler, flags, type, id)    {METHOD_GET, pattern, handler, flags, type, id}
#define PUT(pattern, handler, flags, type, id)    {METHOD_PUT, pattern, handler, flags, type, id}
#define POST(pattern, handler, flags, type, id)   {METHOD_POST, pattern, handler, flags, type, id}
#define PATCH(pattern, handler, flags, type, id)  {METHOD_PATCH, pattern, handler, flags, type, id}
#define DELETE(pattern, handler, flags, type, id) {METHOD_DELETE, pattern, handler, flags, type, id}
#define LACKS(verb, pattern, type, id)            {METHOD_##verb, pattern, not_implemented, MAY_WRITE, type, id}

const struct route routes[] = {
    /* migrations: never long-running */
    PUT(FS "/migrations/{migrationName}", migration_put, WRITE, T_MIGRATION, "Migrations_Create"),
    GET(FS "/migrations/{migrationName}", migration_get, READ, T_MIGRATION, "Migrations_Get"),
    PATCH(FS "/migrations/{migrationName}", migration_patch, WRITE, T_MIGRATION, "Migrations_Update"),
    DELETE(FS "/migrations/{migrationName}", migration_delete, READ, T_MIGRATION, "Migrations_Cancel"),
    GET(FS "/migrations", migration_list, READ, T_MIGRATION, "Migrations_ListByTargetServer"),
    POST(FS "/checkMigrationNameAvailability", migration_check_name, WRITE, T_MIGRATION, "Migrations_CheckNameAvailability"),

    /* flexible servers */
    PUT(FS, flexible_server_put, WRITE, T_FLEXIBLE, "Servers_CreateOrUpdate"),
    GET(FS, flexible_server_get, READ, T_FLEXIBLE, "Servers_Get"),
    DELETE(FS, flexible_server_delete, READ, T_FLEXIBLE, "Servers_Delete"),
    GET(RG P "/flexibleServers", flexible_server_list_of_group, READ, T_FLEXIBLE, "Servers_ListByResourceGroup"),
    GET(S P "/flexibleServers", flexible_server_list, READ, T_FLEXIBLE, "Servers_ListBySubscription"),
    PUT(FS "/databases/{databaseName}", flexible_database_put, MAY_WRITE, T_FLEX_DB, "Databases_Create"),
    GET(FS "/databases/{databaseName}", flexible_database_get, LIVE, T_FLEX_DB, "Databases_Get"),
    DELETE(FS "/databases/{databaseName}", flexible_database_delete, READ, T_FLEX_DB, "Databases_Delete"),
    GET(FS "/databases", flexible_database_list, LIVE, T_FLEX_DB, "Databases_ListByServer"),
    LACKS(PATCH, FS, T_FLEXIBLE, "Servers_Update"),
    LACKS(POST, FS "/start", T_FLEXIBLE, "Servers_Start"),
    LACKS(POST, FS "/stop", T_FLEXIBLE, "Servers_Stop"),
    LACKS(POST, FS "/restart", T_FLEXIBLE, "Servers_Restart"),
    LACKS(PUT, FS "/firewallRules/{firewallRuleName}", T_FLEX_RULE, "FirewallRules_CreateOrUpdate"),
    LACKS(GET, FS "/firewallRules/{firewallRuleName}", T_FLEX_RULE, "FirewallRules_Get"),
    LACKS(DELETE, FS "/firewallRules/{firewallRuleName}", T_FLEX_RULE, "FirewallRules_Delete"),
    LACKS(GET, FS "/firewallRules", T_FLEX_RULE, "FirewallRules_ListByServer"),
    LACKS(GET, FS "/configurations", T_FLEX_CONF, "Configurations_ListByServer"),
    LACKS(GET, FS "/configurations/{configurationName}", T_FLEX_CONF, "Configurations_Get"),
    LACKS(PATCH, FS "/configurations/{configurationName}", T_FLEX_CONF, "Configurations_Update"),
    LACKS(PUT, FS "/configurations/{configurationName}", T_FLEX_CONF, "Configurations_Put"),
    LACKS(GET, FS "/capabilities", T_FLEXIBLE, "CapabilitiesByServer_List"),
    LACKS(GET, FS "/administrators", T_FLEXIBLE, "AdministratorsMicrosoftEntra_ListByServer"),
    LACKS(GET, FS "/backups", T_FLEXIBLE, "BackupsAutomaticAndOnDemand_ListByServer"),
    LACKS(GET, FS "/replicas", T_FLEXIBLE, "Replicas_ListByServer"),
    LACKS(GET, FS "/logFiles", T_FLEXIBLE, "CapturedLogs_ListByServer"),

    /* single servers */
    PUT(SS, single_server_put, WRITE, T_SINGLE, "SingleServers_Create"),
    GET(SS, single_server_get, READ, T_SINGLE, "SingleServers_Get"),
    DELETE(SS, single_server_delete, READ, T_SINGLE, "SingleServers_Delete"),
    GET(RG P "/servers", single_server_list_of_group, READ, T_SINGLE, "SingleServers_ListByResourceGroup"),
    GET(S P "/servers", single_server_list, READ, T_SINGLE, "SingleServers_List"),
    PUT(SS "/databases/{databaseName}", single_database_put, MAY_WRITE, T_SINGLE_DB, "SingleDatabases_CreateOrUpdate"),
    GET(SS "/databases/{databaseName}", single_database_get, LIVE, T_SINGLE_DB, "SingleDatabases_Get"),
    DELETE(SS "/databases/{databaseName}", single_database_delete, READ, T_SINGLE_DB, "SingleDatabases_Delete"),
    GET(SS "/databases", single_database_list, LIVE, T_SINGLE_DB, "SingleDatabases_ListByServer"),
    LACKS(PATCH, SS, T_SINGLE, "SingleServers_Update"),
    LACKS(POST, SS "/restart", T_SINGLE, "SingleServers_Restart"),
    LACKS(PUT, SS "/firewallRules/{firewallRuleName}", T_SINGLE_RULE, "SingleFirewallRules_CreateOrUpdate"),
    LACKS(GET, SS "/firewallRules/{firewallRuleName}", T_SINGLE_RULE, "SingleFirewallRules_Get"),
    LACKS(DELETE, SS "/firewallRules/{firewallRuleName}", T_SINGLE_RULE, "SingleFirewallRules_Delete"),
    LACKS(GET, SS "/firewallRules", T_SINGLE_RULE, "SingleFirewallRules_ListByServer"),
    LACKS(GET, SS "/virtualNetworkRules", T_SINGLE_NET, "SingleVirtualNetworkRules_ListByServer"),
    LACKS(GET, SS "/configurations", T_SINGLE_CONF, "SingleConfigurations_ListByServer"),
    LACKS(GET, SS "/configurations/{configurationName}", T_SINGLE_CONF, "SingleConfigurations_Get"),
    LACKS(PUT, SS "/configurations/{configurationName}", T_SINGLE_CONF, "SingleConfigurations_CreateOrUpdate"),
    LACKS(POST, SS "/updateConfigurations", T_SINGLE, "SingleServerParameters_ListUpdateConfigurations"),
    LACKS(GET, SS "/replicas", T_SINGLE, "SingleReplicas_ListByServer"),
    LACKS(GET, SS "/logFiles", T_SINGLE, "SingleLogFiles_ListByServer"),
    LACKS(GET, SS "/administrators", T_SINGLE, "SingleServerAdministrators_List"),
    LACKS(GET, SS "/performanceTiers", T_SINGLE, "SingleServerBasedPerformanceTier_List"),
    LACKS(GET, SS "/recoverableServers", T_SINGLE, "SingleRecoverableServers_Get"),

    /* the resource provider as a whole */
    POST(S P "/checkNameAvailability", server_check_name, WRITE, T_NAME, "NameAvailability_CheckGlobally"),
    POST(LOC "/checkNameAvailability", server_check_name, WRITE, T_NAME, "NameAvailability_CheckWithLocation"),
    GET(LOC "/azureAsyncOperation/{operationId}", operation_status, READ, T_ASYNC, "AzureAsyncOperation_Get"),
    GET(LOC "/operationResults/{operationId}", operation_result, LIVE, T_RESULT, "OperationResults_Get"),
    LACKS(GET, LOC "/capabilities", T_CAPABILITY, "CapabilitiesByLocation_List"),
    LACKS(GET, LOC "/performanceTiers", T_LOCATION, "SingleLocationBasedPerformanceTier_List"),
    LACKS(POST, LOC "/checkVirtualNetworkSubnetUsage", T_LOCATION, "VirtualNetworkSubnetUsage_List"),
    LACKS(POST, P "/getPrivateDnsZoneSuffix", T_DNS, "PrivateDnsZoneSuffix_Get"),
    LACKS(GET, P "/operations", T_OPERATIONS, "Operations_List"),

    /* Resource Manager */
    GET("/subscriptions", subscription_list, READ, T_SUB, "Subscriptions_List"),
    GET(S, subscription_get, READ, T_SUB, "Subscriptions_Get"),
    GET(S "/locations", location_list, READ, T_SUB_LOC, "Subscriptions_ListLocations"),
    GET("/tenants", tenant_list, READ, T_TENANT, "Tenants_List"),
    PUT(RG, group_put, WRITE, T_GROUP, "ResourceGroups_CreateOrUpdate"),
    GET(RG, group_get, READ, T_GROUP, "ResourceGroups_Get"),
    {METHOD_HEAD, RG, group_head, READ, T_GROUP, "ResourceGroups_CheckExistence"},
    PATCH(RG, group_patch, WRITE, T_GROUP, "ResourceGroups_Update"),
    DELETE(RG, group_delete, READ, T_GROUP, "ResourceGroups_Delete"),
    GET(S "/resourcegroups", group_list, READ, T_GROUP, "ResourceGroups_List"),
    GET(S "/operationresults/{operationId}", group_operation_result, READ, T_SUB_RESULT, "ResourceGroups_OperationResult"),
    GET(S "/providers", provider_list, READ, T_PROVIDER, "Providers_List"),
    GET(S "/providers/{resourceProviderNamespace}", provider_get, READ, T_PROVIDER, "Providers_Get"),
    POST(S "/providers/{resourceProviderNamespace}/register", provider_register, MAY_WRITE, T_PROVIDER, "Providers_Register"),
    POST(S "/providers/{resourceProviderNamespace}/unregister", provider_unregister, MAY_WRITE, T_PROVIDER, "Providers_Unregister"),
    LACKS(GET, S "/resources", T_RESOURCES, "Resources_List"),
    LACKS(GET, RG "/resources", T_RESOURCES, "Resources_ListByResourceGroup"),
    LACKS(POST, RG "/exportTemplate", T_GROUP, "ResourceGroups_ExportTemplate"),
    PUT(DEPLOY "/{deploymentName}", deployment_put, WRITE, T_DEPLOY, "Deployments_CreateOrUpdate"),
    GET(DEPLOY "/{deploymentName}", deployment_get, READ, T_DEPLOY, "Deployments_Get"),
    {METHOD_HEAD, DEPLOY "/{deploymentName}", deployment_head, READ, T_DEPLOY, "Deployments_CheckExistence"},
    DELETE(DEPLOY "/{deploymentName}", deployment_delete, READ, T_DEPLOY, "Deployments_Delete"),
    GET(DEPLOY, deployment_list, READ, T_DEPLOY, "Deployments_ListByResourceGroup"),
    POST(DEPLOY "/{deploymentName}/validate", deployment_validate, WRITE, T_DEPLOY, "Deployments_Validate"),
    POST(DEPLOY "/{deploymentName}/cancel", deployment_cancel, MAY_WRITE, T_DEPLOY, "Deployments_Cancel"),
    GET(DEPLOY "/{deploymentName}/operationStatuses/{operationId}", deployment_status, READ, T_DEPLOY, "Deployments_OperationStatus"),
    GET(DEPLOY "/{deploymentName}/operations", deployment_operations, READ, T_DEPLOY, "DeploymentOperations_ListByProvider"),
    GET(RG "/deployments/{deploymentName}/operations", deployment_operations, READ, T_DEPLOY, "DeploymentOperations_List"),
    LACKS(POST, DEPLOY "/{deploymentName}/whatIf", T_DEPLOY, "Deployments_WhatIf"),
    LACKS(POST, DEPLOY "/{deploymentName}/exportTemplate", T_DEPLOY, "Deployments_ExportTemplate"),
    LACKS(PUT, S "/providers/Microsoft.Resources/deployments/{deploymentName}", T_DEPLOY, "Deployments_CreateOrUpdateAtSubscriptionScope"),

    /* sign-in, below whatever authority a client makes up; what needs the signing key may wait for it */
    GET("/metadata/endpoints", signin_metadata, 0, NULL, "Metadata_Endpoints"),
    GET("/metadata/identity/oauth2/token", signin_managed_identity, ROUTE_SLOW, NULL, "ManagedIdentity_Token"),
    GET("/{*}/.well-known/openid-configuration", signin_openid_configuration, 0, NULL, "SignIn_OpenIdConfiguration"),
    GET("/{*}/discovery/instance", signin_instance_discovery, 0, NULL, "SignIn_InstanceDiscovery"),
    GET("/{*}/discovery/keys", signin_keys, ROUTE_SLOW, NULL, "SignIn_Keys"),
    GET("/{*}/discovery/v2.0/keys", signin_keys, ROUTE_SLOW, NULL, "SignIn_KeysV2"),
    GET("/{*}/userrealm/{user}", signin_user_realm, 0, NULL, "SignIn_UserRealm"),
    POST("/{*}/oauth2/token", signin_token_post, ROUTE_FORM | ROUTE_SLOW, NULL, "SignIn_Token"),
    POST("/{*}/oauth2/v2.0/token", signin_token_post, ROUTE_FORM | ROUTE_SLOW, NULL, "SignIn_TokenV2"),
    POST("/{*}/oauth2/devicecode", signin_device_code_post, ROUTE_FORM | ROUTE_SLOW, NULL, "SignIn_DeviceCode"),
    POST("/{*}/oauth2/v2.0/devicecode", signin_device_code_post, ROUTE_FORM | ROUTE_SLOW, NULL, "SignIn_DeviceCodeV2"),
    GET("/{*}/oauth2/authorize", not_implemented, 0, NULL, "SignIn_Authorize"),
    GET("/{*}/oauth2/v2.0/authorize", not_implemented, 0, NULL, "SignIn_AuthorizeV2"),
    GET("/devicelogin", signin_device_page, 0, NULL, "SignIn_DevicePage"),

    /* Malachite's own */
    GET("/_malachite/health", malachite_health, ROUTE_QUIET, NULL, "Malachite_Health"),
    GET("/_malachite/ready", malachite_ready, ROUTE_QUIET, NULL, "Malachite_Ready"),
    GET("/_malachite/routes", malachite_routes, 0, NULL, "Malachite_Routes"),
    GET("/_malachite/ca.pem", malachite_ca, 0, NULL, "Malachite_CertificateAuthority"),
    GET("/_malachite/migrations", malachite_migration_list, 0, NULL, "Malachite_Migrations_List"),
    GET("/_malachite/migrations/{migrationId}", malachite_migration_get, 0, NULL, "Malachite_Migrations_Get"),
    GET("/_malachite/requests", malachite_request_list, ROUTE_QUIET, NULL, "Malachite_Requests_List"),
    DELETE("/_malachite/requests", malachite_request_clear, ROUTE_QUIET, NULL, "Malachite_Requests_Clear"),
    GET("/_malachite/openapi", openapi_index, 0, NULL, "Malachite_OpenApi_List"),
    GET("/_malachite/openapi/{document}", openapi_get, 0, NULL, "Malachite_OpenApi_Get"),
    GET("/metrics", metrics_get, ROUTE_QUIET, NULL, "Metrics"),
};
/* clang-format on */
const size_t route_count = ARRAY_LEN(routes);

/* Here and not in handlers/, which does not see the table. */
static void malachite_routes(struct request *request)
{
    json_t *body = json_object();
    json_t *value = json_array();
    json_object_set_new(body, "value", value);
    for (size_t i = 0; i < route_count; i++) {
        json_array_append_new(value,
                              json_pack("{s:s, s:s, s:s, s:b}", "method", method_name(routes[i].method),
                                        "pattern", routes[i].pattern, "operationId", routes[i].operation_id,
                                        "implemented", routes[i].handler != not_implemented));
    }
    reply_json(request, 200, body);
}

/* SPDX-License-Identifier: MIT */
/*
 * Every route of the program. Patterns are those of the public specifications; 501 rows are operations that
 * the service documents and Malachite does not have yet.
 */
#include "server/route.h"

#include "core/attr.h"
#include "handlers/arm/api_version.h"
#include "handlers/arm/arm.h"
#include "handlers/deployments/deployments.h"
#include "handlers/describe/openapi.h"
#include "handlers/migrations/migrations.h"
#include "handlers/own/own.h"
#include "handlers/resources/resources.h"
#include "handlers/servers/servers.h"
#include "handlers/signin/signin_handlers.h"
#include "server/portal.h"
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
#define T_FLEX_CAP   POSTGRESQL_NAMESPACE "/flexibleServers/capabilities"
#define T_FLEX_ADMIN POSTGRESQL_NAMESPACE "/flexibleServers/administrators"
#define T_FLEX_BACKUP POSTGRESQL_NAMESPACE "/flexibleServers/backups"
#define T_FLEX_REPLICA POSTGRESQL_NAMESPACE "/flexibleServers/replicas"
#define T_FLEX_LOG   POSTGRESQL_NAMESPACE "/flexibleServers/logFiles"
#define T_FLEX_LTR   POSTGRESQL_NAMESPACE "/flexibleServers/ltrBackupOperations"
#define T_FLEX_THREAT POSTGRESQL_NAMESPACE "/flexibleServers/advancedThreatProtectionSettings"
#define T_FLEX_PEC   POSTGRESQL_NAMESPACE "/flexibleServers/privateEndpointConnections"
#define T_FLEX_PLR   POSTGRESQL_NAMESPACE "/flexibleServers/privateLinkResources"
#define T_FLEX_ENDPOINT POSTGRESQL_NAMESPACE "/flexibleServers/virtualendpoints"
#define T_FLEX_TUNING POSTGRESQL_NAMESPACE "/flexibleServers/tuningOptions"
#define T_FLEX_EVENT POSTGRESQL_NAMESPACE "/flexibleServers/maintenanceEvents"
#define T_FLEX_UPGRADE POSTGRESQL_NAMESPACE "/flexibleServers/majorVersionUpgradePrecheck"
#define T_SINGLE     POSTGRESQL_NAMESPACE "/servers"
#define T_SINGLE_DB  POSTGRESQL_NAMESPACE "/servers/databases"
#define T_SINGLE_RULE POSTGRESQL_NAMESPACE "/servers/firewallRules"
#define T_SINGLE_NET POSTGRESQL_NAMESPACE "/servers/virtualNetworkRules"
#define T_SINGLE_CONF POSTGRESQL_NAMESPACE "/servers/configurations"
#define T_SINGLE_ADMIN POSTGRESQL_NAMESPACE "/servers/administrators"
#define T_SINGLE_ALERT POSTGRESQL_NAMESPACE "/servers/securityAlertPolicies"
#define T_SINGLE_KEY POSTGRESQL_NAMESPACE "/servers/keys"
#define T_SINGLE_PEC POSTGRESQL_NAMESPACE "/servers/privateEndpointConnections"
#define T_SINGLE_PLR POSTGRESQL_NAMESPACE "/servers/privateLinkResources"
#define T_NAME       POSTGRESQL_NAMESPACE "/checkNameAvailability"
#define T_LOCATION   POSTGRESQL_NAMESPACE "/locations"
#define T_CAPABILITY POSTGRESQL_NAMESPACE "/locations/capabilities"
#define T_NAME_IN    POSTGRESQL_NAMESPACE "/locations/checkNameAvailability"
#define T_TIERS      POSTGRESQL_NAMESPACE "/locations/performanceTiers"
#define T_SUBNETS    POSTGRESQL_NAMESPACE "/locations/checkVirtualNetworkSubnetUsage"
#define T_USAGES     POSTGRESQL_NAMESPACE "/locations/resourceType/usages"
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
#define T_TAGS       RESOURCES_NAMESPACE "/tags"
#define T_TENANT     RESOURCES_NAMESPACE "/tenants"

enum {
    READ = ROUTE_ARM,
    WRITE = ROUTE_ARM | ROUTE_BODY,
    MAY_WRITE = ROUTE_ARM | ROUTE_BODY_OPTIONAL,
    LIVE = ROUTE_ARM | ROUTE_SLOW,
    LIVE_WRITE = ROUTE_ARM | ROUTE_SLOW | ROUTE_BODY,
};

#define GET(pattern, handler, flags, type, id)    {METHOD_GET, pattern, handler, flags, type, id}
#define PUT(pattern, handler, flags, type, id)    {METHOD_PUT, pattern, handler, flags, type, id}
#define POST(pattern, handler, flags, type, id)   {METHOD_POST, pattern, handler, flags, type, id}
#define PATCH(pattern, handler, flags, type, id)  {METHOD_PATCH, pattern, handler, flags, type, id}
#define DELETE(pattern, handler, flags, type, id) {METHOD_DELETE, pattern, handler, flags, type, id}
#define HEAD(pattern, handler, flags, type, id)   {METHOD_HEAD, pattern, handler, flags, type, id}
#define LACKS(verb, pattern, type, id)            {METHOD_##verb, pattern, not_implemented, MAY_WRITE, type, id}
#define TAGS(scope, id)                                                                                      \
    GET(scope "/providers/Microsoft.Resources/tags/default", tags_get, READ, T_TAGS, "Tags_GetAt" id),          \
    PUT(scope "/providers/Microsoft.Resources/tags/default", tags_put, WRITE, T_TAGS, "Tags_CreateOrUpdateAt" id), \
    PATCH(scope "/providers/Microsoft.Resources/tags/default", tags_patch, WRITE, T_TAGS, "Tags_UpdateAt" id),  \
    DELETE(scope "/providers/Microsoft.Resources/tags/default", tags_delete, READ, T_TAGS, "Tags_DeleteAt" id)

const struct route routes[] = {
    /* migrations: never long-running */
    PUT(FS "/migrations/{migrationName}", migration_put, WRITE, T_MIGRATION, "Migrations_Create"),
    GET(FS "/migrations/{migrationName}", migration_get, READ, T_MIGRATION, "Migrations_Get"),
    PATCH(FS "/migrations/{migrationName}", migration_patch, WRITE, T_MIGRATION, "Migrations_Update"),
    DELETE(FS "/migrations/{migrationName}", migration_delete, READ, T_MIGRATION, "Migrations_Cancel"),
    HEAD(FS "/migrations/{migrationName}", migration_head, READ, T_MIGRATION, "Migrations_CheckExistence"),
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
    PATCH(FS, flexible_server_patch, WRITE, T_FLEXIBLE, "Servers_Update"),
    HEAD(FS, flexible_server_head, READ, T_FLEXIBLE, "Servers_CheckExistence"),
    POST(FS "/start", flexible_server_start, MAY_WRITE, T_FLEXIBLE, "Servers_Start"),
    POST(FS "/stop", flexible_server_stop, MAY_WRITE, T_FLEXIBLE, "Servers_Stop"),
    POST(FS "/restart", flexible_server_restart, MAY_WRITE, T_FLEXIBLE, "Servers_Restart"),
    PUT(FS "/firewallRules/{firewallRuleName}", flexible_firewall_rule_put, WRITE, T_FLEX_RULE, "FirewallRules_CreateOrUpdate"),
    GET(FS "/firewallRules/{firewallRuleName}", flexible_firewall_rule_get, READ, T_FLEX_RULE, "FirewallRules_Get"),
    DELETE(FS "/firewallRules/{firewallRuleName}", flexible_firewall_rule_delete, READ, T_FLEX_RULE, "FirewallRules_Delete"),
    GET(FS "/firewallRules", flexible_firewall_rule_list, READ, T_FLEX_RULE, "FirewallRules_ListByServer"),
    GET(FS "/configurations", flexible_configuration_list, LIVE, T_FLEX_CONF, "Configurations_ListByServer"),
    GET(FS "/configurations/{configurationName}", flexible_configuration_get, LIVE, T_FLEX_CONF, "Configurations_Get"),
    PATCH(FS "/configurations/{configurationName}", flexible_configuration_update, LIVE_WRITE, T_FLEX_CONF, "Configurations_Update"),
    PUT(FS "/configurations/{configurationName}", flexible_configuration_update, LIVE_WRITE, T_FLEX_CONF, "Configurations_Put"),
    GET(FS "/capabilities", flexible_server_capability_list, READ, T_FLEX_CAP, "CapabilitiesByServer_List"),

    /* flexible servers: types of children that none has here, and what would make one */
    GET(FS "/administrators", absent_child_list, READ, T_FLEX_ADMIN, "AdministratorsMicrosoftEntra_ListByServer"),
    GET(FS "/administrators/{objectId}", absent_child_get, READ, T_FLEX_ADMIN, "AdministratorsMicrosoftEntra_Get"),
    DELETE(FS "/administrators/{objectId}", absent_child_delete, READ, T_FLEX_ADMIN, "AdministratorsMicrosoftEntra_Delete"),
    LACKS(PUT, FS "/administrators/{objectId}", T_FLEX_ADMIN, "AdministratorsMicrosoftEntra_CreateOrUpdate"),
    GET(FS "/backups", absent_child_list, READ, T_FLEX_BACKUP, "BackupsAutomaticAndOnDemand_ListByServer"),
    GET(FS "/backups/{backupName}", absent_child_get, READ, T_FLEX_BACKUP, "BackupsAutomaticAndOnDemand_Get"),
    DELETE(FS "/backups/{backupName}", absent_child_delete, READ, T_FLEX_BACKUP, "BackupsAutomaticAndOnDemand_Delete"),
    LACKS(PUT, FS "/backups/{backupName}", T_FLEX_BACKUP, "BackupsAutomaticAndOnDemand_Create"),
    GET(FS "/replicas", absent_child_list, READ, T_FLEX_REPLICA, "Replicas_ListByServer"),
    GET(FS "/logFiles", absent_child_list, READ, T_FLEX_LOG, "CapturedLogs_ListByServer"),
    GET(FS "/ltrBackupOperations", absent_child_list, READ, T_FLEX_LTR, "BackupsLongTermRetention_ListByServer"),
    GET(FS "/ltrBackupOperations/{backupName}", absent_child_get, READ, T_FLEX_LTR, "BackupsLongTermRetention_Get"),
    LACKS(POST, FS "/ltrPreBackup", T_FLEX_LTR, "BackupsLongTermRetention_CheckPrerequisites"),
    LACKS(POST, FS "/startLtrBackup", T_FLEX_LTR, "BackupsLongTermRetention_Start"),
    GET(FS "/advancedThreatProtectionSettings", absent_child_list, READ, T_FLEX_THREAT, "AdvancedThreatProtectionSettings_ListByServer"),
    GET(FS "/advancedThreatProtectionSettings/{threatProtectionName}", absent_child_get, READ, T_FLEX_THREAT, "AdvancedThreatProtectionSettings_Get"),
    LACKS(PUT, FS "/advancedThreatProtectionSettings/{threatProtectionName}", T_FLEX_THREAT, "ServerThreatProtectionSettings_CreateOrUpdate"),
    GET(FS "/privateEndpointConnections", absent_child_list, READ, T_FLEX_PEC, "PrivateEndpointConnections_ListByServer"),
    GET(FS "/privateEndpointConnections/{privateEndpointConnectionName}", absent_child_get, READ, T_FLEX_PEC, "PrivateEndpointConnections_Get"),
    DELETE(FS "/privateEndpointConnections/{privateEndpointConnectionName}", absent_child_delete, READ, T_FLEX_PEC, "PrivateEndpointConnections_Delete"),
    LACKS(PUT, FS "/privateEndpointConnections/{privateEndpointConnectionName}", T_FLEX_PEC, "PrivateEndpointConnections_Update"),
    GET(FS "/privateLinkResources", absent_child_list, READ, T_FLEX_PLR, "PrivateLinkResources_ListByServer"),
    GET(FS "/privateLinkResources/{groupName}", absent_child_get, READ, T_FLEX_PLR, "PrivateLinkResources_Get"),
    GET(FS "/virtualendpoints", absent_child_list, READ, T_FLEX_ENDPOINT, "VirtualEndpoints_ListByServer"),
    GET(FS "/virtualendpoints/{virtualEndpointName}", absent_child_get, READ, T_FLEX_ENDPOINT, "VirtualEndpoints_Get"),
    DELETE(FS "/virtualendpoints/{virtualEndpointName}", absent_child_delete, READ, T_FLEX_ENDPOINT, "VirtualEndpoints_Delete"),
    LACKS(PUT, FS "/virtualendpoints/{virtualEndpointName}", T_FLEX_ENDPOINT, "VirtualEndpoints_Create"),
    LACKS(PATCH, FS "/virtualendpoints/{virtualEndpointName}", T_FLEX_ENDPOINT, "VirtualEndpoints_Update"),
    GET(FS "/tuningOptions", absent_child_list, READ, T_FLEX_TUNING, "TuningOptions_ListByServer"),
    GET(FS "/tuningOptions/{tuningOption}", absent_child_get, READ, T_FLEX_TUNING, "TuningOptions_Get"),
    LACKS(GET, FS "/tuningOptions/{tuningOption}/recommendations", T_FLEX_TUNING, "TuningOptions_ListRecommendations"),
    GET(FS "/maintenanceEvents", absent_child_list, READ, T_FLEX_EVENT, "MaintenanceEvents_ListByServer"),
    GET(FS "/maintenanceEvents/{eventName}", absent_child_get, READ, T_FLEX_EVENT, "MaintenanceEvents_Get"),
    LACKS(POST, FS "/maintenanceEvents/{eventName}/applyNow", T_FLEX_EVENT, "MaintenanceEvents_ApplyNow"),
    LACKS(POST, FS "/maintenanceEvents/{eventName}/reschedule", T_FLEX_EVENT, "MaintenanceEvents_Reschedule"),
    GET(FS "/majorVersionUpgradePrecheck", absent_child_list, READ, T_FLEX_UPGRADE, "MajorVersionUpgradePrecheck_ListByServer"),
    GET(FS "/majorVersionUpgradePrecheck/{precheckName}", absent_child_get, READ, T_FLEX_UPGRADE, "MajorVersionUpgradePrecheck_Get"),
    LACKS(POST, FS "/startMajorVersionUpgradePrecheck", T_FLEX_UPGRADE, "MajorVersionUpgradePrecheck_Start"),
    LACKS(POST, FS "/migrateNetwork", T_FLEXIBLE, "Servers_MigrateNetwork"),

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
    PATCH(SS, single_server_patch, WRITE, T_SINGLE, "SingleServers_Update"),
    HEAD(SS, single_server_head, READ, T_SINGLE, "SingleServers_CheckExistence"),
    POST(SS "/restart", single_server_restart, MAY_WRITE, T_SINGLE, "SingleServers_Restart"),
    PUT(SS "/firewallRules/{firewallRuleName}", single_firewall_rule_put, WRITE, T_SINGLE_RULE, "SingleFirewallRules_CreateOrUpdate"),
    GET(SS "/firewallRules/{firewallRuleName}", single_firewall_rule_get, READ, T_SINGLE_RULE, "SingleFirewallRules_Get"),
    DELETE(SS "/firewallRules/{firewallRuleName}", single_firewall_rule_delete, READ, T_SINGLE_RULE, "SingleFirewallRules_Delete"),
    GET(SS "/firewallRules", single_firewall_rule_list, READ, T_SINGLE_RULE, "SingleFirewallRules_ListByServer"),
    PUT(SS "/virtualNetworkRules/{virtualNetworkRuleName}", single_network_rule_put, WRITE, T_SINGLE_NET, "SingleVirtualNetworkRules_CreateOrUpdate"),
    GET(SS "/virtualNetworkRules/{virtualNetworkRuleName}", single_network_rule_get, READ, T_SINGLE_NET, "SingleVirtualNetworkRules_Get"),
    DELETE(SS "/virtualNetworkRules/{virtualNetworkRuleName}", single_network_rule_delete, READ, T_SINGLE_NET, "SingleVirtualNetworkRules_Delete"),
    GET(SS "/virtualNetworkRules", single_network_rule_list, READ, T_SINGLE_NET, "SingleVirtualNetworkRules_ListByServer"),
    GET(SS "/configurations", single_configuration_list, LIVE, T_SINGLE_CONF, "SingleConfigurations_ListByServer"),
    GET(SS "/configurations/{configurationName}", single_configuration_get, LIVE, T_SINGLE_CONF, "SingleConfigurations_Get"),
    PUT(SS "/configurations/{configurationName}", single_configuration_update, LIVE_WRITE, T_SINGLE_CONF, "SingleConfigurations_CreateOrUpdate"),
    POST(SS "/updateConfigurations", single_configuration_update_all, LIVE_WRITE, T_SINGLE_CONF, "SingleServerParameters_ListUpdateConfigurations"),
    GET(SS "/performanceTiers", single_server_performance_tier_list, READ, T_SINGLE, "SingleServerBasedPerformanceTier_List"),
    GET(SS "/replicas", absent_child_list, READ, T_SINGLE, "SingleReplicas_ListByServer"),
    GET(SS "/logFiles", absent_child_list, READ, T_SINGLE, "SingleLogFiles_ListByServer"),
    GET(SS "/recoverableServers", absent_child_get_only, READ, T_SINGLE, "SingleRecoverableServers_Get"),
    GET(SS "/administrators", absent_child_list, READ, T_SINGLE_ADMIN, "SingleServerAdministrators_List"),
    GET(SS "/administrators/activeDirectory", absent_child_get, READ, T_SINGLE_ADMIN, "SingleServerAdministrators_Get"),
    DELETE(SS "/administrators/activeDirectory", absent_child_delete, READ, T_SINGLE_ADMIN, "SingleServerAdministrators_Delete"),
    LACKS(PUT, SS "/administrators/activeDirectory", T_SINGLE_ADMIN, "SingleServerAdministrators_CreateOrUpdate"),
    GET(SS "/securityAlertPolicies", absent_child_list, READ, T_SINGLE_ALERT, "SingleServerSecurityAlertPolicies_ListByServer"),
    GET(SS "/securityAlertPolicies/{securityAlertPolicyName}", absent_child_get, READ, T_SINGLE_ALERT, "SingleServerSecurityAlertPolicies_Get"),
    LACKS(PUT, SS "/securityAlertPolicies/{securityAlertPolicyName}", T_SINGLE_ALERT, "SingleServerSecurityAlertPolicies_CreateOrUpdate"),
    GET(SS "/keys", absent_child_list, READ, T_SINGLE_KEY, "SingleServerKeys_List"),
    GET(SS "/keys/{keyName}", absent_child_get, READ, T_SINGLE_KEY, "SingleServerKeys_Get"),
    DELETE(SS "/keys/{keyName}", absent_child_delete, READ, T_SINGLE_KEY, "SingleServerKeys_Delete"),
    LACKS(PUT, SS "/keys/{keyName}", T_SINGLE_KEY, "SingleServerKeys_CreateOrUpdate"),
    GET(SS "/privateEndpointConnections", absent_child_list, READ, T_SINGLE_PEC, "SinglePrivateEndpointConnections_ListByServer"),
    GET(SS "/privateEndpointConnections/{privateEndpointConnectionName}", absent_child_get, READ, T_SINGLE_PEC, "SinglePrivateEndpointConnections_Get"),
    DELETE(SS "/privateEndpointConnections/{privateEndpointConnectionName}", absent_child_delete, READ, T_SINGLE_PEC, "SinglePrivateEndpointConnections_Delete"),
    LACKS(PUT, SS "/privateEndpointConnections/{privateEndpointConnectionName}", T_SINGLE_PEC, "SinglePrivateEndpointConnections_CreateOrUpdate"),
    LACKS(PATCH, SS "/privateEndpointConnections/{privateEndpointConnectionName}", T_SINGLE_PEC, "SinglePrivateEndpointConnections_UpdateTags"),
    GET(SS "/privateLinkResources", absent_child_list, READ, T_SINGLE_PLR, "SinglePrivateLinkResources_ListByServer"),
    GET(SS "/privateLinkResources/{groupName}", absent_child_get, READ, T_SINGLE_PLR, "SinglePrivateLinkResources_Get"),

    /* the resource provider as a whole */
    POST(S P "/checkNameAvailability", server_check_name, WRITE, T_NAME, "NameAvailability_CheckGlobally"),
    POST(LOC "/checkNameAvailability", server_check_name, WRITE, T_NAME_IN, "NameAvailability_CheckWithLocation"),
    GET(LOC "/azureAsyncOperation/{operationId}", operation_status, READ, T_ASYNC, "AzureAsyncOperation_Get"),
    GET(LOC "/operationResults/{operationId}", operation_result, LIVE, T_RESULT, "OperationResults_Get"),
    GET(LOC "/capabilities", capability_list, READ, T_CAPABILITY, "CapabilitiesByLocation_List"),
    GET(LOC "/performanceTiers", performance_tier_list, READ, T_TIERS, "SingleLocationBasedPerformanceTier_List"),
    POST(LOC "/checkVirtualNetworkSubnetUsage", subnet_usage_list, WRITE, T_SUBNETS, "VirtualNetworkSubnetUsage_List"),
    LACKS(GET, LOC "/resourceType/flexibleServers/usages", T_USAGES, "QuotaUsages_List"),
    POST(P "/getPrivateDnsZoneSuffix", private_dns_suffix, MAY_WRITE, T_DNS, "PrivateDnsZoneSuffix_Get"),
    GET(P "/operations", provider_operation_list, READ, T_OPERATIONS, "Operations_List"),

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
    GET(S "/resources", resource_list, READ, T_RESOURCES, "Resources_List"),
    GET(RG "/resources", resource_list_of_group, READ, T_RESOURCES, "Resources_ListByResourceGroup"),
    TAGS(RG, "ResourceGroup"),
    TAGS(FS, "FlexibleServer"),
    TAGS(FS "/migrations/{migrationName}", "Migration"),
    TAGS(SS, "SingleServer"),
    POST(RG "/exportTemplate", group_export, MAY_WRITE | ROUTE_SLOW, T_GROUP, "ResourceGroups_ExportTemplate"),
    PUT(DEPLOY "/{deploymentName}", deployment_put, LIVE_WRITE, T_DEPLOY, "Deployments_CreateOrUpdate"),
    GET(DEPLOY "/{deploymentName}", deployment_get, READ, T_DEPLOY, "Deployments_Get"),
    {METHOD_HEAD, DEPLOY "/{deploymentName}", deployment_head, READ, T_DEPLOY, "Deployments_CheckExistence"},
    DELETE(DEPLOY "/{deploymentName}", deployment_delete, READ, T_DEPLOY, "Deployments_Delete"),
    GET(DEPLOY, deployment_list, READ, T_DEPLOY, "Deployments_ListByResourceGroup"),
    POST(DEPLOY "/{deploymentName}/validate", deployment_validate, LIVE_WRITE, T_DEPLOY, "Deployments_Validate"),
    POST(DEPLOY "/{deploymentName}/cancel", deployment_cancel, MAY_WRITE, T_DEPLOY, "Deployments_Cancel"),
    GET(DEPLOY "/{deploymentName}/operationStatuses/{operationId}", deployment_status, READ, T_DEPLOY, "Deployments_OperationStatus"),
    GET(DEPLOY "/{deploymentName}/operations", deployment_operations, READ, T_DEPLOY, "DeploymentOperations_ListByProvider"),
    GET(RG "/deployments/{deploymentName}/operations", deployment_operations, READ, T_DEPLOY, "DeploymentOperations_List"),
    POST(DEPLOY "/{deploymentName}/whatIf", deployment_what_if, LIVE_WRITE, T_DEPLOY, "Deployments_WhatIf"),
    POST(DEPLOY "/{deploymentName}/exportTemplate", deployment_export, MAY_WRITE, T_DEPLOY, "Deployments_ExportTemplate"),
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
    GET("/_malachite/health", malachite_health, ROUTE_QUIET | ROUTE_OPEN, NULL, "Malachite_Health"),
    GET("/_malachite/ready", malachite_ready, ROUTE_QUIET | ROUTE_OPEN, NULL, "Malachite_Ready"),
    GET("/_malachite/routes", malachite_routes, 0, NULL, "Malachite_Routes"),
    GET("/_malachite/ca.pem", malachite_ca, ROUTE_OPEN, NULL, "Malachite_CertificateAuthority"),
    GET("/_malachite/migrations", malachite_migration_list, 0, NULL, "Malachite_Migrations_List"),
    GET("/_malachite/migrations/{migrationId}", malachite_migration_get, 0, NULL, "Malachite_Migrations_Get"),
    GET("/_malachite/migrations/{migrationId}/evidence", malachite_migration_evidence, 0, NULL, "Malachite_Migrations_Evidence"),
    GET("/_malachite/requests", malachite_request_list, ROUTE_QUIET, NULL, "Malachite_Requests_List"),
    DELETE("/_malachite/requests", malachite_request_clear, ROUTE_QUIET, NULL, "Malachite_Requests_Clear"),
    GET("/_malachite/applications", malachite_application_list, 0, NULL, "Malachite_Applications_List"),
    POST("/_malachite/connection", malachite_connection_test, ROUTE_TOKEN | ROUTE_SLOW | ROUTE_BODY, NULL, "Malachite_Connection_Test"),
    GET("/_malachite/openapi", openapi_index, ROUTE_OPEN, NULL, "Malachite_OpenApi_List"),
    GET("/_malachite/openapi/{document}", openapi_get, ROUTE_OPEN, NULL, "Malachite_OpenApi_Get"),
    GET("/metrics", metrics_get, ROUTE_QUIET, NULL, "Metrics"),

    /* the web portal: one page, which finds out itself what its path stands for */
    GET("/", portal_page, ROUTE_QUIET, NULL, "Portal_Page"),
    GET("/portal", portal_page, ROUTE_QUIET, NULL, "Portal_PageOfPath0"),
    GET("/portal/{1}", portal_page, ROUTE_QUIET, NULL, "Portal_PageOfPath1"),
    GET("/portal/{1}/{2}", portal_page, ROUTE_QUIET, NULL, "Portal_PageOfPath2"),
    GET("/portal/{1}/{2}/{3}", portal_page, ROUTE_QUIET, NULL, "Portal_PageOfPath3"),
    GET("/portal/{1}/{2}/{3}/{4}", portal_page, ROUTE_QUIET, NULL, "Portal_PageOfPath4"),
    GET("/portal/{1}/{2}/{3}/{4}/{5}", portal_page, ROUTE_QUIET, NULL, "Portal_PageOfPath5"),
    GET("/portal/assets/{asset}", portal_asset, ROUTE_QUIET, NULL, "Portal_Asset"),
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

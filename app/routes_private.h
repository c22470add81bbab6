/* SPDX-License-Identifier: MIT */
/* The columns of the route table, and the common parts of its rows. */
#ifndef APP_ROUTES_PRIVATE_H
#define APP_ROUTES_PRIVATE_H

#include "handlers/arm/api_version.h"
#include "server/route.h"

/* Handler of Malachite's own call that lists the routes. */
void malachite_routes(struct request *request);

/* clang-format off */
#define S     "/subscriptions/{subscriptionId}"
#define RG    S "/resourcegroups/{resourceGroupName}"
#define P     "/providers/" POSTGRESQL_NAMESPACE
#define FS    RG P "/flexibleServers/{serverName}"
#define SS    RG P "/servers/{serverName}"
#define NET   "/providers/" NETWORK_NAMESPACE
#define VNET  RG NET "/virtualNetworks/{virtualNetworkName}"
#define PE    RG NET "/privateEndpoints/{privateEndpointName}"
#define ZONE  RG NET "/privateDnsZones/{privateZoneName}"
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
#define T_VNET       NETWORK_NAMESPACE "/virtualNetworks"
#define T_SUBNET     NETWORK_NAMESPACE "/virtualNetworks/subnets"
#define T_PE         NETWORK_NAMESPACE "/privateEndpoints"
#define T_ZONE       NETWORK_NAMESPACE "/privateDnsZones"
#define T_ZONE_LINK  NETWORK_NAMESPACE "/privateDnsZones/virtualNetworkLinks"
#define T_ZONE_SOA   NETWORK_NAMESPACE "/privateDnsZones/SOA"
#define T_GROUP      RESOURCES_NAMESPACE "/subscriptions/resourceGroups"
#define T_DEPLOY     RESOURCES_NAMESPACE "/deployments"
#define T_SUB        RESOURCES_NAMESPACE "/subscriptions"
#define T_SUB_LOC    RESOURCES_NAMESPACE "/subscriptions/locations"
#define T_PROVIDER   RESOURCES_NAMESPACE "/subscriptions/providers"
#define T_PROVIDERS  RESOURCES_NAMESPACE "/providers"
#define T_RESOURCES  RESOURCES_NAMESPACE "/subscriptions/resources"
#define T_SUB_RESULT RESOURCES_NAMESPACE "/subscriptions/operationresults"
#define T_TAGS       RESOURCES_NAMESPACE "/tags"
#define T_TENANT     RESOURCES_NAMESPACE "/tenants"

enum {
    READ = ROUTE_ARM,
    STORED = ROUTE_ARM | ROUTE_STORED,
    WRITE = ROUTE_ARM | ROUTE_BODY,
    MAY_WRITE = ROUTE_ARM | ROUTE_BODY_OPTIONAL,
    LIVE = ROUTE_ARM | ROUTE_SLOW,
    LIVE_WRITE = ROUTE_ARM | ROUTE_SLOW | ROUTE_BODY,
};

#define LRO       ROUTE_ACCEPTED
#define LRO_EMPTY ROUTE_ACCEPTED_EMPTY
#define ACCEPTED  ROUTE_ACCEPTED
#define OK        ROUTE_OK
#define OK_EMPTY  ROUTE_OK_EMPTY
#define CREATED   ROUTE_CREATED
#define NONE      ROUTE_NONE
#define TIMED_OUT ROUTE_TIMED_OUT
#define MISSED    ROUTE_MISSED
#define CONFLICT  ROUTE_CONFLICT
#define PAGES     "$top:integer $skipToken:string"
#define FILTERED  "$filter:string $expand:string " PAGES

/* type: the one whose api-versions apply. id: operationId. answer: a description, or "[]" for a list of
 * it. */
#define ROW(verb, pattern, handler, flags, type, id, action, summary, body, answer, answers, query) \
    {METHOD_##verb, pattern, handler, (flags) | SERVER_KIND, type, id, action, summary, body, answer, answers, query}
#define GET(pattern, handler, flags, type, id, summary, answer) \
    ROW(GET, pattern, handler, flags, type, id, type "/read", summary, NULL, answer, OK, NULL)
#define GET_WITH(pattern, handler, flags, type, id, action, summary, answer, answers, query) \
    ROW(GET, pattern, handler, flags, type, id, action, summary, NULL, answer, answers, query)
/* A list that is answered page by page. */
#define LIST(pattern, handler, flags, type, id, summary, answer) \
    ROW(GET, pattern, handler, flags, type, id, type "/read", summary, NULL, answer, OK, PAGES)
#define HEAD(pattern, handler, type, id, summary) \
    ROW(HEAD, pattern, handler, READ, type, id, type "/read", summary, NULL, NULL, NONE, NULL)
#define PUT(pattern, handler, flags, type, id, summary, body, answer, answers) \
    ROW(PUT, pattern, handler, flags, type, id, type "/write", summary, body, answer, answers, NULL)
#define PATCH(pattern, handler, flags, type, id, summary, body, answer, answers) \
    ROW(PATCH, pattern, handler, flags, type, id, type "/write", summary, body, answer, answers, NULL)
#define DELETE(pattern, handler, flags, type, id, summary, answer, answers) \
    ROW(DELETE, pattern, handler, flags, type, id, type "/delete", summary, NULL, answer, answers, NULL)
#define POST(pattern, handler, flags, type, id, action, summary, body, answer, answers) \
    ROW(POST, pattern, handler, flags, type, id, action, summary, body, answer, answers, NULL)
/* Malachite's own calls, which no role of Azure knows, and pages that are not for programs or not part of
 * Azure. */
#define OWN(verb, pattern, handler, flags, id, summary, body, answer, answers, query) \
    ROW(verb, pattern, handler, flags, NULL, id, NULL, summary, body, answer, answers, query)
#define HIDDEN(verb, pattern, handler, flags, id) OWN(verb, pattern, handler, flags, id, NULL, NULL, NULL, 0, NULL)
/* Operations that the service documents and Malachite does not implement. */
#define LACKS(verb, pattern, type, id, action) \
    ROW(verb, pattern, not_implemented, MAY_WRITE, type, id, action, NULL, NULL, NULL, 0, NULL)
/* Child types that no server here ever has. */
#define ABSENT_LIST_OF(pattern, type, id, action) \
    GET_WITH(pattern, absent_child_list, READ, type, id, action, "Lists the resources.", "[]object", OK, PAGES)
#define ABSENT_ONLY_OF(pattern, type, id, action) \
    GET_WITH(pattern, absent_child_get_only, READ, type, id, action, "Shows the resource.", "object", OK, NULL)
#define ABSENT_LIST(pattern, type, id)   ABSENT_LIST_OF(pattern, type, id, type "/read")
#define ABSENT_GET(pattern, type, id)    GET(pattern, absent_child_get, READ, type, id, "Shows the resource.", "object")
#define ABSENT_DELETE(pattern, type, id) \
    DELETE(pattern, absent_child_delete, READ, type, id, "Deletes the resource.", NULL, OK_EMPTY | LRO | NONE)
#define TAGS_PATH(scope) scope "/providers/Microsoft.Resources/tags/default"
#define TAGS(scope, id) \
    GET(TAGS_PATH(scope), tags_get, READ, T_TAGS, "Tags_GetAt" id, "Shows the tags of a resource.", "Tags"), \
    PUT(TAGS_PATH(scope), tags_put, WRITE, T_TAGS, "Tags_CreateOrUpdateAt" id, "Sets the tags of a resource.", "Tags", "Tags", OK), \
    PATCH(TAGS_PATH(scope), tags_patch, WRITE, T_TAGS, "Tags_UpdateAt" id, "Changes the tags of a resource.", "Tags", "Tags", OK), \
    DELETE(TAGS_PATH(scope), tags_delete, READ, T_TAGS, "Tags_DeleteAt" id, "Deletes the tags of a resource.", NULL, OK_EMPTY)
/* clang-format on */

#endif

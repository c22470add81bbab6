/* SPDX-License-Identifier: MIT */
/* The bodies of everything but migrations, as the public specifications have them and as far as Malachite
 * shows them. */
#include "core/attr.h"
#include "handlers/describe/schema_private.h"

#define RO  SCHEMA_READ_ONLY
#define WO  SCHEMA_WRITE_ONLY
#define REQ SCHEMA_REQUIRED

/* clang-format off */
#define PROXY_RESOURCE \
    {"id", "string", RO, "Resource id."}, {"name", "string", RO, NULL}, {"type", "string", RO, NULL}
#define TRACKED_RESOURCE \
    PROXY_RESOURCE, {"location", "string", REQ, "Region, as name or display name."}, {"tags", "{}string", 0, NULL}

static const struct schema_row error_rows[] = {
    {"error.code", "string", REQ, "Error code, for programs."},
    {"error.message", "string", REQ, "Error message, for people."},
    {"error.target", "string", 0, "Subject of the error, often the path of a property."},
    {"error.details", "[]ErrorDetail", 0, NULL},
};
static const struct schema_row error_detail_rows[] = {
    {"code", "string", 0, NULL}, {"message", "string", 0, NULL}, {"target", "string", 0, NULL},
    {"details", "[]ErrorDetail", 0, NULL},
};
static const struct schema_row validation_item_rows[] = {
    {"type", "string", 0, NULL}, {"state", "Failed|Succeeded|Warning", 0, NULL},
    {"messages", "[]ValidationMessage", 0, NULL},
};
static const struct schema_row validation_message_rows[] = {
    {"state", "Failed|Succeeded|Warning", 0, NULL}, {"message", "string", 0, NULL},
};
static const struct schema_row validation_database_rows[] = {
    {"databaseName", "string", 0, NULL}, {"startedOn", "date-time", 0, NULL}, {"endedOn", "date-time", 0, NULL},
    {"summary", "[]ValidationItem", 0, NULL},
};
static const struct schema_row validation_rows[] = {
    {"status", "Failed|Succeeded|Warning", 0, NULL},
    {"validationStartTimeInUtc", "date-time", 0, NULL}, {"validationEndTimeInUtc", "date-time", 0, NULL},
    {"serverLevelValidationDetails", "[]ValidationItem", 0, NULL},
    {"dbLevelValidationDetails", "[]ValidationDatabase", 0, NULL},
};
static const struct schema_row flexible_rows[] = {
    TRACKED_RESOURCE,
    {"sku.name", "string", 0, "Compute size, such as Standard_D4ds_v5."},
    {"sku.tier", "Burstable|GeneralPurpose|MemoryOptimized", 0, NULL},
    {"identity", "object", 0, NULL},
    {"systemData.createdAt", "date-time", RO, NULL},
    {"properties.administratorLogin", "string", 0, "Role that administers the server."},
    {"properties.administratorLoginPassword", "string", WO, "Password of the administrator."},
    {"properties.version", "string", 0, "Major version of PostgreSQL."},
    {"properties.minorVersion", "string", RO, NULL},
    {"properties.state", "string", RO, "Ready, Stopped, Updating, ..."},
    {"properties.stateMessage", "string", RO, "Why a server is Inaccessible (Malachite's own)."},
    {"properties.fullyQualifiedDomainName", "string", RO, "Host name or address for clients."},
    {"properties.port", "integer", RO, "Port, if it is not 5432 (Malachite's own)."},
    {"properties.createMode", "Default|Create|Update|PointInTimeRestore|GeoRestore|Replica|ReviveDropped", WO, NULL},
    {"properties.sourceServerResourceId", "string", WO, NULL},
    {"properties.pointInTimeUTC", "date-time", WO, NULL},
    {"properties.availabilityZone", "string", 0, NULL},
    {"properties.storage", "object", 0, "storageSizeGB, autoGrow, iops, tier, type."},
    {"properties.backup", "object", 0, "backupRetentionDays, geoRedundantBackup."},
    {"properties.dataEncryption", "object", 0, NULL},
    {"properties.network", "object", 0, "publicNetworkAccess, delegatedSubnetResourceId, privateDnsZoneArmResourceId."},
    {"properties.authConfig", "object", 0, "activeDirectoryAuth, passwordAuth, tenantId."},
    {"properties.highAvailability", "object", 0, "mode, state, standbyAvailabilityZone."},
    {"properties.maintenanceWindow", "object", 0, "customWindow, dayOfWeek, startHour, startMinute."},
    {"properties.replicationRole", "string", 0, NULL},
    {"properties.replica", "object", 0, NULL},
    {"properties.replicaCapacity", "integer", RO, NULL},
    {"properties.cluster", "object", 0, NULL},
    {"properties.privateEndpointConnections", "[]object", RO, NULL},
};
static const struct schema_row flexible_patch_rows[] = {
    {"location", "string", 0, NULL}, {"tags", "{}string", 0, NULL}, {"sku", "object", 0, NULL},
    {"identity", "object", 0, NULL},
    {"properties.administratorLogin", "string", 0, NULL},
    {"properties.administratorLoginPassword", "string", WO, NULL},
    {"properties.version", "string", 0, NULL}, {"properties.createMode", "string", WO, NULL},
    {"properties.storage", "object", 0, NULL}, {"properties.backup", "object", 0, NULL},
    {"properties.dataEncryption", "object", 0, NULL}, {"properties.network", "object", 0, NULL},
    {"properties.authConfig", "object", 0, NULL}, {"properties.highAvailability", "object", 0, NULL},
    {"properties.maintenanceWindow", "object", 0, NULL}, {"properties.replicationRole", "string", 0, NULL},
    {"properties.replica", "object", 0, NULL}, {"properties.cluster", "object", 0, NULL},
    {"properties.availabilityZone", "string", 0, NULL},
};
static const struct schema_row single_rows[] = {
    TRACKED_RESOURCE,
    {"sku.name", "string", 0, "SKU, such as GP_Gen5_2."}, {"sku.tier", "Basic|GeneralPurpose|MemoryOptimized", 0, NULL},
    {"sku.capacity", "integer", 0, NULL}, {"sku.size", "string", 0, NULL}, {"sku.family", "string", 0, NULL},
    {"identity", "object", 0, NULL},
    {"properties.createMode", "Default|PointInTimeRestore|GeoRestore|Replica", WO, NULL},
    {"properties.administratorLogin", "string", 0, NULL},
    {"properties.administratorLoginPassword", "string", WO, NULL},
    {"properties.version", "string", 0, NULL},
    {"properties.userVisibleState", "Ready|Dropping|Disabled|Inaccessible", RO, NULL},
    {"properties.stateMessage", "string", RO, "Why a server is Inaccessible (Malachite's own)."},
    {"properties.fullyQualifiedDomainName", "string", RO, NULL},
    {"properties.port", "integer", RO, "Port, if it is not 5432 (Malachite's own)."},
    {"properties.earliestRestoreDate", "date-time", RO, NULL},
    {"properties.byokEnforcement", "string", RO, NULL},
    {"properties.sslEnforcement", "Enabled|Disabled", 0, NULL},
    {"properties.minimalTlsVersion", "string", 0, NULL},
    {"properties.infrastructureEncryption", "string", 0, NULL},
    {"properties.publicNetworkAccess", "string", 0, NULL},
    {"properties.storageProfile", "object", 0, "storageMB, backupRetentionDays, geoRedundantBackup, storageAutogrow."},
    {"properties.replicationRole", "string", 0, NULL},
    {"properties.masterServerId", "string", RO, NULL},
    {"properties.replicaCapacity", "integer", RO, NULL},
    {"properties.privateEndpointConnections", "[]object", RO, NULL},
};
static const struct schema_row database_rows[] = {
    PROXY_RESOURCE, {"properties.charset", "string", 0, "Character set, such as UTF8."},
    {"properties.collation", "string", 0, "Collation, such as en_US.utf8."},
};
static const struct schema_row rule_rows[] = {
    PROXY_RESOURCE, {"properties.startIpAddress", "string", REQ, NULL}, {"properties.endIpAddress", "string", REQ, NULL},
};
static const struct schema_row configuration_rows[] = {
    PROXY_RESOURCE, {"properties.value", "string", 0, "The server parameter's value."},
    {"properties.source", "string", 0, NULL}, {"properties.description", "string", RO, NULL},
    {"properties.defaultValue", "string", RO, NULL}, {"properties.dataType", "string", RO, NULL},
    {"properties.allowedValues", "string", RO, NULL}, {"properties.isDynamicConfig", "boolean", RO, NULL},
    {"properties.isReadOnly", "boolean", RO, NULL}, {"properties.isConfigPendingRestart", "boolean", RO, NULL},
    {"properties.unit", "string", RO, NULL}, {"properties.documentationLink", "string", RO, NULL},
};
static const struct schema_row restart_rows[] = {
    {"restartWithFailover", "boolean", 0, NULL}, {"failoverMode", "string", 0, NULL},
};
static const struct schema_row name_request_rows[] = {
    {"name", "string", REQ, NULL}, {"type", "string", 0, "The resource type, such as Microsoft.DBforPostgreSQL/flexibleServers."},
};
static const struct schema_row name_answer_rows[] = {
    {"name", "string", 0, NULL}, {"type", "string", 0, NULL}, {"nameAvailable", "boolean", 0, NULL},
    {"reason", "Invalid|AlreadyExists", 0, NULL}, {"message", "string", 0, NULL},
};
static const struct schema_row accepted_rows[] = {
    {"operation", "string", 0, "Name of the started operation."}, {"startTime", "date-time", 0, NULL},
};
static const struct schema_row status_rows[] = {
    {"name", "string", REQ, "Id of the operation."}, {"status", "string", REQ, "InProgress, Succeeded, Failed or Canceled."},
    {"id", "string", 0, NULL},
    {"startTime", "date-time", 0, NULL}, {"endTime", "date-time", 0, NULL}, {"percentComplete", "number", 0, NULL},
    {"error.code", "string", 0, NULL}, {"error.message", "string", 0, NULL}, {"properties", "any", 0, NULL},
};
static const struct schema_row group_rows[] = {
    TRACKED_RESOURCE, {"managedBy", "string", 0, NULL}, {"properties.provisioningState", "string", RO, NULL},
};
static const struct schema_row group_patch_rows[] = {
    {"name", "string", 0, NULL}, {"tags", "{}string", 0, NULL}, {"managedBy", "string", 0, NULL}, {"properties", "object", 0, NULL},
};
static const struct schema_row generic_rows[] = {
    PROXY_RESOURCE, {"location", "string", 0, NULL}, {"tags", "{}string", 0, NULL}, {"sku", "object", 0, NULL},
    {"kind", "string", 0, NULL}, {"managedBy", "string", 0, NULL}, {"identity", "object", 0, NULL}, {"plan", "object", 0, NULL},
    {"createdTime", "date-time", RO, NULL}, {"changedTime", "date-time", RO, NULL}, {"provisioningState", "string", RO, NULL},
    {"properties", "object", 0, NULL},
};
static const struct schema_row tags_rows[] = {
    PROXY_RESOURCE, {"operation", "Merge|Replace|Delete", WO, "For PATCH."}, {"properties.tags", "{}string", 0, NULL},
};
static const struct schema_row subscription_rows[] = {
    {"id", "string", 0, NULL}, {"subscriptionId", "string", 0, NULL}, {"tenantId", "string", 0, NULL},
    {"displayName", "string", 0, NULL}, {"state", "string", 0, NULL}, {"authorizationSource", "string", 0, NULL},
    {"subscriptionPolicies", "object", 0, NULL}, {"managedByTenants", "[]object", 0, NULL}, {"tags", "{}string", 0, NULL},
};
static const struct schema_row location_rows[] = {
    {"id", "string", 0, NULL}, {"name", "string", 0, NULL}, {"type", "string", 0, NULL}, {"displayName", "string", 0, NULL},
    {"regionalDisplayName", "string", 0, NULL}, {"metadata", "object", 0, NULL},
    {"availabilityZoneMappings", "[]object", 0, NULL},
};
static const struct schema_row tenant_rows[] = {
    {"id", "string", 0, NULL}, {"tenantId", "string", 0, NULL}, {"tenantCategory", "string", 0, NULL},
    {"displayName", "string", 0, NULL}, {"defaultDomain", "string", 0, NULL}, {"domains", "[]string", 0, NULL},
    {"countryCode", "string", 0, NULL}, {"tenantType", "string", 0, NULL}, {"country", "string", 0, NULL},
    {"tenantBrandingLogoUrl", "string", 0, NULL},
};
static const struct schema_row provider_rows[] = {
    {"id", "string", 0, NULL}, {"namespace", "string", 0, NULL}, {"registrationState", "string", 0, NULL},
    {"registrationPolicy", "string", 0, NULL}, {"resourceTypes", "[]ProviderResourceType", 0, NULL},
};
static const struct schema_row provider_type_rows[] = {
    {"resourceType", "string", 0, NULL}, {"locations", "[]string", 0, NULL}, {"apiVersions", "[]string", 0, "Newest first."},
    {"defaultApiVersion", "string", 0, NULL}, {"capabilities", "string", 0, NULL}, {"zoneMappings", "[]object", 0, NULL},
    {"properties", "object", 0, NULL},
};
static const struct schema_row capability_rows[] = {
    {"name", "string", 0, NULL}, {"supportedServerEditions", "[]object", 0, NULL},
    {"supportedServerVersions", "[]object", 0, "Major versions installed on this machine."},
};
static const struct schema_row operation_rows[] = {
    {"name", "string", 0, NULL}, {"display", "object", 0, NULL}, {"isDataAction", "boolean", 0, NULL},
    {"origin", "string", 0, NULL}, {"properties", "object", 0, NULL},
};
static const struct schema_row deployment_rows[] = {
    PROXY_RESOURCE, {"location", "string", 0, NULL}, {"tags", "{}string", 0, NULL},
    {"properties.template", "object", WO, "The template itself; linked templates are rejected."},
    {"properties.templateLink", "object", WO, NULL},
    {"properties.parameters", "object", 0, "{\"name\": {\"value\": ...}}"},
    {"properties.parametersLink", "object", WO, NULL},
    {"properties.mode", "Incremental|Complete", 0, NULL},
    {"properties.expressionEvaluationOptions", "object", WO, NULL}, {"properties.debugSetting", "object", 0, NULL},
    {"properties.onErrorDeployment", "object", 0, NULL},
    {"properties.templateHash", "string", RO, NULL}, {"properties.provisioningState", "string", RO, NULL},
    {"properties.timestamp", "date-time", RO, NULL}, {"properties.duration", "string", RO, NULL},
    {"properties.correlationId", "string", RO, NULL}, {"properties.providers", "[]object", RO, NULL},
    {"properties.dependencies", "[]object", RO, NULL}, {"properties.outputs", "object", RO, NULL},
    {"properties.outputResources", "[]object", RO, NULL}, {"properties.validatedResources", "[]object", RO, NULL},
    {"properties.error", "ErrorDetail", RO, NULL},
};
static const struct schema_row deployment_operation_rows[] = {
    {"id", "string", RO, NULL}, {"operationId", "string", RO, NULL},
    {"properties.provisioningOperation", "string", RO, NULL}, {"properties.provisioningState", "string", RO, NULL},
    {"properties.timestamp", "date-time", RO, NULL}, {"properties.duration", "string", RO, NULL},
    {"properties.statusCode", "string", RO, NULL}, {"properties.statusMessage", "object", RO, NULL},
    {"properties.targetResource", "object", RO, NULL}, {"properties.serviceRequestId", "string", RO, NULL},
};
static const struct schema_row logged_rows[] = {
    {"number", "integer", 0, "Sequence number, from 1."}, {"time", "date-time", 0, NULL},
    {"operation", "string", 0, "operationId of the route; absent if no route matched."},
    {"method", "string", 0, NULL}, {"path", "string", 0, "Path without the query."}, {"apiVersion", "string", 0, NULL},
    {"status", "integer", 0, NULL}, {"durationMs", "number", 0, NULL}, {"sent", "boolean", 0, "The client received the whole answer."},
    {"requestId", "string", 0, NULL}, {"correlationRequestId", "string", 0, NULL}, {"clientRequestId", "string", 0, NULL},
    {"notUnderstood", "[]NotUnderstood", 0, NULL},
};
static const struct schema_row noted_rows[] = {
    {"path", "string", 0, "The property that Malachite ignored."}, {"reason", "unknown|misplaced", 0, NULL},
    {"belongs", "string", 0, "Path at which Malachite supports this property."},
};
static const struct schema_row log_rows[] = {
    {"count", "integer", 0, "Entries that pass the filters."}, {"total", "integer", 0, "Requests so far."},
    {"evicted", "integer", 0, "Requests that are no longer stored."}, {"capacity", "integer", 0, NULL},
    {"value", "[]LoggedRequest", 0, "Newest first."},
};
static const struct schema_row own_migration_rows[] = {
    {"migrationId", "string", 0, NULL}, {"name", "string", 0, NULL}, {"id", "string", 0, NULL},
    {"targetServer", "string", 0, NULL}, {"source", "string", 0, NULL}, {"state", "string", 0, NULL},
    {"substate", "string", 0, NULL}, {"error", "string", 0, NULL}, {"createdAt", "date-time", 0, NULL},
    {"endedAt", "date-time", 0, NULL}, {"deleted", "boolean", 0, NULL}, {"databases", "[]object", 0, NULL},
    {"events", "[]object", 0, NULL}, {"tables", "[]object", 0, NULL},
};
static const struct schema_row evidence_rows[] = {
    {"migrationId", "string", 0, NULL}, {"name", "string", 0, NULL}, {"databases", "[]DatabaseEvidence", 0, "Databases that were cut over."},
};
static const struct schema_row database_evidence_rows[] = {
    {"name", "string", 0, NULL}, {"takenOn", "date-time", 0, NULL},
    {"positionAtTrigger", "string", 0, "WAL position of the source; all earlier commits were applied."},
    {"positionApplied", "string", 0, NULL},
    {"sourceQuiet", "boolean", 0, "Nothing was written to the source since then: the row counts must be equal."},
    {"tables", "[]TableEvidence", 0, NULL}, {"sequences", "[]SequenceEvidence", 0, NULL},
    {"losses", "[]string", 0, "Data that differs from the source, or could not be compared. The migration failed."},
    {"warnings", "[]string", 0, "Objects that were not migrated, without loss of data."}, {"notes", "[]string", 0, NULL},
};
static const struct schema_row table_evidence_rows[] = {
    {"schema", "string", 0, NULL}, {"name", "string", 0, NULL},
    {"sourceRows", "integer", 0, "null: not counted within --evidence-ms."}, {"targetRows", "integer", 0, NULL},
};
static const struct schema_row sequence_evidence_rows[] = {
    {"schema", "string", 0, NULL}, {"name", "string", 0, NULL}, {"sourceValue", "integer", 0, NULL},
    {"targetValue", "integer", 0, NULL},
};
static const struct schema_row health_rows[] = {
    {"status", "string", 0, NULL}, {"version", "string", 0, NULL}, {"uptimeSeconds", "integer", 0, NULL},
};

static const struct schema_row application_rows[] = {
    {"displayName", "string", 0, NULL}, {"appId", "string", 0, "Client id of the application."}, {"tenantId", "string", 0, NULL},
    {"auth", "none|any|strict", 0, "Required authentication (--auth)."},
};
static const struct schema_row connection_rows[] = {
    {"server", "string", REQ, "Resource id, or host:port@user."}, {"password", "string", REQ | WO, NULL},
    {"login", "string", 0, "Default: the server's administrator."},
};
static const struct schema_row connection_database_rows[] = {
    {"name", "string", 0, NULL}, {"charset", "string", 0, NULL}, {"collation", "string", 0, NULL},
};
static const struct schema_row connection_result_rows[] = {
    {"version", "string", 0, "Server version, such as 15.18."}, {"login", "string", 0, NULL},
    {"databases", "[]ConnectionDatabase", 0, "Databases that can be migrated."},
};

#define SCHEMA(name, rows, text) {name, text, rows, ARRAY_LEN(rows)}
const struct schema schemas[] = {
    SCHEMA("Error", error_rows, "The format of all errors."),
    SCHEMA("ErrorDetail", error_detail_rows, NULL),
    SCHEMA("ValidationDetails", validation_rows, NULL),
    SCHEMA("ValidationItem", validation_item_rows, NULL),
    SCHEMA("ValidationMessage", validation_message_rows, NULL),
    SCHEMA("ValidationDatabase", validation_database_rows, NULL),
    SCHEMA("FlexibleServer", flexible_rows, "A flexible server; the tags malachite.host and malachite.port attach an existing PostgreSQL."),
    SCHEMA("FlexibleServerPatch", flexible_patch_rows, NULL),
    SCHEMA("SingleServer", single_rows, "A single server; the tags malachite.host and malachite.port attach an existing PostgreSQL."),
    SCHEMA("SingleServerPatch", flexible_patch_rows, NULL),
    SCHEMA("Database", database_rows, NULL),
    SCHEMA("FirewallRule", rule_rows, NULL),
    SCHEMA("Configuration", configuration_rows, NULL),
    SCHEMA("Restart", restart_rows, NULL),
    SCHEMA("NameQuestion", name_request_rows, NULL),
    SCHEMA("NameAnswer", name_answer_rows, NULL),
    SCHEMA("AcceptedOperation", accepted_rows, "Poll Azure-AsyncOperation: this body does not change."),
    SCHEMA("OperationStatus", status_rows, NULL),
    SCHEMA("ResourceGroup", group_rows, NULL),
    SCHEMA("ResourceGroupPatch", group_patch_rows, NULL),
    SCHEMA("GenericResource", generic_rows, NULL),
    SCHEMA("Tags", tags_rows, NULL),
    SCHEMA("Subscription", subscription_rows, NULL),
    SCHEMA("Location", location_rows, NULL),
    SCHEMA("Tenant", tenant_rows, NULL),
    SCHEMA("Provider", provider_rows, NULL),
    SCHEMA("ProviderResourceType", provider_type_rows, NULL),
    SCHEMA("Capability", capability_rows, NULL),
    SCHEMA("Operation", operation_rows, NULL),
    SCHEMA("Deployment", deployment_rows, "A template that was deployed. Secure parameters are never shown."),
    SCHEMA("DeploymentOperation", deployment_operation_rows, NULL),
    SCHEMA("LoggedRequest", logged_rows, NULL),
    SCHEMA("NotUnderstood", noted_rows, NULL),
    SCHEMA("RequestLog", log_rows, NULL),
    SCHEMA("MigrationDetail", own_migration_rows, "A migration with details that the service's answers lack."),
    SCHEMA("MigrationEvidence", evidence_rows, "Comparison of source and target at the cutover."),
    SCHEMA("DatabaseEvidence", database_evidence_rows, NULL),
    SCHEMA("TableEvidence", table_evidence_rows, NULL),
    SCHEMA("SequenceEvidence", sequence_evidence_rows, NULL),
    SCHEMA("Health", health_rows, NULL),
    SCHEMA("Application", application_rows, NULL),
    SCHEMA("Connection", connection_rows, "A server resource by its id, or any other server by host and port."),
    SCHEMA("ConnectionResult", connection_result_rows, NULL),
    SCHEMA("ConnectionDatabase", connection_database_rows, NULL),
};
/* clang-format on */
const size_t schema_count = ARRAY_LEN(schemas);

/* SPDX-License-Identifier: MIT */
/*
 * What is true of the server comes from its row; what a client may configure on the real service is shown as
 * it was given, or with the service's defaults. The rows are in the order of recorded answers.
 */
#include "handlers/servers/server_description_private.h"

#include "core/attr.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/api_version.h"
#include "handlers/arm/resource_fields.h"
#include "handlers/servers/servers.h"
#include "handlers/servers/values/resource_view.h"
#include "handlers/servers/values/server_values.h"

/* ---- reading ---------------------------------------------------------------------------------------------
 */

static int read_location(const struct property *row, json_t *value, const char *path, struct err *err,
                         void *record)
{
    (void)path;
    return location_read(value, err, property_member(row, record));
}

static int read_tags(const struct property *row, json_t *value, const char *path, struct err *err,
                     void *record)
{
    char **tags = property_member(row, record);
    (void)path;
    free_at_scope_end(tags);
    *tags = NULL;
    return tags_read(value, err, tags);
}

static int read_sku(const struct property *row, json_t *value, const char *path, struct err *err,
                    void *record)
{
    (void)path;
    if (!json_is_object(value)) {
        return field_wrong_type(value, row->path, "an object", err);
    }
    *(json_t **)property_member(row, record) = value;
    return 0;
}

static const struct property_type type_location = {.schema = "string", .read = read_location};
static const struct property_type type_tags = {
    .schema = "{}string", .read = read_tags, .write = server_write_tags};
static const struct property_type type_sku = {
    .schema = "object", .read = read_sku, .write = server_write_sku};

/* ---- the properties --------------------------------------------------------------------------------------
 */

/* clang-format off */
#define RO       ACCESS_SHOWN
#define WO       (ACCESS_PUT | ACCESS_PATCH)
#define RW       (ACCESS_PUT | ACCESS_PATCH | ACCESS_SHOWN)
#define REQ      (RW | ACCESS_REQUIRED)
#define DOC      PROPERTY_DOC
#define IN(member)      .field = offsetof(struct server_request, member)
#define TEXT(member)    .type = &type_string, IN(member)
#define SETTING         .type = &type_setting_object, IN(settings)
#define SETTING_TEXT(v) .type = &type_setting_text, IN(settings), .standard = "\"" v "\""
#define SINCE_2022_03   .since = API_DATE(2022, 3, 8)
#define SINCE_2023_03   .since = API_DATE(2023, 3, 1)
#define SINCE_2023_06   .since = API_DATE(2023, 6, 1)
#define SINCE_2024_11   .since = API_DATE(2024, 11, 1)
#define SINCE_2026_07   .since = API_DATE(2026, 7, 1)
#define SWITCH          "Enabled|Disabled"
#define P               "properties."

static const struct property flexible_rows[] = {
    {"sku", NULL, RW, NULL, .type = &type_sku, IN(sku)},
    DOC("sku.name", "string", RW, "Compute size, such as Standard_D4ds_v5."),
    DOC("sku.tier", "Burstable|GeneralPurpose|MemoryOptimized", RW, NULL),
    {"systemData.createdAt", "date-time", RO, NULL, .write = server_write_created_at},
    {P "storage", NULL, RW, NULL, SETTING},
    {P "storage.type", "string", RW, NULL, .standard = "\"Premium_LRS\"", SINCE_2023_06},
    {P "storage.iops", "integer", RW, "Default: that of the size.", .write = server_write_storage_iops, SINCE_2023_03},
    {P "storage.tier", "string", RW, "Performance tier, such as P10; default: that of the size.", .write = server_write_storage_tier, SINCE_2023_03},
    {P "storage.storageSizeGB", "integer", RW, NULL, .standard = SERVER_STORAGE_TEXT},
    {P "storage.autoGrow", SWITCH, RW, NULL, .standard = "\"Disabled\"", SINCE_2023_03},
    {P "storage.throughput", "integer", RW, NULL, SINCE_2023_06},
    {P "backup", NULL, RW, NULL, SETTING},
    {P "backup.immutableBackup", SWITCH, RW, NULL, .standard = "\"Disabled\"", SINCE_2026_07},
    {P "backup.backupRetentionDays", "integer", RW, NULL, .standard = "7"},
    {P "backup.geoRedundantBackup", SWITCH, RW, NULL, .standard = "\"Disabled\""},
    DOC(P "backup.earliestRestoreDate", "date-time", RO, NULL),
    {P "fipsMode", SWITCH, RW, NULL, SETTING_TEXT("Disabled"), SINCE_2026_07},
    {P "dataEncryption", NULL, RW, NULL, SETTING, SINCE_2022_03},
    {P "dataEncryption.type", "string", RW, NULL, .standard = "\"SystemManaged\""},
    DOC(P "dataEncryption.primaryKeyURI", "string", RW, NULL),
    DOC(P "dataEncryption.primaryUserAssignedIdentityId", "string", RW, NULL),
    DOC(P "dataEncryption.geoBackupKeyURI", "string", RW, NULL),
    DOC(P "dataEncryption.geoBackupUserAssignedIdentityId", "string", RW, NULL),
    {P "replica", "object", RW, NULL, .write = server_write_replica, SINCE_2023_06},
    {P "network", NULL, RW, NULL, SETTING},
    {P "network.publicNetworkAccess", SWITCH, RW, NULL, .standard = "\"Enabled\""},
    DOC(P "network.delegatedSubnetResourceId", "string", RW, NULL),
    DOC(P "network.privateDnsZoneArmResourceId", "string", RW, NULL),
    {P "privateEndpointConnections", "[]PrivateEndpointConnection", RO, NULL, .write = server_write_connections, SINCE_2023_06},
    {P "authConfig", NULL, RW, NULL, SETTING, SINCE_2022_03},
    {P "authConfig.activeDirectoryAuth", SWITCH, RW, NULL, .standard = "\"Disabled\""},
    {P "authConfig.passwordAuth", SWITCH, RW, NULL, .standard = "\"Enabled\""},
    DOC(P "authConfig.tenantId", "string", RW, NULL),
    {P "fullyQualifiedDomainName", "string", RO, "Host name or address for clients.", .write = server_write_host},
    {P "port", "integer", RO, "Port, if it is not 5432 (Malachite's own).", .write = server_write_port},
    {P "version", NULL, RW, "Major version of PostgreSQL.", TEXT(version), .write = server_write_version},
    {P "minorVersion", "string", RO, NULL, .write = server_write_minor},
    {P "administratorLogin", NULL, RW, "Role that administers the server.", TEXT(login), .write = server_write_login},
    {P "administratorLoginPassword", NULL, WO | ACCESS_SECRET, "Password of the administrator.", TEXT(password)},
    {P "state", "string", RO, "Ready, Stopped, Updating, ...", .write = server_write_state},
    {P "stateMessage", "string", RO, "Why a server is Inaccessible (Malachite's own).", .write = server_write_message},
    {P "availabilityZone", NULL, RW, NULL, SETTING_TEXT("1")},
    {P "highAvailability", NULL, RW, NULL, SETTING},
    {P "highAvailability.mode", "string", RW, "Disabled, ZoneRedundant or SameZone.", .standard = "\"Disabled\""},
    {P "highAvailability.state", "string", RO, NULL, .write = server_write_standby_state},
    DOC(P "highAvailability.standbyAvailabilityZone", "string", RW, NULL),
    {P "maintenanceWindow", NULL, RW, NULL, SETTING},
    {P "maintenanceWindow.customWindow", SWITCH, RW, NULL, .standard = "\"Disabled\""},
    {P "maintenanceWindow.dayOfWeek", "integer", RW, NULL, .standard = "0"},
    {P "maintenanceWindow.startHour", "integer", RW, NULL, .standard = "0"},
    {P "maintenanceWindow.startMinute", "integer", RW, NULL, .standard = "0"},
    {P "replicationRole", NULL, RW, NULL, SETTING_TEXT("Primary"), SINCE_2022_03},
    {P "replicaCapacity", "integer", RO, NULL, .write = server_write_zero, SINCE_2022_03},
    {P "cluster", NULL, RW, NULL, .type = &type_setting_any, IN(settings), SINCE_2024_11},
    DOC(P "cluster.clusterSize", "integer", RW, NULL),
    DOC(P "cluster.defaultDatabaseName", "string", RW, NULL),
    {P "createMode", "Default|Create|Update|PointInTimeRestore|GeoRestore|Replica|ReviveDropped", WO, NULL, TEXT(mode)},
    DOC(P "sourceServerResourceId", "string", ACCESS_PUT, NULL),
    DOC(P "pointInTimeUTC", "date-time", ACCESS_PUT, NULL),
    {"tags", NULL, RW, NULL, .type = &type_tags, IN(tags)},
    {"location", NULL, REQ, "Region, as name or display name.", .type = &type_location, IN(location), .write = server_write_display_location},
    DOC("identity", "object", RW, NULL),
    {"id", "string", RO, "Resource id.", .write = server_write_id},
    {"name", "string", RO, NULL, .write = server_write_name},
    {"type", "string", RO, NULL, .write = server_write_type},
};

static const struct property single_rows[] = {
    {"sku", NULL, RW, NULL, .type = &type_sku, IN(sku)},
    DOC("sku.name", "string", RW, "SKU, such as GP_Gen5_2."),
    DOC("sku.tier", "Basic|GeneralPurpose|MemoryOptimized", RW, NULL),
    DOC("sku.capacity", "integer", RW, NULL), DOC("sku.size", "string", RW, NULL), DOC("sku.family", "string", RW, NULL),
    {P "administratorLogin", NULL, RW, NULL, TEXT(login), .write = server_write_login},
    {P "administratorLoginPassword", NULL, WO | ACCESS_SECRET, NULL, TEXT(password)},
    {P "createMode", "Default|PointInTimeRestore|GeoRestore|Replica", WO, NULL, TEXT(mode)},
    {P "storageProfile", NULL, RW, NULL, SETTING},
    {P "storageProfile.storageMB", "integer", RW, NULL, .standard = "131072"},
    {P "storageProfile.backupRetentionDays", "integer", RW, NULL, .standard = "7"},
    {P "storageProfile.geoRedundantBackup", SWITCH, RW, NULL, .standard = "\"Disabled\""},
    {P "storageProfile.storageAutogrow", SWITCH, RW, NULL, .standard = "\"Disabled\""},
    {P "version", NULL, RW, NULL, TEXT(version), .write = server_write_version},
    {P "sslEnforcement", SWITCH, RW, NULL, SETTING_TEXT("Disabled")},
    {P "minimalTlsVersion", NULL, RW, NULL, SETTING_TEXT("TLSEnforcementDisabled")},
    {P "userVisibleState", "Ready|Dropping|Disabled|Inaccessible", RO, NULL, .write = server_write_visible_state},
    {P "stateMessage", "string", RO, "Why a server is Inaccessible (Malachite's own).", .write = server_write_message},
    {P "fullyQualifiedDomainName", "string", RO, NULL, .write = server_write_host},
    {P "port", "integer", RO, "Port, if it is not 5432 (Malachite's own).", .write = server_write_port},
    {P "earliestRestoreDate", "date-time", RO, NULL, .write = server_write_created},
    {P "replicationRole", NULL, RW, NULL, SETTING_TEXT("None")},
    {P "masterServerId", NULL, RW, NULL, SETTING_TEXT("")},
    {P "replicaCapacity", "integer", RO, NULL, .write = server_write_zero},
    {P "byokEnforcement", NULL, RW, NULL, SETTING_TEXT("Disabled")},
    {P "infrastructureEncryption", NULL, RW, NULL, SETTING_TEXT("Disabled")},
    {P "publicNetworkAccess", NULL, RW, NULL, SETTING_TEXT("Enabled")},
    {P "privateEndpointConnections", "[]PrivateEndpointConnection", RO, NULL, .write = server_write_connections},
    {"tags", NULL, RW, NULL, .type = &type_tags, IN(tags)},
    {"location", NULL, REQ, "Region, as name or display name.", .type = &type_location, IN(location), .write = server_write_location},
    DOC("identity", "object", RW, NULL),
    {"id", "string", RO, "Resource id.", .write = server_write_id},
    {"name", "string", RO, NULL, .write = server_write_name},
    {"type", "string", RO, NULL, .write = server_write_type},
};

enum { FLEXIBLE, FLEXIBLE_PATCH, SINGLE, SINGLE_PATCH };
const struct description server_descriptions[] = {
    [FLEXIBLE] = DESCRIPTION("FlexibleServer", flexible_rows, "A flexible server; the tags malachite.host and malachite.port attach an existing PostgreSQL."),
    [FLEXIBLE_PATCH] = DESCRIPTION_PART("FlexibleServerPatch", flexible_rows, NULL, ACCESS_PATCH),
    [SINGLE] = DESCRIPTION("SingleServer", single_rows, "A single server; the tags malachite.host and malachite.port attach an existing PostgreSQL."),
    [SINGLE_PATCH] = DESCRIPTION_PART("SingleServerPatch", single_rows, NULL, ACCESS_PATCH),
};
/* clang-format on */
const size_t server_description_count = ARRAY_LEN(server_descriptions);
_Static_assert(ARRAY_LEN(flexible_rows) <= PROPERTIES_MAX,
               "more properties than properties_read() remembers");

const struct description *server_description(enum server_kind kind)
{
    return &server_descriptions[kind == SERVER_FLEXIBLE ? FLEXIBLE : SINGLE];
}

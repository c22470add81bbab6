/* SPDX-License-Identifier: MIT */
/*
 * The server's actual properties come from its row; properties that a client may only configure on the
 * real service are shown as given, or with the service's defaults. The rows are in the order of recorded
 * responses.
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
#include "handlers/servers/values/value_check.h"

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

/* Null means no tags at all. */
static int clear_tags(const struct property *row, struct err *err, void *record)
{
    char **tags = property_member(row, record);
    free_at_scope_end(tags);
    *tags = str_dup("{}");
    return *tags == NULL ? err_no_memory(err) : 0;
}

static int read_sku(const struct property *row, json_t *value, const char *path, struct err *err,
                    void *record)
{
    json_t **sku = property_member(row, record);
    (void)path;
    json_decref(*sku);
    *sku = NULL;
    return object_check(row, value, err, sku);
}

/* Checked and then ignored: it has a meaning only in create modes that are refused. */
static int read_unused(const struct property *row, json_t *value, const char *path, struct err *err,
                       void *record)
{
    json_auto_t *ignored = NULL;
    (void)path;
    (void)record;
    return value_check(row, value, err, &ignored);
}

static const struct property_type type_unused = {.read = read_unused};
static const struct property_type type_location = {.schema = "string", .read = read_location};
static const struct property_type type_tags = {
    .schema = "{}string", .read = read_tags, .clear = clear_tags, .write = server_write_tags};
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
#define TIERS           "P1|P2|P3|P4|P6|P10|P15|P20|P30|P40|P50|P60|P70|P80"
#define ROLES           "None|Primary|AsyncReplica|GeoAsyncReplica"
#define RANGE(a, b)     .least = (a), .most = (b)
#define COUNT           RANGE(0, INT32_MAX)
#define IDENTITIES      "None|SystemAssigned|UserAssigned|SystemAssigned,UserAssigned|SystemAssigned, UserAssigned"
#define IDENTITY                                                                                             \
    {"identity", NULL, RW, NULL, SETTING},                                                                   \
    DOC("identity.type", IDENTITIES, RW, NULL), DOC("identity.principalId", "uuid", RO, NULL),               \
    DOC("identity.tenantId", "uuid", RO, NULL), DOC("identity.userAssignedIdentities", "{}object", RW, NULL)
#define P               "properties."

static const struct property flexible_rows[] = {
    {"sku", NULL, RW, NULL, .type = &type_sku, IN(sku)},
    DOC("sku.name", "string", RW, "Compute size, such as Standard_D4ds_v5."),
    DOC("sku.tier", "Burstable|GeneralPurpose|MemoryOptimized", RW, NULL),
    {"systemData.createdAt", "date-time", RO, NULL, .write = server_write_created_at},
    {P "storage", NULL, RW, NULL, SETTING},
    {P "storage.type", "Premium_LRS|PremiumV2_LRS|UltraSSD_LRS", RW, NULL, .standard = "\"Premium_LRS\"", SINCE_2023_06},
    {P "storage.iops", "integer", RW, "Default: that of the size.", .write = server_write_storage_iops, COUNT, SINCE_2023_03},
    {P "storage.tier", TIERS, RW, "Performance tier, such as P10; default: that of the size.", .write = server_write_storage_tier, SINCE_2023_03},
    {P "storage.storageSizeGB", "integer", RW, NULL, .standard = SERVER_STORAGE_TEXT, RANGE(32, 65536)},
    {P "storage.autoGrow", SWITCH, RW, NULL, .standard = "\"Disabled\"", SINCE_2023_03},
    {P "storage.throughput", "integer", RW, NULL, COUNT, SINCE_2023_06},
    {P "backup", NULL, RW, NULL, SETTING},
    {P "backup.immutableBackup", SWITCH, RW, NULL, .standard = "\"Disabled\"", SINCE_2026_07},
    {P "backup.backupRetentionDays", "integer", RW, NULL, .standard = "7", RANGE(7, 35)},
    {P "backup.geoRedundantBackup", SWITCH, RW, NULL, .standard = "\"Disabled\""},
    DOC(P "backup.earliestRestoreDate", "date-time", RO, NULL),
    {P "fipsMode", SWITCH, RW, NULL, SETTING_TEXT("Disabled"), SINCE_2026_07},
    {P "dataEncryption", NULL, RW, NULL, SETTING, SINCE_2022_03},
    {P "dataEncryption.type", "SystemManaged|AzureKeyVault", RW, NULL, .standard = "\"SystemManaged\""},
    DOC(P "dataEncryption.primaryKeyURI", "string", RW, NULL),
    DOC(P "dataEncryption.primaryUserAssignedIdentityId", "string", RW, NULL),
    DOC(P "dataEncryption.primaryFederatedIdentityClientId", "uuid", RW, NULL),
    DOC(P "dataEncryption.primaryEncryptionKeyStatus", "Valid|Invalid", RO, NULL),
    DOC(P "dataEncryption.geoBackupKeyURI", "string", RW, NULL),
    DOC(P "dataEncryption.geoBackupUserAssignedIdentityId", "string", RW, NULL),
    DOC(P "dataEncryption.geoBackupFederatedIdentityClientId", "uuid", RW, NULL),
    DOC(P "dataEncryption.geoBackupEncryptionKeyStatus", "Valid|Invalid", RO, NULL),
    {P "replica", NULL, RW, NULL, SETTING, SINCE_2023_06},
    {P "replica.role", ROLES, RW, NULL, .standard = "\"Primary\""},
    {P "replica.capacity", "integer", RO, NULL, .write = server_write_zero, SINCE_2023_06},
    DOC(P "replica.replicationState", "string", RO, NULL),
    DOC(P "replica.promoteMode", "Standalone|Switchover", RW, NULL),
    DOC(P "replica.promoteOption", "Planned|Forced", RW, NULL),
    {P "network", NULL, RW, NULL, SETTING},
    {P "network.publicNetworkAccess", SWITCH, RW, NULL, .standard = "\"Enabled\""},
    DOC(P "network.delegatedSubnetResourceId", "string", RW, NULL),
    DOC(P "network.privateDnsZoneArmResourceId", "string", RW, NULL),
    {P "privateEndpointConnections", "[]PrivateEndpointConnection", RO, NULL, .write = server_write_connections, SINCE_2023_06},
    {P "authConfig", NULL, RW, NULL, SETTING, SINCE_2022_03},
    {P "authConfig.activeDirectoryAuth", SWITCH, RW, NULL, .standard = "\"Disabled\""},
    {P "authConfig.passwordAuth", SWITCH, RW, NULL, .standard = "\"Enabled\""},
    DOC(P "authConfig.tenantId", "uuid", RW, NULL),
    {P "fullyQualifiedDomainName", "string", RO, "Host name or address for clients.", .write = server_write_host},
    {P "port", "integer", RO, "Port, if it is not 5432 (Malachite's own).", .write = server_write_port},
    {P "version", NULL, RW, "Major version of PostgreSQL.", TEXT(version), .write = server_write_version},
    {P "minorVersion", "string", RO, NULL, .write = server_write_minor},
    {P "administratorLogin", NULL, RW, "Role that administers the server.", TEXT(login), .write = server_write_login},
    {P "administratorLoginPassword", NULL, WO | ACCESS_SECRET, "Password of the administrator.", TEXT(password)},
    {P "state", "string", RO, "Ready, Stopped, Updating, ...", .write = server_write_state},
    {P "stateMessage", "string", RO, "Why a server is Inaccessible (Malachite's own).", .write = server_write_message},
    {P "availabilityZone", NULL, RW, NULL, SETTING_TEXT("")},
    {P "highAvailability", NULL, RW, NULL, SETTING},
    {P "highAvailability.mode", "Disabled|ZoneRedundant|SameZone", RW, NULL, .standard = "\"Disabled\""},
    {P "highAvailability.state", "string", RO, NULL, .write = server_write_standby_state},
    DOC(P "highAvailability.standbyAvailabilityZone", "string", RW, NULL),
    {P "maintenanceWindow", NULL, RW, NULL, SETTING},
    {P "maintenanceWindow.customWindow", SWITCH, RW, NULL, .standard = "\"Disabled\""},
    {P "maintenanceWindow.dayOfWeek", "integer", RW, NULL, .standard = "0", RANGE(0, 6)},
    {P "maintenanceWindow.startHour", "integer", RW, NULL, .standard = "0", RANGE(0, 23)},
    {P "maintenanceWindow.startMinute", "integer", RW, NULL, .standard = "0", RANGE(0, 59)},
    {P "replicationRole", ROLES, RW, NULL, SETTING_TEXT("Primary"), SINCE_2022_03},
    {P "replicaCapacity", "integer", RO, NULL, .write = server_write_zero, SINCE_2022_03},
    {P "cluster", NULL, RW, NULL, SETTING, SINCE_2024_11},
    {P "cluster.clusterSize", "integer", RW, NULL, RANGE(0, 100)},
    DOC(P "cluster.defaultDatabaseName", "string", RW, NULL),
    {P "createMode", "Default|Create|Update|PointInTimeRestore|GeoRestore|Replica|ReviveDropped", WO, NULL, TEXT(mode)},
    {P "sourceServerResourceId", "string", ACCESS_PUT, NULL, .type = &type_unused},
    {P "pointInTimeUTC", "date-time", ACCESS_PUT, NULL, .type = &type_unused},
    {"tags", NULL, RW, NULL, .type = &type_tags, IN(tags)},
    {"location", NULL, REQ, "Region, as name or display name.", .type = &type_location, IN(location), .write = server_write_display_location},
    IDENTITY,
    {"id", "string", RO, "Resource id.", .write = server_write_id},
    {"name", "string", RO, NULL, .write = server_write_name},
    {"type", "string", RO, NULL, .write = server_write_type},
};

static const struct property single_rows[] = {
    {"sku", NULL, RW, NULL, .type = &type_sku, IN(sku)},
    DOC("sku.name", "string", RW, "SKU, such as GP_Gen5_2."),
    DOC("sku.tier", "Basic|GeneralPurpose|MemoryOptimized", RW, NULL),
    {"sku.capacity", "integer", RW, NULL, COUNT}, DOC("sku.size", "string", RW, NULL), DOC("sku.family", "string", RW, NULL),
    {P "administratorLogin", NULL, RW, NULL, TEXT(login), .write = server_write_login},
    {P "administratorLoginPassword", NULL, WO | ACCESS_SECRET, NULL, TEXT(password)},
    {P "createMode", "Default|PointInTimeRestore|GeoRestore|Replica", WO, NULL, TEXT(mode)},
    {P "sourceServerId", "string", ACCESS_PUT, NULL, .type = &type_unused},
    {P "restorePointInTime", "date-time", ACCESS_PUT, NULL, .type = &type_unused},
    {P "storageProfile", NULL, RW, NULL, SETTING},
    {P "storageProfile.storageMB", "integer", RW, NULL, .standard = "131072", RANGE(5120, 16777216)},
    {P "storageProfile.backupRetentionDays", "integer", RW, NULL, .standard = "7", RANGE(7, 35)},
    {P "storageProfile.geoRedundantBackup", SWITCH, RW, NULL, .standard = "\"Disabled\""},
    {P "storageProfile.storageAutogrow", SWITCH, RW, NULL, .standard = "\"Disabled\""},
    {P "version", NULL, RW, NULL, TEXT(version), .write = server_write_version},
    {P "sslEnforcement", SWITCH, RW, NULL, SETTING_TEXT("Disabled")},
    {P "minimalTlsVersion", "TLS1_0|TLS1_1|TLS1_2|TLSEnforcementDisabled", RW, NULL, SETTING_TEXT("TLSEnforcementDisabled")},
    {P "userVisibleState", "Ready|Dropping|Disabled|Inaccessible", RO, NULL, .write = server_write_visible_state},
    {P "stateMessage", "string", RO, "Why a server is Inaccessible (Malachite's own).", .write = server_write_message},
    {P "fullyQualifiedDomainName", "string", RO, NULL, .write = server_write_host},
    {P "port", "integer", RO, "Port, if it is not 5432 (Malachite's own).", .write = server_write_port},
    {P "earliestRestoreDate", "date-time", RO, NULL, .write = server_write_created},
    {P "replicationRole", NULL, RW, NULL, SETTING_TEXT("None")},
    {P "masterServerId", NULL, RW, NULL, SETTING_TEXT("")},
    {P "replicaCapacity", "integer", RO, NULL, .write = server_write_zero},
    {P "byokEnforcement", NULL, RW, NULL, SETTING_TEXT("Disabled")},
    {P "infrastructureEncryption", SWITCH, RW, NULL, SETTING_TEXT("Disabled")},
    {P "publicNetworkAccess", SWITCH, RW, NULL, SETTING_TEXT("Enabled")},
    {P "privateEndpointConnections", "[]PrivateEndpointConnection", RO, NULL, .write = server_write_connections},
    {"tags", NULL, RW, NULL, .type = &type_tags, IN(tags)},
    {"location", NULL, REQ, "Region, as name or display name.", .type = &type_location, IN(location), .write = server_write_location},
    IDENTITY,
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

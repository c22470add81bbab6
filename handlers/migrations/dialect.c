/* SPDX-License-Identifier: MIT */
/*
 * The tables. Sources: the published specifications of each version and recordings of the real service; the
 * order of the rows is the order of the real service's answers.
 */
#include "handlers/migrations/dialect.h"

#include <string.h>

#include "core/attr.h"
#include "core/str.h"

/* clang-format off */
#define FEATURES_A  (DIALECT_MODE_FROM_CUTOVER | DIALECT_NEEDS_DATA_MIGRATION)
#define FEATURES_C  DIALECT_LOCATION_REQUIRED
#define FEATURES_C2 (FEATURES_C | DIALECT_DETAILS)
#define FEATURES_D  (FEATURES_C2 | DIALECT_DELETE_ANSWERS)

/* Newest first. */
static const struct dialect dialects[] = {
    {"2026-07-01-preview",        FAMILY_D,  FEATURES_D},
    {"2026-04-01-preview",        FAMILY_D,  FEATURES_D},
    {"2026-01-01-preview",        FAMILY_D,  FEATURES_D},
    {"2025-08-01",                FAMILY_D,  FEATURES_D},
    {"2025-06-01-preview",        FAMILY_D,  FEATURES_D},
    {"2025-01-01-preview",        FAMILY_C4, FEATURES_C2},
    {"2024-11-01-preview",        FAMILY_C4, FEATURES_C2},
    {"2024-08-01",                FAMILY_C3, FEATURES_C2},
    {"2024-03-01-preview",        FAMILY_C3, FEATURES_C2},
    {"2023-12-01-preview",        FAMILY_C3, FEATURES_C2},
    {"2023-06-01-preview",        FAMILY_C2, FEATURES_C2},
    {"2023-03-01-preview",        FAMILY_C,  FEATURES_C},
    {"2022-05-01-privatepreview", FAMILY_BP, 0},
    {"2022-05-01-preview",        FAMILY_B,  FEATURES_C | DIALECT_SECRETS_OPTIONAL},
    {"2021-06-15-privatepreview", FAMILY_A,  FEATURES_A},
};

#define FIELD(member) (unsigned)offsetof(struct migration_spec, member)
#define PUT      (ACCESS_PUT | ACCESS_SHOWN)
#define BOTH     (ACCESS_PUT | ACCESS_PATCH | ACCESS_SHOWN)
#define ALIAS    (ACCESS_PUT | ACCESS_PATCH)                 /* a spelling that is only understood */
#define SECRET   (ACCESS_PUT | ACCESS_PATCH | ACCESS_SECRET)
#define READ     ACCESS_SHOWN

const struct property dialect_properties[] = {
    {"migrationId",            KIND_RUN_ID,        0, READ, FAMILY_A,  FAMILY_D},
    {"migrationName",          KIND_NAME,          0, READ, FAMILY_A,  FAMILY_BP},
    {"migrationDetailsLevel",  KIND_DETAILS_LEVEL, 0, READ, FAMILY_A,  FAMILY_A},
    {"migrationDetailsLevel",  KIND_DETAILS_LEVEL, 0, READ, FAMILY_B,  FAMILY_B},
    {"currentStatus",          KIND_STATUS,        0, READ, FAMILY_A,  FAMILY_D},
    {"migrationInstanceResourceId",  KIND_TEXT, FIELD(runtime_server_id), PUT, FAMILY_C3, FAMILY_D},
    {"migrationRuntimeResourceId",   KIND_TEXT, FIELD(runtime_server_id), ACCESS_PUT, FAMILY_C3, FAMILY_D},
    {"migrationMode",                KIND_MODE, FIELD(mode),              PUT, FAMILY_BP, FAMILY_D},
    {"migrationWindowEndTimeInUtc",  KIND_TIME, FIELD(window_end_us),     PUT, FAMILY_C,  FAMILY_D},
    {"sourceDBServerResourceId",     KIND_TEXT, FIELD(source_server_id),  PUT, FAMILY_A,  FAMILY_B},
    {"sourceDbServerResourceId",     KIND_TEXT, FIELD(source_server_id),  PUT, FAMILY_C,  FAMILY_D},
    {"sourceDBServerFullyQualifiedDomainName", KIND_TEXT, FIELD(source_fqdn), PUT, FAMILY_BP, FAMILY_B},
    {"sourceDbServerFullyQualifiedDomainName", KIND_TEXT, FIELD(source_fqdn), PUT, FAMILY_C,  FAMILY_D},
    {"targetDBServerResourceId",     KIND_TARGET_ID, 0, READ, FAMILY_A, FAMILY_B},
    {"targetDbServerResourceId",     KIND_TARGET_ID, 0, READ, FAMILY_C, FAMILY_D},
    {"targetDBServerFullyQualifiedDomainName", KIND_TEXT, FIELD(target_fqdn), PUT, FAMILY_BP, FAMILY_B},
    {"targetDbServerFullyQualifiedDomainName", KIND_TEXT, FIELD(target_fqdn), PUT, FAMILY_C,  FAMILY_D},
    {"secretParameters.aadApp.clientId",  KIND_TEXT, FIELD(aad_client_id), PUT, FAMILY_A, FAMILY_A},
    {"secretParameters.aadApp.tenantId",  KIND_TEXT, FIELD(aad_tenant_id), PUT, FAMILY_A, FAMILY_A},
    {"secretParameters.aadApp.aadSecret", KIND_TEXT, FIELD(aad_secret),    SECRET, FAMILY_A, FAMILY_A},
    {"secretParameters.adminCredentials.sourceServerPassword", KIND_TEXT, FIELD(source_password), SECRET, FAMILY_A, FAMILY_D},
    {"secretParameters.adminCredentials.targetServerPassword", KIND_TEXT, FIELD(target_password), SECRET, FAMILY_A, FAMILY_D},
    {"secretParameters.sourceServerUsername", KIND_TEXT, FIELD(source_user), SECRET, FAMILY_C, FAMILY_D},
    {"secretParameters.targetServerUsername", KIND_TEXT, FIELD(target_user), SECRET, FAMILY_C, FAMILY_D},
    {"userAssignedIdentityResourceId", KIND_TEXT, FIELD(identity_id), PUT, FAMILY_A, FAMILY_A},
    {"dBsToMigrate",           KIND_NAMES, FIELD(databases), BOTH, FAMILY_A, FAMILY_B},
    {"dbsToMigrate",           KIND_NAMES, FIELD(databases), BOTH, FAMILY_C, FAMILY_D},
    {"migrationResourceGroup.resourceId",       KIND_TEXT, FIELD(migration_group_id),  PUT, FAMILY_A, FAMILY_A},
    {"migrationResourceGroup.subnetResourceId", KIND_TEXT, FIELD(migration_subnet_id), PUT, FAMILY_A, FAMILY_A},
    {"targetDBServerSubnetResourceId",          KIND_TEXT, FIELD(migration_subnet_id), ACCESS_PUT, FAMILY_A, FAMILY_A},
    {"setupLogicalReplicationOnSourceDBIfNeeded", KIND_FLAG,      FIELD(setup_replication), BOTH | ACCESS_FALSE, FAMILY_A, FAMILY_B},
    {"setupLogicalReplicationOnSourceDbIfNeeded", KIND_FLAG_WORD, FIELD(setup_replication), BOTH | ACCESS_FALSE, FAMILY_C, FAMILY_D},
    {"overwriteDBsInTarget",   KIND_FLAG,      FIELD(overwrite), BOTH | ACCESS_FALSE, FAMILY_A, FAMILY_B},
    {"overwriteDbsInTarget",   KIND_FLAG_WORD, FIELD(overwrite), BOTH | ACCESS_FALSE, FAMILY_C, FAMILY_D},
    {"migrationWindowStartTimeInUtc", KIND_TIME, FIELD(window_start_us), BOTH, FAMILY_A, FAMILY_D},
    {"startDataMigration",     KIND_FLAG,      FIELD(start_data_migration), BOTH, FAMILY_A, FAMILY_B},
    {"startDataMigration",     KIND_FLAG_WORD, FIELD(start_data_migration), BOTH, FAMILY_C, FAMILY_D},
    {"triggerCutover",         KIND_FLAG,      FIELD(trigger_cutover), BOTH, FAMILY_A, FAMILY_B},
    {"triggerCutover",         KIND_FLAG_WORD, FIELD(trigger_cutover), BOTH, FAMILY_C, FAMILY_D},
    {"dBsToTiggerCutoverOn",   KIND_NAMES, FIELD(cutover_databases), BOTH, FAMILY_BP, FAMILY_B}, /* sic */
    {"dbsToTriggerCutoverOn",  KIND_NAMES, FIELD(cutover_databases), BOTH, FAMILY_C, FAMILY_D},
    {"dBsToTriggerCutoverMigrationOn", KIND_NAMES, FIELD(cutover_databases), ALIAS, FAMILY_BP, FAMILY_BP},
    {"cancel",                 KIND_FLAG,      FIELD(cancel), BOTH, FAMILY_BP, FAMILY_B},
    {"cancel",                 KIND_FLAG_WORD, FIELD(cancel), BOTH, FAMILY_C, FAMILY_D},
    {"dBsToCancelMigrationOn", KIND_NAMES, FIELD(cancel_databases), BOTH, FAMILY_BP, FAMILY_B},
    {"dbsToCancelMigrationOn", KIND_NAMES, FIELD(cancel_databases), BOTH, FAMILY_C, FAMILY_D},
    {"migrateRoles",           KIND_FLAG_WORD, FIELD(migrate_roles), BOTH | ACCESS_FALSE_LATER, FAMILY_C3, FAMILY_D},
    {"sourceDBServerMetadata", KIND_SOURCE_METADATA, 0, READ, FAMILY_A, FAMILY_B},
    {"sourceDbServerMetadata", KIND_SOURCE_METADATA, 0, READ, FAMILY_C, FAMILY_D},
    {"targetDBServerMetadata", KIND_TARGET_METADATA, 0, READ, FAMILY_A, FAMILY_B},
    {"targetDbServerMetadata", KIND_TARGET_METADATA, 0, READ, FAMILY_C, FAMILY_D},
    {"migrationOption",        KIND_OPTION,      FIELD(option),      PUT, FAMILY_C2, FAMILY_D},
    {"sourceType",             KIND_SOURCE_TYPE, FIELD(source_type), PUT, FAMILY_C2, FAMILY_D},
    {"sslMode",                KIND_SSL_MODE,    FIELD(ssl_mode),    PUT, FAMILY_C2, FAMILY_D},
};
/* clang-format on */
const size_t dialect_property_count = ARRAY_LEN(dialect_properties);
_Static_assert(ARRAY_LEN(dialect_properties) <= 64, "struct dialect_request.given has a bit per row");

const struct dialect *dialect_find(const char *api_version)
{
    for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
        if (str_iequals(dialects[i].api_version, api_version)) {
            return &dialects[i];
        }
    }
    return &dialects[0];
}

const char *dialect_spelling(const struct dialect *dialect, const struct property *property)
{
    for (size_t i = 0; i < dialect_property_count; i++) {
        const struct property *row = &dialect_properties[i];
        if (row->kind < KIND_RUN_ID && row->field == property->field && dialect->family >= row->from &&
            dialect->family <= row->to) {
            return row->path;
        }
    }
    return property->path;
}

static const char *const source_types[] = {"OnPremises",
                                           "AWS",
                                           "GCP",
                                           "AzureVM",
                                           "PostgreSQLSingleServer",
                                           "AWS_RDS",
                                           "AWS_AURORA",
                                           "AWS_EC2",
                                           "GCP_CloudSQL",
                                           "GCP_AlloyDB",
                                           "GCP_Compute",
                                           "EDB",
                                           "EDB_Oracle_Server",
                                           "EDB_PostgreSQL",
                                           "PostgreSQLFlexibleServer",
                                           "PostgreSQLCosmosDB",
                                           "Huawei_RDS",
                                           "Huawei_Compute",
                                           "Heroku_PostgreSQL",
                                           "Crunchy_PostgreSQL",
                                           "ApsaraDB_RDS",
                                           "Digital_Ocean_Droplets",
                                           "Digital_Ocean_PostgreSQL",
                                           "Supabase_PostgreSQL"};
static const char *const ssl_modes[] = {"Prefer", "Require", "VerifyCA", "VerifyFull"};

static const char *normalise(const char *const *words, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (str_iequals(words[i], text)) {
            return words[i];
        }
    }
    return NULL;
}

const struct dialect *dialect_list(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(dialects);
    return dialects;
}

/* The list has grown at its end only. */
const char *const *dialect_source_types(const struct dialect *dialect, size_t *ret_count)
{
    *ret_count = dialect->family >= FAMILY_C4   ? ARRAY_LEN(source_types)
                 : dialect->family == FAMILY_C3 ? 12
                                                : 5;
    return source_types;
}

const char *const *dialect_ssl_modes(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(ssl_modes);
    return ssl_modes;
}

const char *dialect_storage_name(const struct dialect *dialect)
{
    return dialect->family <= FAMILY_B ? "storageMB" : "storageMb";
}

const char *dialect_place(const char *path)
{
    const char *dot = strrchr(path, '.');
    const char *key = dot == NULL ? path : dot + 1;
    for (size_t i = dialect_property_count; i-- > 0;) {
        const char *place = dialect_properties[i].path;
        const char *last = strrchr(place, '.');
        if (str_iequals(last == NULL ? place : last + 1, key)) {
            return place;
        }
    }
    return NULL;
}

const char *dialect_source_type(const char *text)
{
    return normalise(source_types, ARRAY_LEN(source_types), text);
}

const char *dialect_ssl_mode(const char *text)
{
    return normalise(ssl_modes, ARRAY_LEN(ssl_modes), text);
}

const char *dialect_shown_ssl_mode(const struct migration_spec *spec)
{
    bool single = str_equals(spec->source_type, "PostgreSQLSingleServer");
    return spec->ssl_mode != NULL ? spec->ssl_mode : single ? "VerifyFull" : "Prefer";
}

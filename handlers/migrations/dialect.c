/* SPDX-License-Identifier: MIT */
/*
 * The tables. Sources: the published specifications of each version and recordings of the real service;
 * the rows are in the order of the real service's responses.
 */
#include "handlers/migrations/dialect.h"

#include "core/attr.h"
#include "core/str.h"
#include "handlers/migrations/dialect_private.h"

/* clang-format off */
#define FEATURES_C  DIALECT_LOCATION_REQUIRED
#define FEATURES_C2 (FEATURES_C | DIALECT_DETAILS)

static const struct dialect dialects[] = {
    {FAMILY_A,  DIALECT_MODE_FROM_CUTOVER | DIALECT_NEEDS_DATA_MIGRATION},
    {FAMILY_BP, 0},
    {FAMILY_B,  FEATURES_C | DIALECT_SECRETS_OPTIONAL},
    {FAMILY_C,  FEATURES_C},
    {FAMILY_C2, FEATURES_C2},
    {FAMILY_C3, FEATURES_C2},
    {FAMILY_C4, FEATURES_C2},
    {FAMILY_D,  FEATURES_C2 | DIALECT_DELETE_ANSWERS},
};

#define P        "properties."
#define PUT      (ACCESS_PUT | ACCESS_SHOWN)
#define BOTH     (ACCESS_PUT | ACCESS_PATCH | ACCESS_SHOWN)
#define DECISION (BOTH | ACCESS_DECIDES)
#define ALIAS    (ACCESS_PUT | ACCESS_PATCH | ACCESS_DECIDES) /* a spelling that is accepted but never shown */
#define SECRET   (ACCESS_PUT | ACCESS_PATCH | ACCESS_SECRET)
#define READ     ACCESS_SHOWN
#define FIELD(member)      .field = offsetof(struct migration_spec, member)
#define TYPE(name, member) .type = &type_##name, FIELD(member)
#define SINCE(family)      .since = FAMILY_##family
#define UNTIL(family)      .until = END_##family
/* Until B with "DB", since C with "Db"; true and false changed likewise from "True" and "False". */
#define TEXT_UNTIL_B(first, old, new, member, access, about) \
    {P old, NULL, access, about, TYPE(text, member), SINCE(first), UNTIL(B)}, \
    {P new, NULL, access, about, TYPE(text, member), SINCE(C)}
#define NAMES_UNTIL_B(first, old, new, member, access, about) \
    {P old, NULL, access, about, TYPE(names, member), SINCE(first), UNTIL(B)}, \
    {P new, NULL, access, about, TYPE(names, member), SINCE(C)}
#define FLAG_UNTIL_B(first, old, new, member, access, about) \
    {P old, NULL, access, about, TYPE(flag, member), SINCE(first), UNTIL(B)}, \
    {P new, NULL, access, about, TYPE(flag_word, member), SINCE(C)}
#define MEMBER(path, schema, ...) {P path, schema, READ, NULL, .type = NULL, __VA_ARGS__}
#define METADATA(name, writer, storage, about, ...) \
    {P name, "struct", READ, about, .write = writer, __VA_ARGS__}, \
    MEMBER(name ".location", "string", __VA_ARGS__), MEMBER(name ".version", "string", __VA_ARGS__), \
    MEMBER(name "." storage, "integer", __VA_ARGS__), MEMBER(name ".sku.name", "string", __VA_ARGS__), \
    MEMBER(name ".sku.tier", "string", __VA_ARGS__)
#define ADMINS "secretParameters.adminCredentials."
#define AAD    "secretParameters.aadApp."
#define SOURCE_TEXT "Facts about the source server."
#define TARGET_TEXT "Facts about the target server."

static const struct property properties[] = {
    {P "migrationId", "string", READ, "Id of the migration.", .write = dialect_write_run_id},
    {P "migrationName", "string", READ, "Name of the migration.", .write = dialect_write_name, UNTIL(BP)},
    {P "migrationDetailsLevel", "Default|Summary|Full", READ, "Level of detail of the answer.", .write = dialect_write_details_level, UNTIL(A)},
    {P "migrationDetailsLevel", "Default|Summary|Full", READ, "Level of detail of the answer.", .write = dialect_write_details_level, SINCE(B), UNTIL(B)},
    {P "currentStatus", "struct", READ, "State, substate, error and progress.", .write = dialect_write_current_status},
    {P "currentStatus.state", NULL, READ, NULL, .type = &type_state_word},
    MEMBER("currentStatus.error", "string"),
    {P "currentStatus.currentSubStateDetails.currentSubState", NULL, READ, NULL, .type = &type_substate_word},
    MEMBER("currentStatus.currentSubStateDetails.dbDetails", "{}MigrationDatabase", SINCE(C2)),
    MEMBER("currentStatus.currentSubStateDetails.validationDetails", "ValidationDetails", SINCE(C2)),
    {P "migrationInstanceResourceId", NULL, PUT, "Resource id of the migration runtime server.", TYPE(text, runtime_server_id), SINCE(C3)},
    {P "migrationRuntimeResourceId", NULL, ACCESS_PUT, "Resource id of the migration runtime server.", TYPE(text, runtime_server_id), SINCE(C3)},
    {P "migrationMode", NULL, BOTH, "Offline: a single copy. Online: a base copy, then replication until the cutover.", TYPE(mode, mode), SINCE(BP)},
    {P "migrationWindowEndTimeInUtc", NULL, PUT, "End of the window; after the migration has ended, the time of its end.", TYPE(time, window_end_us), SINCE(C)},
    TEXT_UNTIL_B(A, "sourceDBServerResourceId", "sourceDbServerResourceId", source_server_id, BOTH, "Resource id of the source server, or host:port@user for any PostgreSQL."),
    TEXT_UNTIL_B(BP, "sourceDBServerFullyQualifiedDomainName", "sourceDbServerFullyQualifiedDomainName", source_fqdn, BOTH, "Host name or address of the source, instead of the resource's own."),
    {P "targetDBServerResourceId", "string", READ, "Resource id of the target server.", .write = dialect_write_target_id, UNTIL(B)},
    {P "targetDbServerResourceId", "string", READ, "Resource id of the target server.", .write = dialect_write_target_id, SINCE(C)},
    TEXT_UNTIL_B(BP, "targetDBServerFullyQualifiedDomainName", "targetDbServerFullyQualifiedDomainName", target_fqdn, BOTH, "Host name or address of the target, instead of the resource's own."),
    {P AAD "clientId", NULL, PUT, "Client id of the Microsoft Entra application.", TYPE(text, aad_client_id), UNTIL(A)},
    {P AAD "tenantId", NULL, PUT, "Tenant of the Microsoft Entra application.", TYPE(text, aad_tenant_id), UNTIL(A)},
    {P AAD "aadSecret", NULL, SECRET, "Secret of the Microsoft Entra application.", TYPE(text, aad_secret), UNTIL(A)},
    {P ADMINS "sourceServerPassword", NULL, SECRET, "Password for the source.", TYPE(text, source_password)},
    {P ADMINS "targetServerPassword", NULL, SECRET, "Password for the target.", TYPE(text, target_password)},
    {P "secretParameters.sourceServerUsername", NULL, SECRET, "User on the source; default: the server's administrator.", TYPE(text, source_user), SINCE(C)},
    {P "secretParameters.targetServerUsername", NULL, SECRET, "User on the target; default: the server's administrator.", TYPE(text, target_user), SINCE(C)},
    {P "userAssignedIdentityResourceId", NULL, PUT, "Resource id of a user-assigned identity.", TYPE(text, identity_id), UNTIL(A)},
    NAMES_UNTIL_B(A, "dBsToMigrate", "dbsToMigrate", databases, BOTH, "Databases to migrate, 1 to 8. Without them, the migration waits until a PATCH names them."),
    {P "migrationResourceGroup.resourceId", NULL, PUT, "Resource id of the group for helper resources.", TYPE(text, migration_group_id), UNTIL(A)},
    {P "migrationResourceGroup.subnetResourceId", NULL, PUT, "Resource id of the subnet for helper resources.", TYPE(text, migration_subnet_id), UNTIL(A)},
    {P "targetDBServerSubnetResourceId", NULL, ACCESS_PUT, "Resource id of the subnet for helper resources.", TYPE(text, migration_subnet_id), UNTIL(A)},
    FLAG_UNTIL_B(A, "setupLogicalReplicationOnSourceDBIfNeeded", "setupLogicalReplicationOnSourceDbIfNeeded", setup_replication, BOTH | ACCESS_FALSE, "Set up logical replication on the source if it is missing."),
    FLAG_UNTIL_B(A, "overwriteDBsInTarget", "overwriteDbsInTarget", overwrite, BOTH | ACCESS_FALSE, "Overwrite databases that already exist on the target."),
    {P "migrationWindowStartTimeInUtc", NULL, BOTH, "Earliest start of the data migration.", TYPE(time, window_start_us)},
    FLAG_UNTIL_B(A, "startDataMigration", "startDataMigration", start_data_migration, BOTH, "Start the data migration now."),
    FLAG_UNTIL_B(A, "triggerCutover", "triggerCutover", trigger_cutover, DECISION, "Cut over: stop replication and complete the migration."),
    NAMES_UNTIL_B(BP, "dBsToTiggerCutoverOn" /* sic */, "dbsToTriggerCutoverOn", cutover_databases, DECISION, "With triggerCutover: cut over these databases only."),
    {P "dBsToTriggerCutoverMigrationOn", NULL, ALIAS, "With triggerCutover: cut over these databases only.", TYPE(names, cutover_databases), SINCE(BP), UNTIL(BP)},
    FLAG_UNTIL_B(BP, "cancel", "cancel", cancel, DECISION, "Cancel the migration."),
    NAMES_UNTIL_B(BP, "dBsToCancelMigrationOn", "dbsToCancelMigrationOn", cancel_databases, DECISION, "With cancel: cancel these databases only."),
    {P "migrateRoles", NULL, BOTH | ACCESS_FALSE_LATER, "Migrate roles too.", TYPE(flag_word, migrate_roles), SINCE(C3)},
    METADATA("sourceDBServerMetadata", dialect_write_source_metadata, "storageMB", SOURCE_TEXT, UNTIL(B)),
    METADATA("sourceDbServerMetadata", dialect_write_source_metadata, "storageMb", SOURCE_TEXT, SINCE(C)),
    METADATA("targetDBServerMetadata", dialect_write_target_metadata, "storageMB", TARGET_TEXT, UNTIL(B)),
    METADATA("targetDbServerMetadata", dialect_write_target_metadata, "storageMb", TARGET_TEXT, SINCE(C)),
    {P "migrationOption", NULL, PUT, "Validate, migrate, or both.", TYPE(option, option), SINCE(C2)},
    {P "sourceType", NULL, PUT, "Type of the source server.", TYPE(source_type, source_type), SINCE(C2)},
    {P "sslMode", NULL, PUT, "TLS mode of connections to the source.", TYPE(ssl_mode, ssl_mode), SINCE(C2)},
    {"tags", NULL, BOTH, NULL, .type = &type_migration_tags},
    {"location", NULL, PUT, NULL, .type = &type_migration_location, SINCE(BP), UNTIL(BP)},
    {"location", NULL, PUT, NULL, .type = &type_migration_location, UNTIL(A)},
    {"location", NULL, PUT | ACCESS_REQUIRED, NULL, .type = &type_migration_location, SINCE(B)},
    {"id", "string", READ, NULL, .write = dialect_write_id},
    {"name", "string", READ, NULL, .write = dialect_write_name},
    {"type", "string", READ, NULL, .write = dialect_write_type},
    /* members of other services' tracked resources */
    {.path = "etag"}, {.path = "identity"}, {.path = "sku"}, {.path = "systemData"},
};
/* clang-format on */
_Static_assert(ARRAY_LEN(properties) <= PROPERTIES_MAX, "struct dialect_request.given has a flag per row");

const struct description migration_description =
    DESCRIPTION("Migration", properties, "A migration of databases to a flexible server.");
const struct description migration_patch_description =
    DESCRIPTION_PART("MigrationPatch", properties,
                     "The properties that can be changed while a migration is active.", ACCESS_PATCH);

const struct dialect *dialect_find(const char *api_version)
{
    unsigned rank = api_version_rank(api_version);
    size_t at = ARRAY_LEN(dialects) - 1;
    while (at > 0 && (unsigned)dialects[at].family > rank) {
        at--;
    }
    return &dialects[at];
}

const struct dialect *dialect_list(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(dialects);
    return dialects;
}

const char *dialect_spelling(const struct dialect *dialect, const struct property *property)
{
    for (size_t i = 0; i < ARRAY_LEN(properties); i++) {
        const struct property *row = &properties[i];
        bool decision = row->type != NULL && row->type->same != NULL;
        if (decision && row->field == property->field && property_is_in(row, dialect->family)) {
            return row->path;
        }
    }
    return property->path;
}

/* SPDX-License-Identifier: MIT */
/* The schema of migrations, made from the dialect table. What the properties mean is told once per member of
 * the canonical model, whatever a dialect calls it. */
#include <string.h>

#include "core/attr.h"
#include "core/buf.h"
#include "handlers/describe/schema_private.h"

#define FIELD(member) (unsigned)offsetof(struct migration_spec, member)

/* clang-format off */
static const struct {
    unsigned field;
    const char *text;
} members[] = {
    {FIELD(source_server_id), "Resource id of the source server, or host:port@user for any PostgreSQL."},
    {FIELD(source_fqdn), "Host name or address of the source, instead of the resource's own."},
    {FIELD(target_fqdn), "Host name or address of the target, instead of the resource's own."},
    {FIELD(source_user), "User on the source; default: the server's administrator."},
    {FIELD(target_user), "User on the target; default: the server's administrator."},
    {FIELD(source_password), "Password for the source."},
    {FIELD(target_password), "Password for the target."},
    {FIELD(aad_client_id), "Client id of the Microsoft Entra application."},
    {FIELD(aad_tenant_id), "Tenant of the Microsoft Entra application."},
    {FIELD(aad_secret), "Secret of the Microsoft Entra application."},
    {FIELD(identity_id), "Resource id of a user-assigned identity."},
    {FIELD(migration_group_id), "Resource id of the group for helper resources."},
    {FIELD(migration_subnet_id), "Resource id of the subnet for helper resources."},
    {FIELD(runtime_server_id), "Resource id of the migration runtime server."},
    {FIELD(databases), "Databases to migrate, 1 to 8. Without them, the migration waits until a PATCH names them."},
    {FIELD(cutover_databases), "With triggerCutover: cut over these databases only."},
    {FIELD(cancel_databases), "With cancel: cancel these databases only."},
    {FIELD(mode), "Offline: a single copy. Online: a base copy, then replication until the cutover."},
    {FIELD(option), "Validate, migrate, or both."},
    {FIELD(source_type), "Type of the source server."},
    {FIELD(ssl_mode), "TLS mode of connections to the source."},
    {FIELD(setup_replication), "Set up logical replication on the source if it is missing."},
    {FIELD(overwrite), "Overwrite databases that already exist on the target."},
    {FIELD(migrate_roles), "Migrate roles too."},
    {FIELD(start_data_migration), "Start the data migration now."},
    {FIELD(trigger_cutover), "Cut over: stop replication and complete the migration."},
    {FIELD(cancel), "Cancel the migration."},
    {FIELD(window_start_us), "Earliest start of the data migration."},
    {FIELD(window_end_us), "End of the window; after the migration has ended, the time of its end."},
};

static const char *const made[] = {
    [KIND_RUN_ID] = "Id of the migration.",
    [KIND_NAME] = "Name of the migration.",
    [KIND_DETAILS_LEVEL] = "Level of detail of the answer.",
    [KIND_STATUS] = "State, substate, error and progress.",
    [KIND_TARGET_ID] = "Resource id of the target server.",
    [KIND_SOURCE_METADATA] = "Facts about the source server.",
    [KIND_TARGET_METADATA] = "Facts about the target server.",
};

static const char *const counters[] = {
    "fullLoadQueuedTables", "fullLoadErroredTables", "fullLoadLoadingTables", "fullLoadCompletedTables",
    "cdcUpdateCounter", "cdcDeleteCounter", "cdcInsertCounter", "appliedChanges", "incomingChanges", "latency",
};
/* clang-format on */

const char *schema_describe(const struct property *property)
{
    if (property->kind >= KIND_RUN_ID) {
        return made[property->kind];
    }
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (members[i].field == property->field) {
            return members[i].text;
        }
    }
    return "";
}

static json_t *write_vocabulary(enum vocabulary vocabulary, int count)
{
    json_t *words = json_array();
    for (int i = 0; i < count; i++) {
        json_array_append_new(words, json_string(word_of(vocabulary, i)));
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", words);
}

/* Those of the answers of this dialect: words it does not have are told as others. */
static json_t *write_status_words(const struct dialect *dialect, enum vocabulary vocabulary, int count)
{
    json_t *words = json_array();
    for (int i = 0; i < count; i++) {
        const char *word = vocabulary == WORDS_SUBSTATE
                               ? dialect_substate_word(dialect, (enum migration_substate)i)
                               : dialect_state_word(dialect, (enum migration_state)i);
        if (word == word_of(vocabulary, i)) {
            json_array_append_new(words, json_string(word));
        }
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", words);
}

static json_t *write_list(const char *const *words, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, json_string(words[i]));
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", array);
}

static json_t *write_database(void)
{
    json_t *object = json_pack("{s:s, s:{}}", "type", "object", "properties");
    schema_add_property(object, "databaseName", schema_write_type("string"), SCHEMA_READ_ONLY);
    schema_add_property(object, "migrationState", write_vocabulary(WORDS_DATABASE_STATE, DB_COUNT),
                        SCHEMA_READ_ONLY);
    schema_add_property(object, "migrationOperation", schema_write_type("string"), SCHEMA_READ_ONLY);
    schema_add_property(object, "startedOn", schema_write_type("date-time"), SCHEMA_READ_ONLY);
    schema_add_property(object, "endedOn", schema_write_type("date-time"), SCHEMA_READ_ONLY);
    for (size_t i = 0; i < ARRAY_LEN(counters); i++) {
        schema_add_property(object, counters[i],
                            json_pack("{s:s, s:s}", "type", "integer", "format", "int32"), SCHEMA_READ_ONLY);
    }
    schema_add_property(object, "message", schema_write_type("string"), SCHEMA_READ_ONLY);
    return object;
}

static json_t *write_status(const struct dialect *dialect)
{
    json_t *object = json_pack("{s:s, s:{}}", "type", "object", "properties");
    schema_add_property(object, "state", write_status_words(dialect, WORDS_MIGRATION_STATE, STATE_COUNT),
                        SCHEMA_READ_ONLY);
    schema_add_property(object, "error", schema_write_type("string"), SCHEMA_READ_ONLY);
    schema_add_property(object, "currentSubStateDetails.currentSubState",
                        write_status_words(dialect, WORDS_SUBSTATE, SUB_COUNT), SCHEMA_READ_ONLY);
    if ((dialect->features & DIALECT_DETAILS) != 0) {
        json_t *databases =
            json_pack("{s:s, s:o}", "type", "object", "additionalProperties", write_database());
        schema_add_property(object, "currentSubStateDetails.dbDetails", databases, SCHEMA_READ_ONLY);
        schema_add_property(object, "currentSubStateDetails.validationDetails",
                            schema_write_type("ValidationDetails"), 0);
    }
    return object;
}

static json_t *write_metadata(const struct dialect *dialect)
{
    json_t *object = json_pack("{s:s, s:{}}", "type", "object", "properties");
    schema_add_property(object, "location", schema_write_type("string"), SCHEMA_READ_ONLY);
    schema_add_property(object, "version", schema_write_type("string"), SCHEMA_READ_ONLY);
    schema_add_property(object, dialect_storage_name(dialect), schema_write_type("integer"),
                        SCHEMA_READ_ONLY);
    schema_add_property(object, "sku.name", schema_write_type("string"), SCHEMA_READ_ONLY);
    schema_add_property(object, "sku.tier", schema_write_type("string"), SCHEMA_READ_ONLY);
    return object;
}

static json_t *write_property(const struct property *row, const struct dialect *dialect)
{
    static const char *const flag_words[] = {"True", "False"};
    size_t count = 0;
    const char *const *words = NULL;
    switch (row->kind) {
    case KIND_TEXT:
    case KIND_RUN_ID:
    case KIND_NAME:
    case KIND_TARGET_ID:
        return schema_write_type("string");
    case KIND_NAMES:
        return schema_write_type("[]string");
    case KIND_FLAG:
        return schema_write_type("boolean");
    case KIND_FLAG_WORD:
        return write_list(flag_words, ARRAY_LEN(flag_words));
    case KIND_MODE:
        return write_vocabulary(WORDS_MIGRATION_MODE, MODE_COUNT);
    case KIND_OPTION:
        return write_vocabulary(WORDS_MIGRATION_OPTION, MIGRATION_OPTION_COUNT);
    case KIND_SOURCE_TYPE:
        words = dialect_source_types(dialect, &count);
        return write_list(words, count);
    case KIND_SSL_MODE:
        words = dialect_ssl_modes(&count);
        return write_list(words, count);
    case KIND_TIME:
        return schema_write_type("date-time");
    case KIND_DETAILS_LEVEL:
        return schema_write_type("Default|Summary|Full");
    case KIND_STATUS:
        return write_status(dialect);
    case KIND_SOURCE_METADATA:
    case KIND_TARGET_METADATA:
        return write_metadata(dialect);
    }
    return NULL;
}

static unsigned flags_of(const struct property *row)
{
    bool settable = (row->access & (ACCESS_PUT | ACCESS_PATCH)) != 0;
    bool shown = (row->access & ACCESS_SHOWN) != 0 && (row->access & ACCESS_SECRET) == 0;
    return (settable ? 0U : SCHEMA_READ_ONLY) | (shown ? 0U : SCHEMA_WRITE_ONLY);
}

/* The properties of this dialect that have one of the bits of access. */
static int add_properties(json_t *object, const struct dialect *dialect, unsigned access)
{
    for (size_t i = 0; i < dialect_property_count; i++) {
        const struct property *row = &dialect_properties[i];
        if ((row->access & access) == 0 || dialect->family < row->from || dialect->family > row->to) {
            continue;
        }
        json_t *definition = write_property(row, dialect);
        auto_buf struct buf path = BUF_MAX(200);
        buf_addf(&path, "properties.%s", row->path);
        json_object_set_new(definition, "description", json_string(schema_describe(row)));
        if (schema_add_property(object, buf_text(&path), definition, flags_of(row)) < 0) {
            return -1;
        }
    }
    return 0;
}

json_t *schema_write_migration(const struct dialect *dialect)
{
    json_auto_t *object = json_pack("{s:s, s:s, s:{}}", "type", "object", "description",
                                    "A migration of databases to a flexible server.", "properties");
    bool location = (dialect->features & DIALECT_LOCATION_REQUIRED) != 0;
    schema_add_property(object, "id", schema_write_type("string"), SCHEMA_READ_ONLY);
    schema_add_property(object, "name", schema_write_type("string"), SCHEMA_READ_ONLY);
    schema_add_property(object, "type", schema_write_type("string"), SCHEMA_READ_ONLY);
    schema_add_property(object, "location", schema_write_type("string"), location ? SCHEMA_REQUIRED : 0);
    schema_add_property(object, "tags", schema_write_type("{}string"), 0);
    if (add_properties(object, dialect, ACCESS_PUT | ACCESS_PATCH | ACCESS_SHOWN) < 0) {
        return NULL;
    }
    return TAKE(object);
}

json_t *schema_write_migration_patch(const struct dialect *dialect)
{
    json_auto_t *object =
        json_pack("{s:s, s:s, s:{}}", "type", "object", "description",
                  "The properties that can be changed while a migration is active.", "properties");
    schema_add_property(object, "tags", schema_write_type("{}string"), 0);
    if (add_properties(object, dialect, ACCESS_PATCH) < 0) {
        return NULL;
    }
    return TAKE(object);
}

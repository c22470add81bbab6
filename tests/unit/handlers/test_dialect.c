/* SPDX-License-Identifier: MIT */
/* The expected orders of properties are those of the real service's recorded responses. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "handlers/arm/api_version.h"
#include "handlers/migrations/dialect.h"

#define TARGET_ID "/subscriptions/s/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/flexibleServers/t"

static struct err err;

static struct dialect_request read_text(const char *text)
{
    struct dialect_request request = {0};
    json_auto_t *body = json_pack("{s:o}", "properties", json_loads(text, 0, NULL));
    assert_non_null(body);
    if (dialect_read(body, &err, &request) < 0) {
        fail_msg("%s: %s", text, err.message);
    }
    return request;
}

static struct migration make_migration(void)
{
    struct migration migration = {.uuid = "976398fb-9dfd-4869-add0-fed29fa1676e",
                                  .state = STATE_IN_PROGRESS,
                                  .substate = SUB_PERFORMING_PREREQUISITE_STEPS};
    migration_spec_init(&migration.spec);
    struct migration_spec *spec = &migration.spec;
    migration.name = str_dup("m1");
    spec->source_server_id = str_dup("/subscriptions/s/servers/src");
    spec->source_user = str_dup("secret-source-user");
    spec->target_user = str_dup("secret-target-user");
    spec->source_password = str_dup("secret-source-password");
    spec->target_password = str_dup("secret-target-password");
    spec->aad_secret = str_dup("secret-of-app");
    spec->source_type = str_dup("PostgreSQLSingleServer");
    spec->mode = MODE_OFFLINE;
    spec->option = MIGRATION_OPTION_BOTH;
    spec->overwrite = FLAG_TRUE;
    spec->setup_replication = FLAG_FALSE;
    spec->trigger_cutover = FLAG_TRUE;
    spec->window_start_us = 1791394639242472;
    assert_true(str_list_add(&spec->databases, "postgres"));
    return migration;
}

static json_t *write_in(const char *version, struct migration *migration, enum migration_detail detail)
{
    const struct migration_view view = {
        .migration = migration, .target_resource_id = TARGET_ID, .detail = detail};
    json_auto_t *resource = dialect_write(dialect_find(version), &view);
    assert_non_null(resource);
    return json_incref(json_object_get(resource, "properties"));
}

static void assert_keys(json_t *object, const char *expected)
{
    auto_buf struct buf keys = BUF_MAX(4096);
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        buf_addf(&keys, "%s%s", keys.len == 0 ? "" : " ", key);
    }
    assert_string_equal(buf_text(&keys), expected);
}

static void assert_text(const json_t *object, const char *name, const char *expected)
{
    const char *text = json_string_value(json_object_get(object, name));
    assert_non_null(text);
    assert_string_equal(text, expected);
}

/* ---- writing ---------------------------------------------------------------------------------------------
 */

static void answer_to_put_is_as_recorded(void **state)
{
    (void)state;
    auto_migration struct migration migration = make_migration();
    json_auto_t *json = write_in("2026-07-01-preview", &migration, DETAIL_CREATED);
    assert_keys(json,
                "migrationId currentStatus migrationMode sourceDbServerResourceId targetDbServerResourceId "
                "dbsToMigrate setupLogicalReplicationOnSourceDbIfNeeded overwriteDbsInTarget "
                "migrationWindowStartTimeInUtc triggerCutover migrationOption sourceType sslMode");
    assert_keys(json_object_get(json, "currentStatus"), "state");
    assert_text(json, "overwriteDbsInTarget", "True");
    assert_text(json, "setupLogicalReplicationOnSourceDbIfNeeded", "False");
    assert_text(json, "migrationMode", "Offline");
    assert_text(json, "sslMode", "VerifyFull");
    assert_text(json, "migrationWindowStartTimeInUtc", "2026-10-07T17:37:19.2424720Z");
}

static void answer_to_get_is_as_recorded(void **state)
{
    (void)state;
    auto_migration struct migration migration = make_migration();
    migration.state = STATE_FAILED;
    migration.substate = SUB_COMPLETED;
    migration.error = str_dup("DB002: Migration failed.");
    migration.spec.window_end_us = 1791394640874435;
    migration.target_metadata = str_dup("{\"location\":\"eastus\",\"version\":\"13\",\"storageMb\":32768,"
                                        "\"sku\":{\"name\":\"n\",\"family\":\"f\"}}");
    json_auto_t *json = write_in("2025-08-01", &migration, DETAIL_FULL);
    assert_keys(
        json, "migrationId currentStatus migrationMode migrationWindowEndTimeInUtc sourceDbServerResourceId "
              "targetDbServerResourceId dbsToMigrate setupLogicalReplicationOnSourceDbIfNeeded "
              "overwriteDbsInTarget migrationWindowStartTimeInUtc triggerCutover migrateRoles "
              "targetDbServerMetadata migrationOption sourceType sslMode");
    json_t *status = json_object_get(json, "currentStatus");
    assert_keys(status, "state error currentSubStateDetails");
    assert_keys(json_object_get(status, "currentSubStateDetails"), "currentSubState dbDetails");
    json_t *metadata = json_object_get(json, "targetDbServerMetadata");
    assert_keys(metadata, "location version storageMb sku");
    assert_keys(json_object_get(metadata, "sku"), "name");
    assert_text(metadata, "location", "East US");
}

static void private_preview_of_2022_is_as_recorded(void **state)
{
    (void)state;
    auto_migration struct migration migration = make_migration();
    migration.source_metadata = str_dup("{\"location\":\"southeastasia\",\"storageMb\":5,\"sku\":{}}");
    json_auto_t *json = write_in("2022-05-01-privatepreview", &migration, DETAIL_FULL);
    assert_keys(json,
                "migrationId migrationName currentStatus migrationMode sourceDBServerResourceId "
                "targetDBServerResourceId dBsToMigrate setupLogicalReplicationOnSourceDBIfNeeded "
                "overwriteDBsInTarget migrationWindowStartTimeInUtc triggerCutover sourceDBServerMetadata");
    assert_true(json_is_true(json_object_get(json, "overwriteDBsInTarget")));
    assert_true(json_is_false(json_object_get(json, "setupLogicalReplicationOnSourceDBIfNeeded")));
    assert_keys(json_object_get(json_object_get(json, "currentStatus"), "currentSubStateDetails"),
                "currentSubState");
    assert_keys(json_object_get(json, "sourceDBServerMetadata"), "location storageMB sku");
}

static void no_dialect_shows_a_secret(void **state)
{
    (void)state;
    const struct resource_type *type =
        resource_type_find("Microsoft.DBforPostgreSQL/flexibleServers/migrations");
    auto_migration struct migration migration = make_migration();
    for (size_t i = 0; resource_type_version(type, i) != NULL; i++) {
        json_auto_t *json = write_in(resource_type_version(type, i), &migration, DETAIL_FULL);
        auto_free char *text = json_dumps(json, JSON_COMPACT);
        assert_null(strstr(text, "secret-"));
    }
}

static void no_dialect_writes_null(void **state)
{
    (void)state;
    const struct resource_type *type =
        resource_type_find("Microsoft.DBforPostgreSQL/flexibleServers/migrations");
    auto_migration struct migration empty = {.name = str_dup("m")};
    migration_spec_init(&empty.spec);
    for (size_t i = 0; resource_type_version(type, i) != NULL; i++) {
        json_auto_t *json = write_in(resource_type_version(type, i), &empty, DETAIL_FULL);
        auto_free char *text = json_dumps(json, JSON_COMPACT);
        assert_null(strstr(text, "null"));
    }
}

static void database_counters_fit_in_32_bits(void **state)
{
    (void)state;
    auto_migration struct migration migration = make_migration();
    struct migration_database row = {.name = migration.name,
                                     .started_us = 1,
                                     .figures.inserts = INT64_C(1) << 40,
                                     .tables_queued = 3,
                                     .figures.pending_bytes = -5};
    const struct migration_view view = {
        .migration = &migration, .databases = &row, .database_count = 1, .detail = DETAIL_FULL};
    json_auto_t *status = dialect_write_status(dialect_find("2025-08-01"), &view);
    const json_t *details = json_object_get(json_object_get(status, "currentSubStateDetails"), "dbDetails");
    const json_t *database = json_object_get(details, "m1");
    assert_int_equal(json_integer_value(json_object_get(database, "cdcInsertCounter")), INT32_MAX);
    assert_int_equal(json_integer_value(json_object_get(database, "incomingChanges")), 0);
    assert_int_equal(json_integer_value(json_object_get(database, "fullLoadQueuedTables")), 3);
    assert_text(database, "databaseName", "m1");
}

static void old_dialects_tell_new_states_in_their_own_words(void **state)
{
    (void)state;
    auto_migration struct migration migration = make_migration();
    migration.state = STATE_VALIDATION_FAILED;
    migration.substate = SUB_VALIDATION_IN_PROGRESS;
    json_auto_t *old = write_in("2023-03-01-preview", &migration, DETAIL_FULL);
    json_auto_t *young = write_in("2023-06-01-preview", &migration, DETAIL_FULL);
    assert_text(json_object_get(old, "currentStatus"), "state", "Failed");
    assert_text(json_object_get(young, "currentStatus"), "state", "ValidationFailed");
}

/* ---- reading ---------------------------------------------------------------------------------------------
 */

static void reads_names_words_and_flags_in_any_case(void **state)
{
    (void)state;
    auto_dialect_request struct dialect_request request = read_text(
        "{\"SourceDBServerResourceId\":\"/a\",\"DBsToMigrate\":[\"x\"],\"OverwriteDBsinTarget\":\"TRUE\","
        "\"migrationmode\":\"offline\",\"sslmode\":\"verifyca\",\"sourceType\":\"onpremises\","
        "\"setupLogicalReplicationOnSourceDbIfNeeded\":true,\"cancel\":\"False\",\"triggerCutover\":null,"
        "\"SecretParameters\":{\"AdminCredentials\":{\"SourceServerPassword\":\"p\"}}}");
    assert_string_equal(request.spec.source_server_id, "/a");
    assert_int_equal(request.spec.databases.count, 1);
    assert_int_equal(request.spec.overwrite, FLAG_TRUE);
    assert_int_equal(request.spec.setup_replication, FLAG_TRUE);
    assert_int_equal(request.spec.cancel, FLAG_FALSE);
    assert_int_equal(request.spec.mode, MODE_OFFLINE);
    assert_string_equal(request.spec.ssl_mode, "VerifyCA");
    assert_string_equal(request.spec.source_type, "OnPremises");
    assert_string_equal(request.spec.source_password, "p");
    assert_false(dialect_gives(&request, trigger_cutover));
    assert_true(dialect_gives(&request, cancel));
}

static void reads_all_three_spellings_of_the_cutover_list(void **state)
{
    (void)state;
    static const char *const texts[] = {"{\"dBsToTiggerCutoverOn\":[\"a\"]}",
                                        "{\"dbsToTriggerCutoverOn\":[\"a\"]}",
                                        "{\"DBsToTriggerCutoverMigrationOn\":[\"a\"]}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        auto_dialect_request struct dialect_request request = read_text(texts[i]);
        assert_true(str_list_has(&request.spec.cutover_databases, "a"));
        assert_true(dialect_gives(&request, cutover_databases));
    }
}

static void add_path(void *paths, const char *path, const char *belongs)
{
    (void)belongs;
    assert_true(str_list_add(paths, path));
}

static void notes_unknown_properties_by_path(void **state)
{
    (void)state;
    auto_str_list struct str_list paths = {0};
    json_auto_t *body = json_loads("{\"etag\":1,\"properties\":{\"colour\":1,\"secretParameters\":{"
                                   "\"adminCredentials\":{\"pin\":2}},\"currentStatus\":{\"state\":1}}}",
                                   0, NULL);
    properties_note_unknown(&migration_description, NULL, body, add_path, &paths);
    assert_int_equal(paths.count, 2);
    assert_true(str_list_has(&paths, "properties.colour"));
    assert_true(str_list_has(&paths, "properties.secretParameters.adminCredentials.pin"));
    auto_dialect_request struct dialect_request request = read_text("{\"currentStatus\":{\"state\":1}}");
    assert_false(dialect_gives_patchable(&request));
}

static void names_the_path_of_a_wrong_value(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *path;
    } rows[] = {
        {"{\"sourceDbServerResourceId\":5}", "properties.sourceDbServerResourceId"},
        {"{\"dbsToMigrate\":\"a\"}", "properties.dbsToMigrate"},
        {"{\"dbsToMigrate\":[\"a\",7]}", "properties.dbsToMigrate[1]"},
        {"{\"overwriteDbsInTarget\":1}", "properties.overwriteDbsInTarget"},
        {"{\"overwriteDbsInTarget\":\"yes\"}", "properties.overwriteDbsInTarget"},
        {"{\"migrationMode\":\"Sideways\"}", "properties.migrationMode"},
        {"{\"migrationMode\":[]}", "properties.migrationMode"},
        {"{\"migrationOption\":\"Both\"}", "properties.migrationOption"},
        {"{\"sslMode\":\"None\"}", "properties.sslMode"},
        {"{\"sourceType\":\"DB2\"}", "properties.sourceType"},
        {"{\"migrationWindowStartTimeInUtc\":\"soon\"}", "properties.migrationWindowStartTimeInUtc"},
        {"{\"secretParameters\":\"x\"}", "properties.secretParameters"},
        {"{\"secretParameters\":{\"adminCredentials\":{\"targetServerPassword\":{}}}}",
         "properties.secretParameters.adminCredentials.targetServerPassword"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_auto_t *body = json_pack("{s:o}", "properties", json_loads(rows[i].text, 0, NULL));
        struct dialect_request request;
        assert_int_equal(dialect_read(body, &err, &request), -1);
        assert_string_equal(err.target, rows[i].path);
        assert_int_equal(err_http_status(err.code), 400);
    }
}

/* ---- comparing and merging -------------------------------------------------------------------------------
 */

static void answer_sent_back_changes_nothing(void **state)
{
    (void)state;
    const struct resource_type *type =
        resource_type_find("Microsoft.DBforPostgreSQL/flexibleServers/migrations");
    auto_migration struct migration migration = make_migration();
    migration.spec.window_start_us = 1791394639000000;
    for (size_t i = 0; resource_type_version(type, i) != NULL; i++) {
        json_auto_t *body = json_pack("{s:o}", "properties",
                                      write_in(resource_type_version(type, i), &migration, DETAIL_FULL));
        auto_str_list struct str_list paths = {0};
        struct dialect_request request;
        assert_int_equal(dialect_read(body, &err, &request), 0);
        assert_null(dialect_first_difference(&request, &migration.spec, ACCESS_PUT, 0));
        properties_note_unknown(&migration_description, NULL, body, add_path, &paths);
        assert_int_equal(paths.count, 0);
        dialect_request_done(&request);
    }
}

static void difference_is_found_but_not_in_secrets(void **state)
{
    (void)state;
    auto_migration struct migration migration = make_migration();
    auto_dialect_request struct dialect_request same =
        read_text("{\"sourceDbServerResourceId\":\"SUBSCRIPTIONS/s/servers/src\",\"secretParameters\":"
                  "{\"adminCredentials\":{\"sourceServerPassword\":\"another\"}}}");
    auto_dialect_request struct dialect_request other = read_text("{\"migrationOption\":\"Migrate\"}");
    assert_null(dialect_first_difference(&same, &migration.spec, ACCESS_PUT, 0));
    const struct property *found =
        dialect_first_difference(&other, &migration.spec, ACCESS_PUT, ACCESS_PATCH);
    assert_non_null(found);
    assert_string_equal(found->path, "properties.migrationOption");
}

static void merge_takes_what_patch_may_set(void **state)
{
    (void)state;
    auto_migration struct migration migration = make_migration();
    auto_dialect_request struct dialect_request request =
        read_text("{\"cancel\":\"true\",\"sslMode\":\"Prefer\",\"secretParameters\":{\"adminCredentials\":"
                  "{\"sourceServerPassword\":\"new\"}}}");
    assert_int_equal(dialect_merge(&request, &migration.spec, &err), 0);
    assert_int_equal(migration.spec.cancel, FLAG_TRUE);
    assert_string_equal(migration.spec.source_password, "new");
    assert_null(migration.spec.ssl_mode);
    assert_int_equal(migration.spec.overwrite, FLAG_TRUE);
}

static void spelling_follows_the_dialect(void **state)
{
    (void)state;
    auto_migration struct migration migration = make_migration();
    auto_dialect_request struct dialect_request request = read_text("{\"overwriteDbsInTarget\":false}");
    const struct property *found = dialect_first_difference(&request, &migration.spec, ACCESS_PUT, 0);
    assert_string_equal(dialect_spelling(dialect_find("2025-08-01"), found),
                        "properties.overwriteDbsInTarget");
    assert_string_equal(dialect_spelling(dialect_find("2022-05-01-preview"), found),
                        "properties.overwriteDBsInTarget");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_to_put_is_as_recorded),
        cmocka_unit_test(answer_to_get_is_as_recorded),
        cmocka_unit_test(private_preview_of_2022_is_as_recorded),
        cmocka_unit_test(no_dialect_shows_a_secret),
        cmocka_unit_test(no_dialect_writes_null),
        cmocka_unit_test(database_counters_fit_in_32_bits),
        cmocka_unit_test(old_dialects_tell_new_states_in_their_own_words),
        cmocka_unit_test(reads_names_words_and_flags_in_any_case),
        cmocka_unit_test(reads_all_three_spellings_of_the_cutover_list),
        cmocka_unit_test(notes_unknown_properties_by_path),
        cmocka_unit_test(names_the_path_of_a_wrong_value),
        cmocka_unit_test(answer_sent_back_changes_nothing),
        cmocka_unit_test(difference_is_found_but_not_in_secrets),
        cmocka_unit_test(merge_takes_what_patch_may_set),
        cmocka_unit_test(spelling_follows_the_dialect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

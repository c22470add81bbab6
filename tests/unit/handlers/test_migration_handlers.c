/* SPDX-License-Identifier: MIT */
/* Requests through the real route table, the real handlers and a real store; the executor exists but does
 * not run. */
#include "tests/unit/test.h"

#include "tests/unit/migration_fixture.h"

static void put_creates_once_and_repeats_with_200(void **state)
{
    (void)state;
    assert_int_equal(send_request(METHOD_PUT, MIGRATION, SHOP), 201);
    assert_string_equal(answer_state(), "InProgress");
    assert_string_equal(json_string_value(json_object_get(answer, "location")), "eastus");
    assert_int_equal(send_request(METHOD_PUT, MIGRATION, SHOP), 200);
    assert_int_equal(send_request(METHOD_GET, MIGRATION, NULL), 200);
    assert_string_equal(json_string_value(json_object_get(answer, "location")), "Canada Central");
    assert_int_equal(send_request(METHOD_PUT, MIGRATION,
                                  BODY(",\"dbsToMigrate\":[\"shop\"],\"overwriteDbsInTarget\":\"True\"")),
                     409);
    assert_string_equal(answer_text("error", "code"), "MigrationAlreadyExists");
    assert_string_equal(answer_text("error", "target"), "properties.overwriteDbsInTarget");
}

static void put_refuses_what_cannot_be_right(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int status;
    } rows[] = {
        {"{\"properties\":{}}", 400},
        {"{\"location\":\"eastus\"}", 400},
        {"{\"location\":\"eastus\",\"properties\":7}", 400},
        {"{\"location\":\"eastus\",\"properties\":{\"sourceDbServerResourceId\":\"" SOURCE "\"}}", 400},
        {BODY(",\"dbsToMigrate\":[]"), 400},
        {BODY(",\"dbsToMigrate\":[\"a\",\"a\"]"), 400},
        {BODY(",\"dbsToMigrate\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]"), 400},
        {BODY(",\"dbsToMigrate\":[\"template1\"]"), 400},
        {BODY(",\"sourceDbServerResourceId\":\"" TARGET "\""), 400},
        {BODY(",\"sourceDbServerResourceId\":\"postgres://u:hunter2@h:5432/x\""), 400},
        {BODY(",\"sourceDbServerResourceId\":\"h:0@u\""), 400},
        {BODY(",\"sourceDbServerResourceId\":\"" POSTGRESQL "/servers/none\""), 404},
        {BODY(",\"migrationResourceGroup\":{\"resourceId\":\"/subscriptions/" SUBSCRIPTION
              "/resourceGroups/none\"}"),
         404},
        {BODY(",\"dbsToMigrate\":[\"a\"],\"dbsToTriggerCutoverOn\":[\"b\"]"), 400},
        {BODY(",\"dbsToMigrate\":[\"a\"],\"dbsToCancelMigrationOn\":[\"b\"]"), 400},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (send_request(METHOD_PUT, MIGRATION, rows[i].body) != rows[i].status) {
            fail_msg("row %zu: %s", i, answer_text("error", "message"));
        }
    }
    assert_int_equal(send_request(METHOD_PUT, TARGET "/migrations/-a" VERSION, SHOP), 400);
    assert_int_equal(send_request(METHOD_PUT, TARGET "/migrations/a_b" VERSION, SHOP), 400);
    assert_int_equal(send_request(METHOD_GET, MIGRATION, NULL), 404);
}

static void two_migrations_may_not_write_one_database(void **state)
{
    (void)state;
    assert_int_equal(send_request(METHOD_PUT, MIGRATION, SHOP), 201);
    assert_int_equal(send_request(METHOD_PUT, TARGET "/migrations/m2" VERSION, SHOP), 409);
    assert_string_equal(answer_text("error", "code"), "DatabaseAlreadyBeingMigrated");
    assert_int_equal(
        send_request(METHOD_PUT, TARGET "/migrations/m2" VERSION, BODY(",\"dbsToMigrate\":[\"other\"]")),
        201);
}

static void limit_of_active_migrations_is_kept(void **state)
{
    (void)state;
    options.max_active_per_target = 1;
    assert_int_equal(send_request(METHOD_PUT, MIGRATION, SHOP), 201);
    assert_int_equal(
        send_request(METHOD_PUT, TARGET "/migrations/m2" VERSION, BODY(",\"dbsToMigrate\":[\"other\"]")),
        409);
    assert_string_equal(answer_text("error", "code"), "ActiveMigrationLimitReached");
}

static void patch_decides_only_what_is_still_open(void **state)
{
    (void)state;
    assert_int_equal(send_request(METHOD_PUT, MIGRATION, SHOP), 201);
    assert_int_equal(
        send_request(METHOD_PATCH, MIGRATION, "{\"properties\":{\"overwriteDbsInTarget\":\"True\"}}"), 200);
    assert_string_equal(answer_text("properties", "overwriteDbsInTarget"), "True");
    assert_int_equal(send_request(METHOD_PATCH, MIGRATION, "{\"properties\":{\"triggerCutover\":\"True\"}}"),
                     409);
    assert_non_null(strstr(answer_text("error", "message"), "603114"));
    assert_int_equal(
        send_request(METHOD_PATCH, MIGRATION, "{\"properties\":{\"migrationOption\":\"Validate\"}}"), 400);
    assert_int_equal(send_request(METHOD_PATCH, MIGRATION, "{\"properties\":{\"dbsToMigrate\":[\"x\"]}}"),
                     409);
    assert_int_equal(
        send_request(METHOD_PATCH, MIGRATION,
                     "{\"properties\":{\"cancel\":\"True\",\"dbsToCancelMigrationOn\":[\"nope\"]}}"),
        400);
    assert_int_equal(
        send_request(METHOD_PATCH, MIGRATION, "{\"tags\":{\"a\":\"b\"},\"properties\":{\"cancel\":true}}"),
        200);
    assert_string_equal(answer_text("tags", "a"), "b");
    assert_int_equal(send_request(METHOD_PATCH, MIGRATION, "{\"properties\":{\"cancel\":false}}"), 409);
}

#define PATCH_LIVE(more, status)                                                                             \
    assert_int_equal(send_request(METHOD_PATCH, MIGRATION, "{\"properties\":{" more "}}"), status)
#define ON(list, names) ",\"" list "\":[" names "]"

static size_t names_in(const char *list)
{
    return json_array_size(json_object_get(json_object_get(answer, "properties"), list));
}

static void cutover_is_remembered_and_only_grows(void **state)
{
    (void)state;
    static const char list[] = "dbsToTriggerCutoverOn";
    static const char live[] = BODY(",\"migrationMode\":\"online\",\"dbsToMigrate\":[\"a\",\"b\",\"c\"]");
    assert_int_equal(send_request(METHOD_PUT, MIGRATION, live), 201);
    assert_string_equal(answer_text("properties", "migrationMode"), "Online");
    assert_null(json_object_get(json_object_get(answer, "properties"), "triggerCutover"));
    PATCH_LIVE("\"dbsToTriggerCutoverOn\":[\"a\"]", 400);
    PATCH_LIVE("\"triggerCutover\":\"True\"" ON("dbsToTriggerCutoverOn", "\"d\""), 400);
    PATCH_LIVE("\"triggerCutover\":\"True\"" ON("dBsToTiggerCutoverOn", "\"a\""), 200);
    assert_string_equal(answer_state(), "InProgress");
    assert_string_equal(answer_text("properties", "triggerCutover"), "True");
    assert_int_equal(names_in(list), 1);
    PATCH_LIVE("\"triggerCutover\":\"True\"" ON("dbsToTriggerCutoverOn", "\"b\",\"a\""), 200);
    assert_int_equal(names_in(list), 2);
    PATCH_LIVE("\"startDataMigration\":\"True\"" ON("dbsToTriggerCutoverOn", ""), 200);
    assert_int_equal(names_in(list), 2);
    PATCH_LIVE("\"triggerCutover\":\"False\"", 409);
    PATCH_LIVE("\"triggerCutover\":\"True\"", 200);
    assert_int_equal(names_in(list), 0);
    PATCH_LIVE("\"triggerCutover\":\"True\"" ON("dbsToTriggerCutoverOn", "\"a\""), 200);
    assert_int_equal(names_in(list), 0);
    end_migration("m1", STATE_FAILED);
    PATCH_LIVE("\"triggerCutover\":\"True\"", 409);
    assert_non_null(strstr(answer_text("error", "message"), "603113"));
}

static void ended_migration_takes_tags_only_and_frees_its_name(void **state)
{
    (void)state;
    assert_int_equal(send_request(METHOD_PUT, MIGRATION, SHOP), 201);
    end_migration("m1", STATE_FAILED);
    assert_int_equal(send_request(METHOD_PATCH, MIGRATION, "{\"properties\":{\"cancel\":\"True\"}}"), 409);
    assert_string_equal(answer_text("error", "code"), "MigrationNotActive");
    assert_int_equal(send_request(METHOD_PATCH, MIGRATION, "{\"tags\":{\"a\":\"b\"}}"), 200);
    assert_int_equal(send_request(METHOD_GET, TARGET "/migrations" VERSION, NULL), 200);
    assert_int_equal(json_array_size(json_object_get(answer, "value")), 0);
    assert_int_equal(send_request(METHOD_GET, TARGET "/migrations" VERSION "&migrationListFilter=all", NULL),
                     200);
    assert_int_equal(json_array_size(json_object_get(answer, "value")), 1);
    assert_int_equal(send_request(METHOD_DELETE, MIGRATION, NULL), 204);
    assert_int_equal(send_request(METHOD_GET, MIGRATION, NULL), 404);
    assert_int_equal(send_request(METHOD_PUT, MIGRATION, SHOP), 201);
}

static void delete_cancels_what_is_active(void **state)
{
    (void)state;
    assert_int_equal(send_request(METHOD_PUT, MIGRATION, SHOP), 201);
    assert_int_equal(send_request(METHOD_DELETE, TARGET "/migrations/m1?api-version=2024-08-01", NULL), 200);
    assert_null(answer);
    assert_int_equal(send_request(METHOD_DELETE, MIGRATION, NULL), 200);
    assert_string_equal(answer_state(), "InProgress");
    assert_string_equal(answer_text("properties", "cancel"), "True");
    assert_int_equal(send_request(METHOD_DELETE, TARGET "/migrations/none" VERSION, NULL), 204);
}

static void servers_with_active_migrations_stay(void **state)
{
    (void)state;
    assert_int_equal(send_request(METHOD_PUT, MIGRATION, SHOP), 201);
    assert_int_equal(send_request(METHOD_DELETE, TARGET VERSION, NULL), 409);
    assert_non_null(strstr(answer_text("error", "message"), "'m1'"));
    assert_int_equal(send_request(METHOD_DELETE, SOURCE "?api-version=2017-12-01", NULL), 409);
    assert_int_equal(send_request(METHOD_DELETE, GROUP "?api-version=2021-04-01", NULL), 409);
    end_migration("m1", STATE_CANCELED);
    assert_int_equal(send_request(METHOD_DELETE, SOURCE "?api-version=2017-12-01", NULL), 202);
    assert_int_equal(send_request(METHOD_DELETE, GROUP "?api-version=2021-04-01", NULL), 202);
    assert_int_equal(send_request(METHOD_PUT, TARGET "/migrations/m2" VERSION, SHOP), 409);
    assert_string_equal(answer_text("error", "code"), "ResourceGroupBeingDeleted");
}

static void list_is_paged(void **state)
{
    (void)state;
    for (int i = 0; i < 101; i++) {
        auto_free char *uri = str_format("%s/migrations/page%d%s", TARGET, i, VERSION);
        auto_free char *body =
            str_format("{\"location\":\"eastus\",\"properties\":{\"sourceDbServerResourceId\":\"%s\",%s,"
                       "\"dbsToMigrate\":[\"d%d\"]}}",
                       SOURCE, SECRETS, i);
        assert_int_equal(send_request(METHOD_PUT, uri, body), 201);
    }
    assert_int_equal(send_request(METHOD_GET, TARGET "/migrations" VERSION, NULL), 200);
    assert_int_equal(json_array_size(json_object_get(answer, "value")), 100);
    const char *link = json_string_value(json_object_get(answer, "nextLink"));
    static const char origin[] = "http://localhost:8080";
    assert_non_null(link);
    assert_true(str_istarts(link, origin));
    auto_free char *next = str_dup(link + sizeof(origin) - 1);
    assert_int_equal(send_request(METHOD_GET, next, NULL), 200);
    assert_int_equal(json_array_size(json_object_get(answer, "value")), 1);
    assert_null(json_object_get(answer, "nextLink"));
    assert_int_equal(send_request(METHOD_GET, TARGET "/migrations" VERSION "&$skipToken=1", NULL), 400);
}

static void first_preview_needs_the_other_provider(void **state)
{
    (void)state;
    static const char uri[] = TARGET "/migrations/m1?api-version=2021-06-15-privatepreview";
    static const char body[] = "{\"properties\":{\"SourceDBServerResourceId\":\"" SOURCE "\"," SECRETS
                               ",\"DBsToMigrate\":[\"a\"],\"TriggerCutover\":\"true\"}}";
    static const char provider[] =
        "/subscriptions/" SUBSCRIPTION "/providers/Microsoft.DataMigration/register?api-version=2021-04-01";
    assert_int_equal(send_request(METHOD_PUT, uri, body), 409);
    assert_string_equal(answer_text("error", "code"), "MissingSubscriptionRegistration");
    assert_int_equal(send_request(METHOD_POST, provider, NULL), 200);
    assert_int_equal(send_request(METHOD_PUT, uri, body), 201);
    assert_true(json_is_true(json_object_get(json_object_get(answer, "properties"), "triggerCutover")));
    static const char live[] =
        "{\"properties\":{\"SourceDBServerResourceId\":\"" SOURCE "\"," SECRETS ",\"DBsToMigrate\":[\"b\"]}}";
    static const char other[] = TARGET "/migrations/m2?api-version=";
    assert_int_equal(
        send_request(METHOD_PUT, TARGET "/migrations/m2?api-version=2021-06-15-privatepreview", live), 201);
    auto_free char *newest = str_format("%s2025-08-01", other);
    assert_int_equal(send_request(METHOD_GET, newest, NULL), 200);
    assert_string_equal(answer_text("properties", "migrationMode"), "Online");
}

static void missing_parents_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(send_request(METHOD_GET,
                                  "/subscriptions/" SUBSCRIPTION
                                  "/resourceGroups/none/providers/Microsoft.DBforPostgreSQL/"
                                  "flexibleServers/target/migrations/m1" VERSION,
                                  NULL),
                     404);
    assert_string_equal(answer_text("error", "code"), "ResourceGroupNotFound");
    assert_int_equal(send_request(METHOD_GET, POSTGRESQL "/flexibleServers/none/migrations/m1" VERSION, NULL),
                     404);
    assert_string_equal(answer_text("error", "code"), "ParentResourceNotFound");
    assert_int_equal(send_request(METHOD_GET, MIGRATION, NULL), 404);
    assert_string_equal(answer_text("error", "code"), "ResourceNotFound");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(put_creates_once_and_repeats_with_200),
        with_store(put_refuses_what_cannot_be_right),
        with_store(two_migrations_may_not_write_one_database),
        with_store(limit_of_active_migrations_is_kept),
        with_store(patch_decides_only_what_is_still_open),
        with_store(cutover_is_remembered_and_only_grows),
        with_store(ended_migration_takes_tags_only_and_frees_its_name),
        with_store(delete_cancels_what_is_active),
        with_store(servers_with_active_migrations_stay),
        with_store(list_is_paged),
        with_store(first_preview_needs_the_other_provider),
        with_store(missing_parents_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

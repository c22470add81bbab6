/* SPDX-License-Identifier: MIT */
/* Requests through the real route table, the real handlers and a real store; the executor is there but
 * asleep. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "executor/internal.h"
#include "handlers/app.h"
#include "server/dispatch.h"

#define SUBSCRIPTION "00000000-0000-4000-8000-00000000ca11"
#define GROUP        "/subscriptions/" SUBSCRIPTION "/resourceGroups/Shop"
#define POSTGRESQL   GROUP "/providers/Microsoft.DBforPostgreSQL"
#define TARGET       POSTGRESQL "/flexibleServers/target"
#define SOURCE       POSTGRESQL "/servers/source"
#define VERSION      "?api-version=2025-08-01"
#define MIGRATION    TARGET "/migrations/m1" VERSION
#define SECRETS                                                                                              \
    "\"secretParameters\":{\"adminCredentials\":{\"sourceServerPassword\":\"hunter2\","                      \
    "\"targetServerPassword\":\"hunter3\"}}"
#define BODY(more)                                                                                           \
    "{\"location\":\"eastus\",\"properties\":{\"sourceDbServerResourceId\":\"" SOURCE "\"," SECRETS more "}" \
    "}"
#define SHOP BODY(",\"dbsToMigrate\":[\"shop\"],\"foo\":1")

static struct options options;
static struct executor executor;
static struct app app;
static struct route_table *table;
static char directory[64];
static json_t *answer; /* of the last request */

/* Sends one request and returns the status. */
static int send_request(enum method method, const char *uri, const char *body)
{
    struct err err;
    struct request *request = request_new(&app);
    request->method = method;
    request->host = str_dup("localhost:8080");
    if (body != NULL) {
        buf_adds(&request->raw_body, body);
    }
    assert_int_equal(request_set_uri(request, uri, &err), 0);
    if (dispatch_prepare(table, request)) {
        dispatch_run(request);
    }
    int status = request->reply.status;
    json_decref(answer);
    answer = request->reply.body == NULL ? NULL : json_loads(request->reply.body, 0, NULL);
    if (request->reply.body != NULL) {
        assert_null(strstr(request->reply.body, "hunter"));
    }
    request_free(request);
    return status;
}

static const char *answer_text(const char *object, const char *name)
{
    return json_string_value(json_object_get(json_object_get(answer, object), name));
}

static const char *answer_state(void)
{
    json_t *status = json_object_get(json_object_get(answer, "properties"), "currentStatus");
    return json_string_value(json_object_get(status, "state"));
}

static void insert_server(enum server_kind kind, const char *name)
{
    struct err err;
    auto_server struct server server = {.kind = kind, .major = 16, .state = SERVER_STATE_READY, .port = 5432};
    server.subscription_id = str_dup(SUBSCRIPTION);
    server.group = str_dup("Shop");
    server.name = str_dup(name);
    server.location = str_dup("canadacentral");
    server.administrator = str_dup("adm");
    server.password = str_dup("hunter1");
    server.host = str_dup("127.0.0.1");
    server.properties = str_dup("{}");
    assert_int_equal(store_server_insert(app.store, &server, &err), 0);
}

/* Moves a migration as the executor does. */
static void end_migration(const char *name, enum migration_state state)
{
    struct err err;
    auto_server struct server target = {0};
    auto_migration struct migration migration = {0};
    assert_int_equal(store_server_get_by_name(app.store, "target", &err, &target), 1);
    int64_t now = clock_now_us();
    assert_int_equal(store_migration_claim(app.store, "test", now, now + 60000000, &err, &migration), 1);
    assert_string_equal(migration.name, name);
    const struct migration_move move = {
        .from = migration.substate, .state = state, .substate = SUB_COMPLETED, .event = "test"};
    assert_int_equal(store_migration_move(app.store, &migration, &move, &err), 1);
    assert_int_equal(store_migration_release(app.store, &migration, false, 0, &err), 0);
}

static int set_up(void **state)
{
    (void)state;
    static char subscription_id[] = SUBSCRIPTION;
    static char no_authentication[] = "none";
    struct err err;
    log_setup(LOG_ERROR, false);
    options = (struct options){.subscription_id = subscription_id,
                               .tenant_id = subscription_id,
                               .retry_after = 1,
                               .auth = no_authentication};
    pthread_mutex_init(&executor.lock, NULL);
    pthread_cond_init(&executor.wake, NULL);
    app = (struct app){.options = &options, .executor = &executor};
    snprintf(directory, sizeof(directory), "/tmp/malachite-handlers-XXXXXX");
    if (mkdtemp(directory) == NULL || store_open(directory, &err, &app.store) < 0 ||
        route_table_new(routes, route_count, &err, &table) < 0) {
        return -1;
    }
    assert_int_equal(send_request(METHOD_PUT, GROUP "?api-version=2021-04-01", "{\"location\":\"eastus\"}"),
                     201);
    insert_server(SERVER_FLEXIBLE, "target");
    insert_server(SERVER_SINGLE, "source");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(answer);
    answer = NULL;
    route_table_free(table);
    store_close(app.store);
    DIR *entries = opendir(directory);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (entry->d_name[0] != '.') {
            auto_free char *path = str_format("%s/%s", directory, entry->d_name);
            unlink(path);
        }
    }
    closedir(entries);
    return rmdir(directory);
}

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

static void ended_migration_takes_tags_only_and_keeps_its_name(void **state)
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
    assert_int_equal(send_request(METHOD_PUT, MIGRATION, SHOP), 409);
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

#define with_store(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(put_creates_once_and_repeats_with_200),
        with_store(put_refuses_what_cannot_be_right),
        with_store(two_migrations_may_not_write_one_database),
        with_store(limit_of_active_migrations_is_kept),
        with_store(patch_decides_only_what_is_still_open),
        with_store(cutover_is_remembered_and_only_grows),
        with_store(ended_migration_takes_tags_only_and_keeps_its_name),
        with_store(delete_cancels_what_is_active),
        with_store(servers_with_active_migrations_stay),
        with_store(list_is_paged),
        with_store(first_preview_needs_the_other_provider),
        with_store(missing_parents_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

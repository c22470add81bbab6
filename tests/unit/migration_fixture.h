/* SPDX-License-Identifier: MIT */
/* Requests through the real route table, the real handlers and a real store; the executor exists but does
 * not run. */
#ifndef TESTS_UNIT_MIGRATION_FIXTURE_H
#define TESTS_UNIT_MIGRATION_FIXTURE_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"
#include "executor/executor_parts.h"
#include "handlers/arm/app.h"
#include "handlers/arm/dispatch/dispatch.h"
#include "handlers/describe/openapi.h"
#include "handlers/migrations/migrations.h"
#include "tests/unit/test.h"

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
static inline int send_request(enum method method, const char *uri, const char *body)
{
    struct err err = {0};
    app.routes = table;
    app.note_unknown = api_note_unknown;
    app.describe = api_description_of;
    app.show_migration = migration_show;
    struct request *request = request_new(&app);
    request->method = method;
    request->host = str_dup("localhost:8080");
    if (body != NULL) {
        buf_adds(&request->raw_body, body);
    }
    assert_int_equal(request_set_uri(request, uri, &err), 0);
    if (dispatch_prepare(request)) {
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

static inline const char *answer_text(const char *object, const char *name)
{
    return json_string_value(json_object_get(json_object_get(answer, object), name));
}

static inline const char *answer_state(void)
{
    json_t *status = json_object_get(json_object_get(answer, "properties"), "currentStatus");
    return json_string_value(json_object_get(status, "state"));
}

static inline void insert_server(enum server_kind kind, const char *name)
{
    struct err err = {0};
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

/* Moves a migration like the executor. */
static inline void end_migration(const char *name, enum migration_state state)
{
    struct err err = {0};
    auto_server struct server target = {0};
    auto_migration struct migration migration = {0};
    assert_int_equal(store_server_get_by_name(app.store, SUBSCRIPTION, "target", &err, &target), 1);
    int64_t now = clock_now_us();
    assert_int_equal(store_migration_claim(app.store, "test", now, now + 60000000, &err, &migration), 1);
    assert_string_equal(migration.name, name);
    const struct migration_move move = {
        .from = migration.substate, .state = state, .substate = SUB_COMPLETED, .event = "test"};
    assert_int_equal(store_migration_move(app.store, &migration, &move, &err), 1);
    assert_int_equal(store_migration_release(app.store, &migration, false, 0, &err), 0);
}

static inline int set_up(void **state)
{
    (void)state;
    static char subscription_id[] = SUBSCRIPTION;
    static char no_authentication[] = "none";
    struct err err = {0};
    log_setup(LOG_ERROR, false);
    options = (struct options){.subscription_id = subscription_id,
                               .tenant_id = subscription_id,
                               .retry_after = 1,
                               .auth = no_authentication};
    pthread_mutex_init(&executor.lock, NULL);
    pthread_cond_init(&executor.wake, NULL);
    app = (struct app){.options = &options, .executor = &executor};
    snprintf(directory, sizeof(directory), "/tmp/malachite-handlers-XXXXXX");
    if (mkdtemp(directory) == NULL || store_open(directory, "", &err, &app.store) < 0 ||
        route_table_new(routes, route_count, &err, &table) < 0) {
        return -1;
    }
    assert_int_equal(send_request(METHOD_PUT, GROUP "?api-version=2021-04-01", "{\"location\":\"eastus\"}"),
                     201);
    insert_server(SERVER_FLEXIBLE, "target");
    insert_server(SERVER_SINGLE, "source");
    return 0;
}

static inline int tear_down(void **state)
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

#define with_store(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif

/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "core/attr.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/str.h"
#include "handlers/arm/app.h"
#include "handlers/arm/dispatch/dispatch.h"
#include "handlers/signin/auth.h"
#include "server/reply.h"

#define SUBSCRIPTION "00000000-0000-4000-8000-00000000ca11"
#define IN_GROUP     "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
#define POSTGRESQL   "Microsoft.DBforPostgreSQL"
#define MIGRATION                                                                                            \
    "/subscriptions/" SUBSCRIPTION "/resourceGroups/g/providers/" POSTGRESQL "/flexibleServers/s/"           \
    "migrations/m"

static void answer_once(struct request *request)
{
    reply_empty(request, 200);
}

static void answer_never(struct request *request)
{
    (void)request;
}

static void answer_twice(struct request *request)
{
    reply_header(request, "X-First", "1");
    reply_empty(request, 200);
    reply_empty(request, 204);
}

/* As if memory had run out for a part of the response. */
static void answer_without_a_part(struct request *request)
{
    (void)memory_checked(NULL);
    reply_header(request, "X-First", "1");
    reply_empty(request, 200);
}

static const struct route rows[] = {
    {METHOD_GET, IN_GROUP "/providers/" POSTGRESQL "/flexibleServers/{serverName}/migrations/{migrationName}",
     answer_once, ROUTE_ARM, POSTGRESQL "/flexibleServers/migrations", .operation_id = "Migrations_Get"},
    {METHOD_GET, "/never", answer_never, 0, NULL, .operation_id = "Never"},
    {METHOD_GET, "/twice", answer_twice, 0, NULL, .operation_id = "Twice"},
    {METHOD_GET, "/partly", answer_without_a_part, 0, NULL, .operation_id = "Partly"},
};

static bool strict;
static char auth_none[] = "none";
static char auth_any[] = "any";
static char *auth = auth_none;

/* The complete processing of one request. */
static struct request *send_request(enum method method, const char *uri)
{
    static struct options options;
    static struct app app;
    static char subscription_id[] = SUBSCRIPTION;
    options.auth = auth;
    options.subscription_id = subscription_id;
    options.strict_api_version = strict;
    app.options = &options;
    app.authenticate = auth_check;
    struct request *request = request_new(&app);
    struct route_table *table = NULL;
    struct err err = {0};
    assert_int_equal(route_table_new(rows, ARRAY_LEN(rows), &err, &table), 0);
    request->method = method;
    assert_int_equal(request_set_uri(request, uri, &err), 0);
    app.routes = table;
    if (dispatch_prepare(request)) {
        dispatch_run(request);
    }
    route_table_free(table);
    return request;
}

static bool has_header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->reply.header_count; i++) {
        if (str_iequals(request->reply.headers[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void expect(const char *uri, int status, const char *code)
{
    struct request *request = send_request(METHOD_GET, uri);
    assert_int_equal(request->reply.status, status);
    if (code != NULL) {
        assert_non_null(strstr(request->reply.body, code));
        assert_true(has_header(request, "x-ms-failure-cause"));
    }
    request_free(request);
}

static void checks_come_in_the_order_of_resource_manager(void **state)
{
    (void)state;
    expect(MIGRATION "?api-version=2024-08-01", 200, NULL);
    expect("/subscriptions/bad/resourceGroups/g/providers/" POSTGRESQL "/flexibleServers/s/migrations/m", 400,
           "MissingApiVersionParameter");
    expect("/subscriptions/bad/resourceGroups/g/providers/" POSTGRESQL
           "/flexibleServers/s/migrations/m?api-version=1999-01-01",
           400, "\"InvalidSubscriptionId\"");
    expect("/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/g/providers/" POSTGRESQL
           "/flexibleServers/s/migrations/m?api-version=1999-01-01",
           404, "SubscriptionNotFound");
    expect(MIGRATION "?api-version=1999-01-01", 400, "NoRegisteredProviderFound");
    expect(MIGRATION "?api-version=2022-12-01", 400, "NoRegisteredProviderFound");
}

static void a_missing_subscription_is_quoted_as_it_comes(void **state)
{
    (void)state;
    expect("/subscriptions//resourceGroups/g?api-version=2024-08-01", 400,
           "The provided subscription identifier 'resourceGroups' is malformed or invalid.");
}

static void unknown_namespaces_and_types_are_named(void **state)
{
    (void)state;
    expect("/subscriptions/" SUBSCRIPTION "/providers/Contoso.Things/a?api-version=1", 404,
           "The resource namespace 'Contoso.Things' is invalid.");
    expect("/subscriptions/" SUBSCRIPTION "/resourceGroups/g/providers/" POSTGRESQL
           "/odd/x/odder/y?api-version=2024-08-01",
           404,
           "The resource type 'odd/odder' could not be found in the namespace '" POSTGRESQL
           "' for api version");
    expect(MIGRATION "/deeper?api-version=2024-08-01", 404, "InvalidResourceType");
    expect("/elsewhere", 404, "\"NotFound\"");
}

static void a_token_is_asked_for_between_version_and_subscription(void **state)
{
    (void)state;
    auth = auth_any;
    expect("/subscriptions/bad/resourceGroups/g/providers/" POSTGRESQL "/flexibleServers/s/migrations/m", 400,
           "MissingApiVersionParameter");
    expect("/subscriptions/bad/resourceGroups/g/providers/" POSTGRESQL
           "/flexibleServers/s/migrations/m?api-version=2024-08-01",
           401, "The 'Authorization' header is missing.");
    expect("/subscriptions/bad/nothing?api-version=2024-08-01", 401, "\"AuthenticationFailed\"");
    expect("/elsewhere", 404, "\"NotFound\"");
    auth = auth_none;
}

static void newer_versions_are_warned_about_or_refused(void **state)
{
    (void)state;
    struct request *request = send_request(METHOD_GET, MIGRATION "?api-version=2999-01-01");
    assert_int_equal(request->reply.status, 200);
    assert_true(has_header(request, "Warning"));
    request_free(request);
    strict = true;
    expect(MIGRATION "?api-version=2999-01-01", 400, "NoRegisteredProviderFound");
    strict = false;
}

static void options_lists_the_methods(void **state)
{
    (void)state;
    struct request *request = send_request(METHOD_OPTIONS, MIGRATION);
    assert_int_equal(request->reply.status, 200);
    assert_true(has_header(request, "Allow"));
    request_free(request);
    request = send_request(METHOD_PUT, MIGRATION);
    assert_int_equal(request->reply.status, 405);
    assert_true(has_header(request, "Allow"));
    request_free(request);
}

static void handlers_that_do_not_answer_once_give_500(void **state)
{
    (void)state;
    static const char *const paths[] = {"/never", "/twice"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct request *request = send_request(METHOD_GET, paths[i]);
        assert_int_equal(request->reply.status, 500);
        assert_false(has_header(request, "X-First"));
        request_free(request);
    }
}

static void an_answer_that_memory_was_out_for_is_500(void **state)
{
    (void)state;
    struct request *request = send_request(METHOD_GET, "/partly");
    assert_int_equal(request->reply.status, 500);
    assert_false(has_header(request, "X-First"));
    assert_non_null(strstr(request->reply.body, "out of memory"));
    request_free(request);
}

int main(void)
{
    log_setup(LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_come_in_the_order_of_resource_manager),
        cmocka_unit_test(a_missing_subscription_is_quoted_as_it_comes),
        cmocka_unit_test(unknown_namespaces_and_types_are_named),
        cmocka_unit_test(a_token_is_asked_for_between_version_and_subscription),
        cmocka_unit_test(newer_versions_are_warned_about_or_refused),
        cmocka_unit_test(options_lists_the_methods),
        cmocka_unit_test(handlers_that_do_not_answer_once_give_500),
        cmocka_unit_test(an_answer_that_memory_was_out_for_is_500),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

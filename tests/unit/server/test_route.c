/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "server/route.h"

static void handle(struct request *request)
{
    (void)request;
}

#define GROUP  "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
#define SERVER GROUP "/providers/Microsoft.DBforPostgreSQL/flexibleServers/{serverName}"

static const struct route rows[] = {
    {METHOD_GET, "/", handle, 0, NULL, .operation_id = "Root"},
    {METHOD_GET, GROUP, handle, 0, NULL, .operation_id = "Groups_Get"},
    {METHOD_HEAD, GROUP, handle, 0, NULL, .operation_id = "Groups_Check"},
    {METHOD_PUT, GROUP, handle, 0, NULL, .operation_id = "Groups_Put"},
    {METHOD_GET, SERVER, handle, 0, NULL, .operation_id = "Servers_Get"},
    {METHOD_GET, "/things/{name}", handle, 0, NULL, .operation_id = "Things_Get"},
    {METHOD_GET, "/things/special", handle, 0, NULL, .operation_id = "Things_Special"},
    {METHOD_POST, "/things/{name}", handle, 0, NULL, .operation_id = "Things_Post"},
    {METHOD_POST, "/{*}/oauth2/token", handle, 0, NULL, .operation_id = "Token"},
    {METHOD_GET, "/{*}/realm/{user}", handle, 0, NULL, .operation_id = "Realm"},
    {METHOD_GET, "/fixed/oauth2/token", handle, 0, NULL, .operation_id = "Fixed"},
};

/* Matches one request line and keeps what came of it. */
struct attempt {
    struct request *request;
    struct route_table *table;
    struct err err;
    char allow[ROUTE_ALLOW_SIZE];
    int result;
};

static void match(struct attempt *attempt, enum method method, const char *uri)
{
    *attempt = (struct attempt){.request = request_new(NULL)};
    assert_non_null(attempt->request);
    assert_int_equal(route_table_new(rows, sizeof(rows) / sizeof(rows[0]), &attempt->err, &attempt->table),
                     0);
    attempt->request->method = method;
    attempt->result = request_set_uri(attempt->request, uri, &attempt->err);
    if (attempt->result == 0) {
        attempt->result = route_match(attempt->table, attempt->request, attempt->allow, &attempt->err);
    }
}

static void end(struct attempt *attempt)
{
    request_free(attempt->request);
    route_table_free(attempt->table);
}

static void expect_operation(enum method method, const char *uri, const char *operation_id)
{
    struct attempt attempt;
    match(&attempt, method, uri);
    assert_int_equal(attempt.result, 0);
    assert_string_equal(attempt.request->route->operation_id, operation_id);
    end(&attempt);
}

static void expect_error(enum method method, const char *uri, enum err_code code)
{
    struct attempt attempt;
    match(&attempt, method, uri);
    assert_int_equal(attempt.result, -1);
    assert_int_equal(attempt.err.code, code);
    end(&attempt);
}

static void literals_match_in_any_case(void **state)
{
    (void)state;
    expect_operation(METHOD_GET, "/SUBSCRIPTIONS/s/resourcegroups/G", "Groups_Get");
    expect_operation(METHOD_GET, "/", "Root");
}

static void extra_slashes_and_the_query_do_not_matter(void **state)
{
    (void)state;
    expect_operation(METHOD_GET, "//subscriptions///s/resourceGroups/g//?api-version=1", "Groups_Get");
    expect_operation(METHOD_GET, "http://management.azure.com:80/subscriptions/s/resourceGroups/g",
                     "Groups_Get");
    expect_operation(METHOD_GET, "https://management.azure.com?x=1", "Root");
}

static void parameters_are_decoded_and_keep_their_case(void **state)
{
    (void)state;
    struct attempt attempt;
    match(&attempt, METHOD_GET,
          "/subscriptions/S/resourceGroups/r%C3%A9%20G/providers/microsoft.dbforpostgresql/flexibleservers/"
          "Name");
    assert_int_equal(attempt.result, 0);
    assert_string_equal(request_param(attempt.request, "subscriptionId"), "S");
    assert_string_equal(request_param(attempt.request, "resourceGroupName"), "r\xC3\xA9 G");
    assert_string_equal(request_param(attempt.request, "serverName"), "Name");
    assert_null(request_param(attempt.request, "other"));
    end(&attempt);
}

static void a_literal_beats_a_parameter(void **state)
{
    (void)state;
    expect_operation(METHOD_GET, "/things/Special", "Things_Special");
    expect_operation(METHOD_POST, "/things/special", "Things_Post");
    expect_operation(METHOD_GET, "/things/other", "Things_Get");
}

static void the_end_of_a_path_is_enough_for_a_tail(void **state)
{
    (void)state;
    expect_operation(METHOD_POST, "/adfs/OAuth2/token", "Token");
    expect_operation(METHOD_POST, "/a/b/c/oauth2/token", "Token");
    expect_operation(METHOD_POST, "/oauth2/token", "Token");
    expect_operation(METHOD_HEAD, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/realm/me",
                     "Realm");
    expect_operation(METHOD_GET, "/fixed/oauth2/token", "Fixed");
    expect_error(METHOD_POST, "/fixed/oauth2/token", ERR_METHOD_NOT_ALLOWED);
    expect_error(METHOD_GET, "/adfs/oauth2/token", ERR_METHOD_NOT_ALLOWED);
    expect_error(METHOD_POST, "/oauth2/token/more", ERR_NOT_FOUND);
    struct attempt attempt;
    match(&attempt, METHOD_GET, "/common/realm/a%40b");
    assert_int_equal(attempt.result, 0);
    assert_string_equal(request_param(attempt.request, "user"), "a@b");
    end(&attempt);
}

static void a_tail_needs_something_and_stands_in_front(void **state)
{
    (void)state;
    static const char *const bad[] = {"/{*}", "/a/{*}/b", "/{*}/{*}/b"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct route row = {METHOD_GET, bad[i], handle, 0, NULL, .operation_id = "Bad"};
        struct route_table *table = NULL;
        struct err err = {0};
        assert_int_equal(route_table_new(&row, 1, &err, &table), -1);
        assert_int_equal(err.code, ERR_INTERNAL);
    }
}

static void head_has_its_own_row_or_gets_that_of_get(void **state)
{
    (void)state;
    expect_operation(METHOD_HEAD, "/subscriptions/s/resourceGroups/g", "Groups_Check");
    expect_operation(METHOD_HEAD, "/things/x", "Things_Get");
}

static void a_wrong_method_lists_the_right_ones(void **state)
{
    (void)state;
    struct attempt attempt;
    match(&attempt, METHOD_DELETE, "/subscriptions/s/resourceGroups/g");
    assert_int_equal(attempt.result, -1);
    assert_int_equal(attempt.err.code, ERR_METHOD_NOT_ALLOWED);
    assert_string_equal(attempt.allow, "GET, HEAD, PUT, OPTIONS");
    end(&attempt);
    expect_error(METHOD_OTHER, "/", ERR_METHOD_NOT_ALLOWED);
    expect_error(METHOD_OPTIONS, "/things/x", ERR_METHOD_NOT_ALLOWED);
}

static void unknown_paths_are_not_found(void **state)
{
    (void)state;
    expect_error(METHOD_GET, "/nothing", ERR_NOT_FOUND);
    expect_error(METHOD_GET, "/subscriptions/s/resourceGroups", ERR_NOT_FOUND);
    expect_error(METHOD_GET, "/things/a/b", ERR_NOT_FOUND);
    expect_error(METHOD_GET, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24",
                 ERR_NOT_FOUND);
    expect_error(METHOD_GET, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25",
                 ERR_URI_TOO_LONG);
}

static void unsafe_segments_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"/things/a%2Fb", "/things/a%00b",   "/things/a%2", "/things/a%zz",
                                      "/things/%ff",   "/things/%0d%0aX", "/things/..",  "/things/%2e",
                                      "/things/\xC3",  "/things/%7f"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        expect_error(METHOD_GET, bad[i], ERR_BAD_REQUEST);
    }
}

static void broken_tables_are_refused(void **state)
{
    (void)state;
    static const struct route bad[][2] = {
        {{METHOD_GET, "no-slash", handle, 0, NULL, .operation_id = "A"},
         {METHOD_GET, "/", handle, 0, NULL, .operation_id = "B"}},
        {{METHOD_GET, "/a", NULL, 0, NULL, .operation_id = "A"},
         {METHOD_GET, "/", handle, 0, NULL, .operation_id = "B"}},
        {{METHOD_GET, "/a/{x}", handle, 0, NULL, .operation_id = "A"},
         {METHOD_GET, "/A/{y}", handle, 0, NULL, .operation_id = "B"}},
        {{METHOD_GET, "/{}", handle, 0, NULL, .operation_id = "A"},
         {METHOD_GET, "/", handle, 0, NULL, .operation_id = "B"}},
        {{METHOD_GET, "/{x", handle, 0, NULL, .operation_id = "A"},
         {METHOD_GET, "/", handle, 0, NULL, .operation_id = "B"}},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct err err = {0};
        struct route_table *table = NULL;
        assert_int_equal(route_table_new(bad[i], 2, &err, &table), -1);
        assert_null(table);
    }
}

static void our_own_table_is_sound(void **state)
{
    (void)state;
    struct err err = {0};
    struct route_table *table = NULL;
    assert_int_equal(route_table_new(routes, route_count, &err, &table), 0);
    route_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_match_in_any_case),
        cmocka_unit_test(extra_slashes_and_the_query_do_not_matter),
        cmocka_unit_test(parameters_are_decoded_and_keep_their_case),
        cmocka_unit_test(a_literal_beats_a_parameter),
        cmocka_unit_test(the_end_of_a_path_is_enough_for_a_tail),
        cmocka_unit_test(a_tail_needs_something_and_stands_in_front),
        cmocka_unit_test(head_has_its_own_row_or_gets_that_of_get),
        cmocka_unit_test(a_wrong_method_lists_the_right_ones),
        cmocka_unit_test(unknown_paths_are_not_found),
        cmocka_unit_test(unsafe_segments_are_refused),
        cmocka_unit_test(broken_tables_are_refused),
        cmocka_unit_test(our_own_table_is_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

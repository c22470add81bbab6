/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "core/str.h"
#include "handlers/arm/api_version.h"
#include "server/route.h"

static void every_row_is_complete_and_can_be_matched(void **state)
{
    (void)state;
    struct err err = {0};
    struct route_table *table = NULL;
    if (route_table_new(routes, route_count, &err, &table) < 0) {
        fail_msg("%s", err.message);
    }
    route_table_free(table);
}

static void every_resource_type_has_api_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        if (routes[i].resource_type != NULL && resource_type_find(routes[i].resource_type) == NULL) {
            fail_msg("%s: no api-versions for %s", routes[i].pattern, routes[i].resource_type);
        }
    }
}

/* Sign-in routes are not part of Resource Manager: they have no api-versions. */
static bool is_sign_in(const struct route *route)
{
    return str_istarts(route->operation_id, "SignIn_") ||
           str_istarts(route->operation_id, "ManagedIdentity_") ||
           str_istarts(route->operation_id, "Metadata_");
}

static void azure_paths_take_an_api_version_and_others_do_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        bool other = str_istarts(routes[i].pattern, "/_malachite/") ||
                     str_equals(routes[i].pattern, "/metrics") || is_sign_in(&routes[i]) ||
                     str_istarts(routes[i].operation_id, "Portal_");
        if (((routes[i].flags & ROUTE_ARM) == 0) != other) {
            fail_msg("%s", routes[i].pattern);
        }
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    return len > strlen(end) && str_equals(text + len - strlen(end), end);
}

static void calls_of_azure_have_the_action_of_their_method(void **state)
{
    (void)state;
    static const char *const ends[] = {
        [METHOD_GET] = "/read",    [METHOD_HEAD] = "/read",   [METHOD_PUT] = "/write",
        [METHOD_PATCH] = "/write", [METHOD_POST] = "/action", [METHOD_DELETE] = "/delete"};
    for (size_t i = 0; i < route_count; i++) {
        bool azure = (routes[i].flags & ROUTE_ARM) != 0;
        const char *action = routes[i].action;
        if (azure != (action != NULL) || (azure && !ends_with(action, ends[routes[i].method]))) {
            fail_msg("%s %s: action %s", method_name(routes[i].method), routes[i].pattern,
                     action == NULL ? "missing" : action);
        }
    }
}

static void a_body_is_described_where_it_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];
        bool reads = (route->flags & ROUTE_BODY) != 0;
        bool may_read = reads || (route->flags & ROUTE_BODY_OPTIONAL) != 0;
        bool described = route->body != NULL;
        if (route->summary != NULL && ((reads && !described) || (described && !may_read))) {
            fail_msg("%s: body rule and description differ", route->operation_id);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete_and_can_be_matched),
        cmocka_unit_test(every_resource_type_has_api_versions),
        cmocka_unit_test(calls_of_azure_have_the_action_of_their_method),
        cmocka_unit_test(a_body_is_described_where_it_is_read),
        cmocka_unit_test(azure_paths_take_an_api_version_and_others_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

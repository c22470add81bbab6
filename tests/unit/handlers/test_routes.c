/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "core/str.h"
#include "handlers/arm/api_version.h"
#include "server/route.h"

static void every_row_is_complete_and_can_be_matched(void **state)
{
    (void)state;
    struct err err;
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

/* Signing in comes before Resource Manager: an authority knows nothing of its api-versions. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete_and_can_be_matched),
        cmocka_unit_test(every_resource_type_has_api_versions),
        cmocka_unit_test(azure_paths_take_an_api_version_and_others_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "core/attr.h"
#include "handlers/arm/naming/armid.h"

static void migration_id_is_taken_apart(void **state)
{
    (void)state;
    auto_armid struct armid id = {0};
    assert_true(armid_parse("/subscriptions/s/resourceGroups/G/providers/Microsoft.DBforPostgreSQL/"
                            "flexibleServers/srv/migrations/m",
                            &id));
    assert_string_equal(id.subscription_id, "s");
    assert_string_equal(id.group, "G");
    assert_string_equal(id.provider, "Microsoft.DBforPostgreSQL");
    assert_int_equal(id.depth, 2);
    assert_string_equal(id.types[0], "flexibleServers");
    assert_string_equal(id.names[0], "srv");
    assert_string_equal(id.types[1], "migrations");
    assert_string_equal(id.names[1], "m");
}

static void case_and_outer_slashes_do_not_matter(void **state)
{
    (void)state;
    static const char *const same[] = {"/subscriptions/s/resourcegroups/g/providers/P/servers/x",
                                       "subscriptions/s/resourceGroups/g/providers/P/servers/x",
                                       "/SUBSCRIPTIONS/s/RESOURCEGROUPS/g/PROVIDERS/P/servers/x/"};
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        auto_armid struct armid id = {0};
        assert_true(armid_parse(same[i], &id));
        assert_string_equal(id.group, "g");
        assert_string_equal(id.names[0], "x");
    }
}

static void ids_of_subscriptions_and_groups_are_ids(void **state)
{
    (void)state;
    auto_armid struct armid subscription = {0};
    assert_true(armid_parse("/subscriptions/s", &subscription));
    assert_null(subscription.group);
    assert_null(subscription.provider);
    auto_armid struct armid group = {0};
    assert_true(armid_parse("/subscriptions/s/resourceGroups/g", &group));
    assert_string_equal(group.group, "g");
    auto_armid struct armid at_subscription = {0};
    assert_true(armid_parse("/subscriptions/s/providers/P/servers/x", &at_subscription));
    assert_null(at_subscription.group);
    assert_int_equal(at_subscription.depth, 1);
}

static void other_texts_are_not_ids(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "/",
                                      "subscriptions",
                                      "/subscriptions/",
                                      "/subscriptions//resourceGroups/g",
                                      "/subscriptions/s/resourceGroups",
                                      "/subscriptions/s/resourceGroups/g/other/x",
                                      "/subscriptions/s/resourceGroups/g/providers",
                                      "/subscriptions/s/resourceGroups/g/providers/P/servers",
                                      "/subscriptions/s/resourceGroups/g/providers/P//x",
                                      "/subscriptions/s/resourceGroups/g/providers/P/a/1/b/2/c/3/d/4",
                                      "/subscriptions/s/resourceGroups/g?x=1",
                                      "/subscriptions/s//",
                                      "db.example.com:5432@admin",
                                      "/subscriptions/\xFF"};
    struct armid id = {0};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(armid_parse(bad[i], &id));
        assert_null(id.subscription_id);
    }
    assert_false(armid_parse(NULL, &id));
}

static void formatted_ids_parse_again(void **state)
{
    (void)state;
    auto_free char *group = armid_group("s", "g");
    assert_string_equal(group, "/subscriptions/s/resourceGroups/g");
    auto_free char *server = armid_resource("s", "g", "P", "flexibleServers", "x");
    auto_free char *child = armid_child(server, "migrations", "m");
    assert_string_equal(child,
                        "/subscriptions/s/resourceGroups/g/providers/P/flexibleServers/x/migrations/m");
    auto_armid struct armid id = {0};
    assert_true(armid_parse(child, &id));
    assert_int_equal(id.depth, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migration_id_is_taken_apart),
        cmocka_unit_test(case_and_outer_slashes_do_not_matter),
        cmocka_unit_test(ids_of_subscriptions_and_groups_are_ids),
        cmocka_unit_test(other_texts_are_not_ids),
        cmocka_unit_test(formatted_ids_parse_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

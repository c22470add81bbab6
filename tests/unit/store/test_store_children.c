/* SPDX-License-Identifier: MIT */
#include "tests/unit/store_fixture.h"

static void put(int64_t server_id, const char *name, const char *properties)
{
    auto_server_child struct server_child child = {.server_id = server_id, .kind = CHILD_FIREWALL_RULE};
    child.name = str_dup(name);
    child.properties = str_dup(properties);
    assert_ok(store_child_put(fixture_store, &child, &fixture_err));
}

static size_t count_rules(int64_t server_id)
{
    struct server_child *rows = NULL;
    size_t count = 0;
    assert_ok(store_child_list(fixture_store, server_id, CHILD_FIREWALL_RULE, &fixture_err, &rows, &count));
    server_children_free(rows, count);
    return count;
}

static void a_rule_keeps_its_first_spelling_and_its_last_content(void **state)
{
    (void)state;
    auto_server_child struct server_child child = {0};
    put(fixture_target, "Office", "{\"a\":1}");
    put(fixture_target, "OFFICE", "{\"a\":2}");
    assert_int_equal(
        store_child_get(fixture_store, fixture_target, CHILD_FIREWALL_RULE, "office", &fixture_err, &child),
        1);
    assert_string_equal(child.name, "Office");
    assert_string_equal(child.properties, "{\"a\":2}");
    assert_int_equal(count_rules(fixture_target), 1);
}

static void kinds_are_apart(void **state)
{
    (void)state;
    auto_server_child struct server_child child = {0};
    put(fixture_target, "x", "{}");
    assert_int_equal(
        store_child_get(fixture_store, fixture_target, CHILD_VIRTUAL_NETWORK_RULE, "x", &fixture_err, &child),
        0);
}

static void a_deleted_rule_is_gone_and_may_be_deleted_again(void **state)
{
    (void)state;
    put(fixture_target, "x", "{}");
    assert_ok(store_child_delete(fixture_store, fixture_target, CHILD_FIREWALL_RULE, "X", &fixture_err));
    assert_int_equal(count_rules(fixture_target), 0);
    assert_ok(store_child_delete(fixture_store, fixture_target, CHILD_FIREWALL_RULE, "X", &fixture_err));
}

static void rules_go_with_their_server(void **state)
{
    (void)state;
    int64_t id = fixture_insert_server("other", "pw");
    put(id, "x", "{}");
    assert_ok(store_server_delete(fixture_store, id, &fixture_err));
    assert_int_equal(count_rules(id), 0);
    auto_server_child struct server_child child = {.server_id = id, .kind = CHILD_FIREWALL_RULE};
    child.name = str_dup("x");
    child.properties = str_dup("{}");
    assert_int_equal(store_child_put(fixture_store, &child, &fixture_err), -1);
    assert_int_equal(fixture_err.code, ERR_RESOURCE_NOT_FOUND);
}

static void a_server_remembers_its_version(void **state)
{
    (void)state;
    auto_server struct server server = {0};
    assert_ok(store_server_set_version(fixture_store, fixture_target, 15, 18, &fixture_err));
    assert_int_equal(store_server_get_by_id(fixture_store, fixture_target, &fixture_err, &server), 1);
    assert_int_equal(server.major, 15);
    assert_int_equal(server.minor, 18);
    assert_ok(store_server_update(fixture_store, &server, &fixture_err));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rule_keeps_its_first_spelling_and_its_last_content),
        TEST(kinds_are_apart),
        TEST(a_deleted_rule_is_gone_and_may_be_deleted_again),
        TEST(rules_go_with_their_server),
        TEST(a_server_remembers_its_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

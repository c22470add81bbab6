/* SPDX-License-Identifier: MIT */
/* Groups, providers, servers, operations, transactions. */
#include "tests/unit/store_fixture.h"

#include <signal.h>
#include <sys/resource.h>

#include "core/memory.h"

static void a_group_keeps_the_spelling_of_its_first_put(void **state)
{
    (void)state;
    struct resource_group first = {.subscription_id = str_dup(SUBSCRIPTION), .name = str_dup("Shop")};
    struct resource_group second = {
        .subscription_id = str_dup(SUBSCRIPTION), .name = str_dup("SHOP"), .tags = str_dup("{\"a\":\"b\"}")};
    assert_ok(store_group_put(fixture_store, &first, &fixture_err));
    assert_ok(store_group_put(fixture_store, &second, &fixture_err));
    auto_resource_group struct resource_group found = {0};
    assert_int_equal(store_group_get(fixture_store, SUBSCRIPTION, "shop", &fixture_err, &found), 1);
    assert_string_equal(found.name, "Shop");
    assert_string_equal(found.tags, "{\"a\":\"b\"}");
    assert_null(found.location);
    struct resource_group *groups = NULL;
    size_t count = 0;
    assert_ok(store_group_list(fixture_store, SUBSCRIPTION, &fixture_err, &groups, &count));
    assert_int_equal(count, 1);
    resource_groups_free(groups, count);
    assert_ok(store_group_delete(fixture_store, SUBSCRIPTION, "sHOP", &fixture_err));
    auto_resource_group struct resource_group gone = {0};
    assert_int_equal(store_group_get(fixture_store, SUBSCRIPTION, "Shop", &fixture_err, &gone), 0);
    resource_group_done(&first);
    resource_group_done(&second);
}

/* What is to be written may lack a part that memory was out for. */
static void nothing_is_written_after_memory_ran_out(void **state)
{
    (void)state;
    char subscription[] = SUBSCRIPTION;
    char name[] = "Shop";
    const struct resource_group group = {.subscription_id = subscription, .name = name};
    memory_watch_begin();
    (void)memory_checked(NULL);
    assert_int_equal(store_group_put(fixture_store, &group, &fixture_err), -1);
    (void)memory_watch_end();
    memory_watch_begin();
    auto_store_tx struct store_tx tx = {0};
    assert_ok(store_begin(fixture_store, &fixture_err, &tx));
    assert_ok(store_group_put(fixture_store, &group, &fixture_err));
    (void)memory_checked(NULL);
    assert_int_equal(store_commit(&tx, &fixture_err), -1);
    assert_true(memory_watch_end());
    auto_resource_group struct resource_group found = {0};
    assert_int_equal(store_group_get(fixture_store, SUBSCRIPTION, "Shop", &fixture_err, &found), 0);
}

static void one_provider_is_registered_from_the_start(void **state)
{
    (void)state;
    bool registered = false;
    assert_ok(store_provider_get(fixture_store, SUBSCRIPTION, "microsoft.dbforpostgresql", &fixture_err,
                                 &registered));
    assert_true(registered);
    assert_ok(store_provider_get(fixture_store, SUBSCRIPTION, "Microsoft.DataMigration", &fixture_err,
                                 &registered));
    assert_false(registered);
    assert_ok(store_provider_put(fixture_store, SUBSCRIPTION, "Microsoft.DataMigration", true, &fixture_err));
    assert_ok(store_provider_get(fixture_store, SUBSCRIPTION, "MICROSOFT.datamigration", &fixture_err,
                                 &registered));
    assert_true(registered);
    assert_ok(
        store_provider_put(fixture_store, SUBSCRIPTION, "Microsoft.DBforPostgreSQL", false, &fixture_err));
    assert_ok(store_provider_get(fixture_store, SUBSCRIPTION, "Microsoft.DBforPostgreSQL", &fixture_err,
                                 &registered));
    assert_false(registered);
}

static void a_server_is_found_by_every_key_without_case(void **state)
{
    (void)state;
    auto_server struct server by_path = {0};
    auto_server struct server by_name = {0};
    auto_server struct server other_kind = {0};
    assert_int_equal(store_server_get(fixture_store, SERVER_FLEXIBLE, SUBSCRIPTION, "shop", "TARGET",
                                      &fixture_err, &by_path),
                     1);
    assert_string_equal(by_path.name, "target");
    assert_string_equal(by_path.password, "s3cret-target");
    assert_true(by_path.created_us > 0);
    assert_int_equal(store_server_get_by_name(fixture_store, SUBSCRIPTION, "Target", &fixture_err, &by_name),
                     1);
    assert_int_equal(by_name.id, fixture_target);
    assert_int_equal(store_server_get(fixture_store, SERVER_SINGLE, SUBSCRIPTION, "shop", "target",
                                      &fixture_err, &other_kind),
                     0);
}

static void a_server_name_is_taken_over_kinds_and_groups(void **state)
{
    (void)state;
    struct server server = {.kind = SERVER_SINGLE, .state = SERVER_STATE_READY};
    server.subscription_id = str_dup(SUBSCRIPTION);
    server.group = str_dup("other");
    server.name = str_dup("Target");
    assert_int_equal(store_server_insert(fixture_store, &server, &fixture_err), -1);
    assert_int_equal(fixture_err.code, ERR_SERVER_NAME_TAKEN);
    server_done(&server);
}

static void servers_of_two_subscriptions_may_have_one_name_but_not_one_folder(void **state)
{
    (void)state;
    struct server server = {.kind = SERVER_FLEXIBLE, .state = SERVER_STATE_READY};
    server.subscription_id = str_dup("00000000-0000-4000-8000-00000000beef");
    server.group = str_dup("Shop");
    server.name = str_dup("TARGET");
    assert_ok(store_server_insert(fixture_store, &server, &fixture_err));
    server_done(&server);
    auto_server struct server first = {0};
    auto_server struct server second = {0};
    assert_int_equal(store_server_get_by_name(fixture_store, SUBSCRIPTION, "target", &fixture_err, &first),
                     1);
    assert_int_equal(store_server_get_by_name(fixture_store, "00000000-0000-4000-8000-00000000BEEF", "target",
                                              &fixture_err, &second),
                     1);
    assert_string_equal(first.instance, "target");
    auto_free char *longer = str_format("TARGET.%lld", (long long)second.id);
    assert_string_equal(second.instance, longer);
}

static void a_server_can_be_changed_under_another_spelling_of_its_name(void **state)
{
    (void)state;
    auto_server struct server server = {0};
    assert_int_equal(store_server_get_by_id(fixture_store, fixture_target, &fixture_err, &server), 1);
    assert_true(str_replace(&server.name, "TARGET"));
    assert_true(str_replace(&server.password, "new"));
    assert_true(str_replace(&server.tags, "{}"));
    server.port = 6000;
    assert_ok(store_server_update(fixture_store, &server, &fixture_err));
    assert_ok(
        store_server_set_state(fixture_store, server.id, SERVER_STATE_INACCESSIBLE, "down", &fixture_err));
    auto_server struct server found = {0};
    assert_int_equal(store_server_get_by_id(fixture_store, fixture_target, &fixture_err, &found), 1);
    assert_string_equal(found.name, "target");
    assert_string_equal(found.password, "new");
    assert_int_equal(found.port, 6000);
    assert_int_equal(found.state, SERVER_STATE_INACCESSIBLE);
    assert_string_equal(found.message, "down");
    assert_int_equal(found.created_us, server.created_us);
}

static void changing_a_deleted_server_is_an_error(void **state)
{
    (void)state;
    assert_ok(store_server_delete(fixture_store, fixture_target, &fixture_err));
    assert_int_equal(
        store_server_set_state(fixture_store, fixture_target, SERVER_STATE_READY, NULL, &fixture_err), -1);
    assert_int_equal(fixture_err.code, ERR_RESOURCE_NOT_FOUND);
    assert_ok(store_server_delete(fixture_store, fixture_target, &fixture_err));
}

static void servers_are_listed_by_kind_and_group(void **state)
{
    (void)state;
    fixture_insert_server("Alpha", NULL);
    for (int i = 0; i < 20; i++) {
        auto_free char *name = str_format("m%02d", i);
        fixture_insert_server(name, NULL);
    }
    struct server *servers = NULL;
    size_t count = 0;
    assert_ok(store_server_list(fixture_store, SERVER_FLEXIBLE, SUBSCRIPTION, NULL, &fixture_err, &servers,
                                &count));
    assert_int_equal(count, 22);
    assert_string_equal(servers[0].name, "Alpha");
    assert_null(servers[0].password);
    assert_string_equal(servers[21].name, "target");
    servers_free(servers, count);
    assert_ok(store_server_list(fixture_store, SERVER_FLEXIBLE, SUBSCRIPTION, "SHOP", &fixture_err, &servers,
                                &count));
    assert_int_equal(count, 22);
    servers_free(servers, count);
    assert_ok(store_server_list(fixture_store, SERVER_SINGLE, SUBSCRIPTION, "shop", &fixture_err, &servers,
                                &count));
    assert_int_equal(count, 0);
    servers_free(servers, count);
    assert_ok(store_server_list_all(fixture_store, &fixture_err, &servers, &count));
    assert_int_equal(count, 22);
    servers_free(servers, count);
}

static void insert_operation(const char *id, int64_t server_id, const char *resource_id)
{
    struct operation operation = {.kind = OPERATION_SERVER_CREATE, .server_id = server_id, .started_us = 1};
    snprintf(operation.id, sizeof(operation.id), "%s", id);
    operation.subscription_id = str_dup(SUBSCRIPTION);
    operation.resource_id = str_dup(resource_id);
    assert_ok(store_operation_insert(fixture_store, &operation, &fixture_err));
    operation_done(&operation);
}

static void assert_claims(const char *owner, int64_t now_us, const char *id)
{
    auto_operation struct operation operation = {0};
    int claimed = store_operation_claim(fixture_store, owner, now_us + 100, &fixture_err, &operation);
    assert_ok(claimed);
    assert_string_equal(operation.id, id);
}

static void one_operation_per_server_is_claimed_at_a_time(void **state)
{
    (void)state;
    insert_operation("a1", 1, "/servers/a");
    insert_operation("a2", 1, "/servers/a");
    insert_operation("b1", 2, "/servers/b");
    insert_operation("g1", 0, "/groups/g");
    insert_operation("g2", 0, "/groups/G");
    assert_claims("me", 1000, "a1");
    assert_claims("me", 1000, "b1");
    assert_claims("me", 1000, "g1");
    assert_claims("me", 1000, "");
    assert_ok(store_operation_finish(fixture_store, "a1", NULL, &fixture_err));
    assert_claims("me", 1000, "a2");
    /* The leases of an earlier process; never its own, whatever the clock says. */
    assert_claims("me", 1100, "");
    assert_claims("next", 1050, "a2");
}

static void a_restart_is_pending_until_it_ends(void **state)
{
    (void)state;
    insert_operation("a1", 1, "/servers/a");
    assert_int_equal(store_operation_power_pending(fixture_store, 1, &fixture_err), 0);
    struct operation restart = {
        .kind = OPERATION_SERVER_RESTART, .server_id = 1, .id = "a2", .started_us = 1};
    restart.subscription_id = str_dup(SUBSCRIPTION);
    restart.resource_id = str_dup("/servers/a");
    assert_ok(store_operation_insert(fixture_store, &restart, &fixture_err));
    operation_done(&restart);
    assert_int_equal(store_operation_power_pending(fixture_store, 1, &fixture_err), 1);
    assert_int_equal(store_operation_power_pending(fixture_store, 2, &fixture_err), 0);
    assert_ok(store_operation_finish(fixture_store, "a2", NULL, &fixture_err));
    assert_int_equal(store_operation_power_pending(fixture_store, 1, &fixture_err), 0);
}

static void an_operation_ends_once(void **state)
{
    (void)state;
    insert_operation("a1", 1, "/servers/a");
    struct err failure = {0};
    err_set(&failure, ERR_SERVER_UNREACHABLE, "no answer");
    assert_ok(store_operation_finish(fixture_store, "a1", &failure, &fixture_err));
    assert_ok(store_operation_finish(fixture_store, "a1", NULL, &fixture_err));
    auto_operation struct operation found = {0};
    assert_int_equal(store_operation_get(fixture_store, SUBSCRIPTION, "A1", &fixture_err, &found), 1);
    assert_int_equal(found.status, OPERATION_FAILED);
    assert_string_equal(found.error_code, "ServerNotReachable");
    assert_string_equal(found.error_message, "no answer");
    assert_ok(store_operation_forget(fixture_store, found.ended_us, &fixture_err));
    auto_operation struct operation again = {0};
    assert_int_equal(store_operation_get(fixture_store, SUBSCRIPTION, "a1", &fixture_err, &again), 1);
    assert_ok(store_operation_forget(fixture_store, found.ended_us + 1, &fixture_err));
    auto_operation struct operation gone = {0};
    assert_int_equal(store_operation_get(fixture_store, SUBSCRIPTION, "a1", &fixture_err, &gone), 0);
}

static void a_transaction_is_undone_at_the_end_of_its_scope(void **state)
{
    (void)state;
    {
        auto_store_tx struct store_tx tx = {0};
        assert_ok(store_begin(fixture_store, &fixture_err, &tx));
        assert_true(store_in_transaction(fixture_store));
        struct store_tx inner = {0};
        assert_int_equal(store_begin(fixture_store, &fixture_err, &inner), -1);
        fixture_insert_migration("m1");
    }
    assert_false(store_in_transaction(fixture_store));
    auto_migration struct migration none = {0};
    assert_int_equal(store_migration_get(fixture_store, fixture_target, "m1", &fixture_err, &none), 0);
    {
        auto_store_tx struct store_tx tx = {0};
        assert_ok(store_begin(fixture_store, &fixture_err, &tx));
        fixture_insert_migration("m1");
        assert_ok(store_commit(&tx, &fixture_err));
    }
    auto_migration struct migration found = {0};
    assert_int_equal(store_migration_get(fixture_store, fixture_target, "M1", &fixture_err, &found), 1);
}

static void figures_count_what_is_there(void **state)
{
    (void)state;
    fixture_insert_migration("m1");
    insert_operation("a1", 1, "/servers/a");
    struct store_figures figures;
    assert_ok(store_figures(fixture_store, &fixture_err, &figures));
    assert_int_equal(figures.migrations_by_state[STATE_IN_PROGRESS], 1);
    assert_int_equal(figures.migrations_by_state[STATE_FAILED], 0);
    assert_int_equal(figures.servers[SERVER_FLEXIBLE], 1);
    assert_int_equal(figures.servers[SERVER_SINGLE], 0);
    assert_int_equal(figures.operations_in_progress, 1);
    assert_int_equal(figures.rows_copied, 0);
}

static void a_full_disk_costs_the_write_and_nothing_else(void **state)
{
    (void)state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = {.rlim_cur = 200 * 1024, .rlim_max = before.rlim_max};
    int written = 0;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (int i = 0; i < 1000; i++) {
        auto_free char *name = str_format("group%d", i);
        struct resource_group group = {.subscription_id = name, .name = name, .location = name};
        if (store_group_put(fixture_store, &group, &fixture_err) < 0) {
            break;
        }
        written++;
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_in_range(written, 1, 999);
    assert_int_equal(fixture_err.code, ERR_STORE_UNAVAILABLE);
    assert_non_null(strstr(fixture_err.message, "disk"));
    assert_false(store_in_transaction(fixture_store));
    fixture_insert_migration("after");
    fixture_reopen();
    auto_free char *last = str_format("group%d", written - 1);
    auto_resource_group struct resource_group found = {0};
    assert_int_equal(store_group_get(fixture_store, last, last, &fixture_err, &found), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(a_group_keeps_the_spelling_of_its_first_put),
        store_test(nothing_is_written_after_memory_ran_out),
        store_test(one_provider_is_registered_from_the_start),
        store_test(a_server_is_found_by_every_key_without_case),
        store_test(a_server_name_is_taken_over_kinds_and_groups),
        store_test(servers_of_two_subscriptions_may_have_one_name_but_not_one_folder),
        store_test(a_server_can_be_changed_under_another_spelling_of_its_name),
        store_test(changing_a_deleted_server_is_an_error),
        store_test(servers_are_listed_by_kind_and_group),
        store_test(one_operation_per_server_is_claimed_at_a_time),
        store_test(a_restart_is_pending_until_it_ends),
        store_test(an_operation_ends_once),
        store_test(a_transaction_is_undone_at_the_end_of_its_scope),
        store_test(figures_count_what_is_there),
        store_test(a_full_disk_costs_the_write_and_nothing_else),
    };
    return cmocka_run_group_tests_name("store_servers", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Migrations: the user's side, progress, events. */
#include "tests/unit/store_fixture.h"

static void a_migration_comes_back_as_it_was_given(void **state)
{
    (void)state;
    auto_migration struct migration given = {0};
    fixture_fill_migration(&given, "Shop-1");
    given.tags = str_dup("{\"team\":\"\xc3\xa4\"}");
    given.source_id = 77;
    given.spec.window_start_us = 5;
    given.spec.cancel = FLAG_TRUE;
    given.spec.option = MIGRATION_OPTION_BOTH;
    given.substate = SUB_PERFORMING_PREREQUISITE_STEPS;
    assert_true(str_list_add(&given.spec.cutover_databases, "a\"b"));
    assert_ok(store_migration_insert(fixture_store, &given, &fixture_err));
    auto_migration struct migration found = {0};
    assert_int_equal(store_migration_get(fixture_store, fixture_target, "shop-1", &fixture_err, &found), 1);
    assert_int_equal(found.id, given.id);
    assert_string_equal(found.uuid, given.uuid);
    assert_string_equal(found.name, "Shop-1");
    assert_string_equal(found.tags, given.tags);
    assert_int_equal(found.source_id, 77);
    assert_string_equal(found.spec.source_user, "shop");
    assert_null(found.spec.target_user);
    assert_string_equal(found.spec.aad_secret, "hunter2-aad");
    assert_string_equal(found.spec.target_password, "hunter2-target");
    assert_true(str_list_equals(&found.spec.databases, &given.spec.databases));
    assert_true(str_list_equals(&found.spec.cutover_databases, &given.spec.cutover_databases));
    assert_int_equal(found.spec.cancel_databases.count, 0);
    assert_int_equal(found.spec.mode, MODE_OFFLINE);
    assert_int_equal(found.spec.option, MIGRATION_OPTION_BOTH);
    assert_int_equal(found.spec.overwrite, FLAG_FALSE);
    assert_int_equal(found.spec.cancel, FLAG_TRUE);
    assert_int_equal(found.spec.migrate_roles, FLAG_UNSET);
    assert_int_equal(found.spec.window_start_us, 5);
    assert_int_equal(found.created_us, given.created_us);
    assert_true(found.attention);
    auto_migration struct migration by_uuid = {0};
    assert_int_equal(store_migration_get_by_uuid(fixture_store, given.uuid, &fixture_err, &by_uuid), 1);
    assert_int_equal(by_uuid.id, given.id);
}

static void a_name_is_free_after_the_deletion(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    auto_migration struct migration again = {0};
    fixture_fill_migration(&again, "M1");
    assert_int_equal(store_migration_insert(fixture_store, &again, &fixture_err), -1);
    assert_int_equal(fixture_err.code, ERR_MIGRATION_EXISTS);
    assert_false(store_in_transaction(fixture_store));
    assert_ok(store_migration_hide(fixture_store, id, &fixture_err));
    auto_migration struct migration none = {0};
    assert_int_equal(store_migration_get(fixture_store, fixture_target, "m1", &fixture_err, &none), 0);
    assert_ok(store_migration_insert(fixture_store, &again, &fixture_err));
    auto_migration struct migration hidden = {0};
    assert_int_equal(store_migration_get_by_id(fixture_store, id, &fixture_err, &hidden), 1);
    assert_true(hidden.hidden);
    assert_string_equal(hidden.name, "m1");
}

static void a_migration_needs_its_target(void **state)
{
    (void)state;
    auto_migration struct migration migration = {0};
    fixture_fill_migration(&migration, "m1");
    migration.target_id = 999;
    assert_int_equal(store_migration_insert(fixture_store, &migration, &fixture_err), -1);
    assert_int_equal(fixture_err.code, ERR_PARENT_NOT_FOUND);
}

static void migrations_go_with_their_target(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    assert_ok(store_server_delete(fixture_store, fixture_target, &fixture_err));
    auto_migration struct migration gone = {0};
    assert_int_equal(store_migration_get_by_id(fixture_store, id, &fixture_err, &gone), 0);
    assert_int_equal(store_migration_cancel_requested(fixture_store, id, &fixture_err), 1);
}

static size_t list_ids(struct migration_filter filter, int64_t ids[static 8])
{
    struct migration *rows = NULL;
    size_t count = 0;
    assert_ok(store_migration_list(fixture_store, &filter, &fixture_err, &rows, &count));
    assert_true(count <= 8);
    for (size_t i = 0; i < count; i++) {
        ids[i] = rows[i].id;
    }
    migrations_free(rows, count);
    return count;
}

static void end_migration(int64_t id)
{
    auto_migration struct migration claimed = {0};
    int64_t now_us = clock_now_us();
    do {
        migration_done(&claimed);
        assert_int_equal(
            store_migration_claim(fixture_store, "w", now_us, now_us + MINUTE_US, &fixture_err, &claimed), 1);
    } while (claimed.id != id);
    struct migration_move move = {
        .from = claimed.substate, .state = STATE_SUCCEEDED, .substate = SUB_COMPLETED, .event = "done"};
    assert_int_equal(store_migration_move(fixture_store, &claimed, &move, &fixture_err), 1);
    assert_ok(store_migration_free_leases(fixture_store, "nobody", &fixture_err));
}

static void lists_are_filtered_and_paged_from_the_newest(void **state)
{
    (void)state;
    int64_t first = fixture_insert_migration("m1");
    int64_t second = fixture_insert_migration("m2");
    int64_t third = fixture_insert_migration("m3");
    int64_t target = fixture_target;
    fixture_target = fixture_insert_server("other", NULL);
    int64_t elsewhere = fixture_insert_migration("m1");
    end_migration(second);
    int64_t ids[8];
    assert_int_equal(list_ids((struct migration_filter){.target_id = target}, ids), 3);
    assert_int_equal(ids[0], third);
    assert_int_equal(ids[2], first);
    assert_int_equal(list_ids((struct migration_filter){.target_id = target, .active_only = true}, ids), 2);
    assert_int_equal(list_ids((struct migration_filter){.target_id = target, .limit = 2}, ids), 2);
    assert_int_equal(ids[1], second);
    assert_int_equal(
        list_ids((struct migration_filter){.target_id = target, .before_id = ids[1], .limit = 2}, ids), 1);
    assert_int_equal(ids[0], first);
    assert_int_equal(list_ids((struct migration_filter){0}, ids), 4);
    assert_int_equal(ids[0], elsewhere);
    assert_ok(store_migration_hide(fixture_store, third, &fixture_err));
    assert_int_equal(list_ids((struct migration_filter){.active_only = true}, ids), 2);
    int active = 0;
    assert_ok(store_migration_count_active(fixture_store, target, &fixture_err, &active));
    assert_int_equal(active, 2);
}

static void writing_finds_the_other_migration_by_exact_name(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    auto_migration struct migration found = {0};
    auto_migration struct migration none = {0};
    assert_int_equal(
        store_migration_writing(fixture_store, fixture_target, "orders", 0, &fixture_err, &found), 1);
    assert_int_equal(found.id, id);
    assert_int_equal(
        store_migration_writing(fixture_store, fixture_target, "orders", id, &fixture_err, &none), 0);
    assert_int_equal(store_migration_writing(fixture_store, fixture_target, "ORDERS", 0, &fixture_err, &none),
                     0);
    end_migration(id);
    assert_int_equal(store_migration_writing(fixture_store, fixture_target, "orders", 0, &fixture_err, &none),
                     0);
}

static void names_of_databases_differ_by_case(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    struct migration_database *rows = NULL;
    size_t count = 0;
    assert_ok(store_database_list(fixture_store, id, &fixture_err, &rows, &count));
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].name, "orders");
    assert_string_equal(rows[1].name, "Orders");
    migration_databases_free(rows, count);
}

static void changed_databases_keep_the_progress_of_those_that_stay(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    struct migration_database *rows = NULL;
    size_t count = 0;
    assert_ok(store_database_list(fixture_store, id, &fixture_err, &rows, &count));
    rows[1].rows_copied = 42;
    assert_ok(store_database_update(fixture_store, &rows[1], &fixture_err));

    auto_migration struct migration migration = {0};
    assert_int_equal(store_migration_get_by_id(fixture_store, id, &fixture_err, &migration), 1);
    str_list_done(&migration.spec.databases);
    assert_true(str_list_add(&migration.spec.databases, "new"));
    assert_true(str_list_add(&migration.spec.databases, "Orders"));
    assert_ok(store_migration_update_spec(fixture_store, &migration, &fixture_err));
    assert_int_equal(store_database_update(fixture_store, &rows[0], &fixture_err), -1);
    assert_int_equal(fixture_err.code, ERR_RESOURCE_NOT_FOUND);
    migration_databases_free(rows, count);

    assert_ok(store_database_list(fixture_store, id, &fixture_err, &rows, &count));
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].name, "new");
    assert_int_equal(rows[0].state, DB_IN_PROGRESS);
    assert_string_equal(rows[1].name, "Orders");
    assert_int_equal(rows[1].rows_copied, 42);
    migration_databases_free(rows, count);
}

static void progress_is_written_with_its_tables(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    struct migration_database database = {.migration_id = id, .state = DB_IN_PROGRESS, .bytes_copied = 7};
    database.name = str_dup("orders");
    struct migration_table tables[2] = {{.state = TABLE_QUEUED, .bytes_total = 100},
                                        {.state = TABLE_LOADING}};
    tables[0].schema = tables[1].schema = str_dup("public");
    tables[0].name = str_dup("b");
    tables[1].name = str_dup("a");
    assert_ok(store_progress_write(fixture_store, &database, tables, 2, &fixture_err));
    tables[1].state = TABLE_COMPLETED;
    tables[1].rows_copied = 9;
    database.tables_completed = 1;
    assert_ok(store_progress_write(fixture_store, &database, &tables[1], 1, &fixture_err));

    struct migration_table *found = NULL;
    size_t count = 0;
    assert_ok(store_table_list(fixture_store, id, "orders", &fixture_err, &found, &count));
    assert_int_equal(count, 2);
    assert_string_equal(found[0].name, "a");
    assert_int_equal(found[0].rows_copied, 9);
    assert_int_equal(found[0].state, TABLE_COMPLETED);
    assert_int_equal(found[1].bytes_total, 100);
    migration_tables_free(found, count);
    struct store_figures figures;
    assert_ok(store_figures(fixture_store, &fixture_err, &figures));
    assert_int_equal(figures.bytes_copied, 7);
    assert_ok(store_table_forget(fixture_store, id, "orders", &fixture_err));
    assert_ok(store_table_list(fixture_store, id, "orders", &fixture_err, &found, &count));
    assert_int_equal(count, 0);
    migration_tables_free(found, count);
    free(tables[0].schema);
    free(tables[0].name);
    free(tables[1].name);
    free(database.name);
}

static void events_tell_the_state_and_the_oldest_make_room(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    auto_store_tx struct store_tx tx = {0};
    assert_ok(store_begin(fixture_store, &fixture_err, &tx));
    for (int i = 0; i < 1005; i++) {
        assert_ok(store_event_add(fixture_store, id, i == 1004 ? "last" : "again", &fixture_err));
    }
    assert_ok(store_commit(&tx, &fixture_err));
    struct migration_event *events = NULL;
    size_t count = 0;
    assert_ok(store_event_list(fixture_store, id, &fixture_err, &events, &count));
    assert_int_equal(count, 1000);
    assert_string_equal(events[0].text, "again");
    assert_string_equal(events[999].text, "last");
    assert_int_equal(events[999].state, STATE_IN_PROGRESS);
    assert_true(events[999].at_us > 0);
    migration_events_free(events, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(a_migration_comes_back_as_it_was_given),
        store_test(a_name_is_free_after_the_deletion),
        store_test(a_migration_needs_its_target),
        store_test(migrations_go_with_their_target),
        store_test(lists_are_filtered_and_paged_from_the_newest),
        store_test(writing_finds_the_other_migration_by_exact_name),
        store_test(names_of_databases_differ_by_case),
        store_test(changed_databases_keep_the_progress_of_those_that_stay),
        store_test(progress_is_written_with_its_tables),
        store_test(events_tell_the_state_and_the_oldest_make_room),
    };
    return cmocka_run_group_tests_name("store_migrations", tests, NULL, NULL);
}

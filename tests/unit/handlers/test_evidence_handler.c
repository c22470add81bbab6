/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "executor/follow/online.h"
#include "tests/unit/migration_fixture.h"

static char uri[200];

/* Creates a migration of two databases and the URL of its evidence. */
static void put_migration(void)
{
    assert_int_equal(send_request(METHOD_PUT, MIGRATION, BODY(",\"dbsToMigrate\":[\"shop\",\"blog\"]")), 201);
    snprintf(uri, sizeof(uri), "/_malachite/migrations/%s/evidence",
             answer_text("properties", "migrationId"));
}

/* The executor's record of the first database's cutover. */
static void keep_evidence(const struct evidence *evidence)
{
    struct err err = {0};
    auto_server struct server target = {0};
    auto_migration struct migration migration = {0};
    struct migration_database *rows = NULL;
    size_t count = 0;
    assert_int_equal(store_server_get_by_name(app.store, SUBSCRIPTION, "target", &err, &target), 1);
    assert_int_equal(
        store_migration_get_by_uuid(app.store, answer_text("properties", "migrationId"), &err, &migration),
        1);
    assert_int_equal(store_database_list(app.store, migration.id, &err, &rows, &count), 0);
    assert_int_equal(count, 2);
    rows[0].cutover_position = str_dup("0/16B3748");
    rows[0].evidence = evidence_to_json(&rows[0], "0/16B3780", evidence);
    assert_non_null(rows[0].evidence);
    assert_int_equal(store_database_update(app.store, &rows[0], &err), 0);
    migration_databases_free(rows, count);
}

static void shows_what_the_cutover_found(void **state)
{
    (void)state;
    put_migration();
    static char sales[] = "sales";
    static char orders[] = "orders";
    static char items[] = "items";
    static char text[] = "Copied again: sales.items";
    struct evidence_table tables[] = {{sales, items, -1, 7}, {sales, orders, 5000000000, 5000000000}};
    struct evidence_sequence sequences[] = {{sales, orders, -3, 12}};
    char *notes[] = {text};
    keep_evidence(&(struct evidence){.tables = tables,
                                     .table_count = 2,
                                     .sequences = sequences,
                                     .sequence_count = 1,
                                     .quiet = true,
                                     .notes = {.items = notes, .count = 1}});
    assert_int_equal(send_request(METHOD_GET, uri, NULL), 200);
    assert_string_equal(json_string_value(json_object_get(answer, "name")), "m1");
    json_t *databases = json_object_get(answer, "databases");
    assert_int_equal(json_array_size(databases), 1);
    json_t *shop = json_array_get(databases, 0);
    assert_non_null(json_object_get(shop, "takenOn"));
    json_object_del(shop, "takenOn");
    json_auto_t *expected = json_loads(
        "{\"name\": \"shop\", \"positionAtTrigger\": \"0/16B3748\", \"positionApplied\": \"0/16B3780\","
        " \"sourceQuiet\": true, \"tables\": [{\"schema\": \"sales\", \"name\": \"items\", \"sourceRows\": "
        "null,"
        " \"targetRows\": 7}, {\"schema\": \"sales\", \"name\": \"orders\", \"sourceRows\": 5000000000,"
        " \"targetRows\": 5000000000}], \"sequences\": [{\"schema\": \"sales\", \"name\": \"orders\","
        " \"sourceValue\": -3, \"targetValue\": 12}], \"losses\": [], \"warnings\": [], \"notes\": [\"Copied "
        "again: sales.items\"]}",
        0, NULL);
    assert_non_null(expected);
    if (!json_equal(shop, expected)) {
        auto_free char *shown = json_dumps(shop, JSON_COMPACT);
        fail_msg("%s", shown);
    }
}

static void there_is_none_before_a_cutover(void **state)
{
    (void)state;
    put_migration();
    assert_int_equal(send_request(METHOD_GET, uri, NULL), 404);
    assert_string_equal(answer_text("error", "code"), "NotFound");
    assert_non_null(strstr(answer_text("error", "message"), "'m1'"));
    assert_int_equal(send_request(METHOD_GET, "/_malachite/migrations/none/evidence", NULL), 404);
    assert_string_equal(answer_text("error", "code"), "NotFound");
    assert_int_equal(send_request(METHOD_POST, uri, "{}"), 405);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(shows_what_the_cutover_found),
        with_store(there_is_none_before_a_cutover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

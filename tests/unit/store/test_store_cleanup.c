/* SPDX-License-Identifier: MIT */
/* Online migrations in the store: names that tell what is left on the servers, figures, attention. */
#include "tests/unit/store_fixture.h"

static void claim(int64_t now_us, struct migration *ret_migration)
{
    migration_done(ret_migration);
    int claimed =
        store_migration_claim(fixture_store, "w", now_us, now_us + MINUTE_US, &fixture_err, ret_migration);
    assert_ok(claimed);
    assert_int_equal(claimed, 1);
}

static bool can_be_claimed(void)
{
    auto_migration struct migration row = {0};
    int claimed = store_migration_claim(fixture_store, "other", 1000, 1000, &fixture_err, &row);
    assert_ok(claimed);
    return claimed == 1;
}

static void get(int64_t id, struct migration *ret_migration)
{
    migration_done(ret_migration);
    assert_int_equal(store_migration_get_by_id(fixture_store, id, &fixture_err, ret_migration), 1);
}

/* Sets or removes the replication name of the first database. */
static void set_replication(int64_t id, const char *name)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    assert_ok(store_database_list(fixture_store, id, &fixture_err, &rows, &count));
    assert_true(count > 0 && str_replace(&rows[0].replication, name));
    assert_ok(store_database_update(fixture_store, &rows[0], &fixture_err));
    migration_databases_free(rows, count);
}

static void move_to(struct migration *migration, enum migration_state state, enum migration_substate substate)
{
    const struct migration_move move = {
        .from = migration->substate, .state = state, .substate = substate, .event = "moved"};
    assert_int_equal(store_migration_move(fixture_store, migration, &move, &fixture_err), 1);
}

static size_t count_pending(int64_t *ret_first)
{
    int64_t *ids = NULL;
    size_t count = 0;
    assert_ok(store_migration_list_pending_cleanup(fixture_store, &fixture_err, &ids, &count));
    *ret_first = count == 0 ? 0 : ids[0];
    free(ids);
    return count;
}

/* The first of both migrations has a pending cleanup. */
static void end_both(int64_t ids[static 2])
{
    auto_migration struct migration row = {0};
    ids[0] = fixture_insert_migration("m1");
    ids[1] = fixture_insert_migration("m2");
    set_replication(ids[0], "malachite_1_0");
    for (int i = 0; i < 2; i++) {
        claim(1000, &row);
        assert_int_equal(row.id, ids[i]);
        move_to(&row, STATE_FAILED, SUB_COMPLETED);
        assert_int_equal(row.spec.source_password != NULL, i == 0);
        assert_ok(store_migration_release(fixture_store, &row, i == 0, 5000, &fixture_err));
    }
}

static void pending_cleanup_keeps_the_secrets(void **state)
{
    (void)state;
    int64_t ids[2];
    int64_t first = 0;
    auto_migration struct migration row = {0};
    end_both(ids);
    get(ids[1], &row);
    assert_null(row.spec.source_password);
    get(ids[0], &row);
    assert_string_equal(row.spec.source_password, "hunter2-source");
    assert_true(row.attention);
    assert_int_equal(row.not_before_us, 5000);
    assert_int_equal(count_pending(&first), 1);
    assert_int_equal(first, ids[0]);

    /* Not yet: the name is still there. */
    assert_ok(store_migration_cleaned_up(fixture_store, ids[0], &fixture_err));
    get(ids[0], &row);
    assert_non_null(row.spec.source_password);
    claim(5000, &row);
    set_replication(ids[0], NULL);
    assert_ok(store_migration_cleaned_up(fixture_store, ids[0], &fixture_err));
    assert_ok(store_migration_release(fixture_store, &row, true, 0, &fixture_err));
    get(ids[0], &row);
    assert_null(row.spec.source_password);
    assert_null(row.spec.aad_secret);
    assert_false(row.attention);
    assert_int_equal(row.state, STATE_FAILED);
    assert_int_equal(count_pending(&first), 0);
}

static void new_tags_keep_the_secrets_of_a_pending_cleanup(void **state)
{
    (void)state;
    int64_t ids[2];
    auto_migration struct migration row = {0};
    end_both(ids);
    for (int i = 0; i < 2; i++) {
        get(ids[i], &row);
        assert_ok(store_migration_update_spec(fixture_store, &row, &fixture_err));
        get(ids[i], &row);
        assert_int_equal(row.spec.source_password != NULL, i == 0);
        assert_int_equal(row.attention, i == 0);
    }
}

static void a_start_resumes_followers_and_cleanups(void **state)
{
    (void)state;
    int64_t ids[2];
    auto_migration struct migration row = {0};
    end_both(ids);
    int64_t waiting = fixture_insert_migration("m3");
    claim(1000, &row);
    assert_int_equal(row.id, waiting);
    move_to(&row, STATE_WAITING_FOR_USER_ACTION, SUB_WAITING_FOR_CUTOVER_TRIGGER);
    assert_ok(store_migration_release(fixture_store, &row, false, 0, &fixture_err));
    assert_false(can_be_claimed());
    assert_true(row.entered_us > 0);

    assert_ok(store_migration_free_leases(fixture_store, "new", &fixture_err));
    claim(1000, &row);
    assert_int_equal(row.id, ids[0]);
    assert_non_null(row.spec.source_password);
    claim(1000, &row);
    assert_int_equal(row.id, waiting);
    assert_false(can_be_claimed());
}

static void a_start_erases_the_secrets_after_a_cleanup(void **state)
{
    (void)state;
    int64_t ids[2];
    auto_migration struct migration row = {0};
    end_both(ids);
    set_replication(ids[0], NULL);
    get(ids[0], &row);
    assert_non_null(row.spec.source_password);
    assert_ok(store_migration_free_leases(fixture_store, "new", &fixture_err));
    get(ids[0], &row);
    assert_null(row.spec.source_password);
    assert_false(can_be_claimed());
}

static void attention_is_not_lost_while_a_worker_is_at_it(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    auto_migration struct migration row = {0};
    claim(1000, &row);
    assert_ok(store_migration_attention(fixture_store, id, &fixture_err));
    assert_false(can_be_claimed());
    row.spec.window_end_us = 77;
    assert_ok(store_migration_set_facts(fixture_store, &row, &fixture_err));
    assert_ok(store_migration_release(fixture_store, &row, false, 99999, &fixture_err));
    claim(1000, &row);
    /* The user has not written: the worker's columns are its own. */
    assert_int_equal(row.spec.window_end_us, 77);
    assert_ok(store_migration_release(fixture_store, &row, false, 0, &fixture_err));
    assert_false(can_be_claimed());
    assert_ok(store_migration_attention(fixture_store, id, &fixture_err));
    claim(1000, &row);
    move_to(&row, STATE_SUCCEEDED, SUB_COMPLETED);
    assert_ok(store_migration_release(fixture_store, &row, false, 0, &fixture_err));
    assert_ok(store_migration_attention(fixture_store, id, &fixture_err));
    assert_false(can_be_claimed());
}

static void figures_and_the_rest_of_a_row_are_written_apart(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    const struct database_figures figures = {1, 2, 3, 6, 4096, 5, 0};
    assert_ok(store_database_set_figures(fixture_store, id, "orders", &figures, &fixture_err));
    assert_int_equal(store_database_set_figures(fixture_store, id, "ORDERS", &figures, &fixture_err), -1);
    assert_int_equal(fixture_err.code, ERR_RESOURCE_NOT_FOUND);
    struct migration_database row = {.migration_id = id, .state = DB_WAITING_FOR_CUTOVER, .following = true};
    row.name = str_dup("orders");
    row.replication = str_dup("malachite_1_0");
    row.cutover_position = str_dup("0/16B3748");
    row.evidence = str_dup("{\"quiet\":true}");
    assert_ok(store_database_update(fixture_store, &row, &fixture_err));
    migration_database_done(&row);

    struct migration_database *rows = NULL;
    size_t count = 0;
    assert_ok(store_database_list(fixture_store, id, &fixture_err, &rows, &count));
    assert_string_equal(rows[0].replication, "malachite_1_0");
    assert_string_equal(rows[0].cutover_position, "0/16B3748");
    assert_string_equal(rows[0].evidence, "{\"quiet\":true}");
    assert_true(rows[0].following);
    const struct database_figures *read = &rows[0].figures;
    assert_int_equal(read->inserts, figures.inserts);
    assert_int_equal(read->updates, figures.updates);
    assert_int_equal(read->deletes, figures.deletes);
    assert_int_equal(read->applied_changes, figures.applied_changes);
    assert_int_equal(read->pending_bytes, figures.pending_bytes);
    assert_int_equal(read->latency_seconds, figures.latency_seconds);
    assert_null(rows[1].replication);
    assert_false(rows[1].following);
    migration_databases_free(rows, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(pending_cleanup_keeps_the_secrets),
        store_test(new_tags_keep_the_secrets_of_a_pending_cleanup),
        store_test(a_start_resumes_followers_and_cleanups),
        store_test(a_start_erases_the_secrets_after_a_cleanup),
        store_test(attention_is_not_lost_while_a_worker_is_at_it),
        store_test(figures_and_the_rest_of_a_row_are_written_apart),
    };
    return cmocka_run_group_tests_name("store_cleanup", tests, NULL, NULL);
}

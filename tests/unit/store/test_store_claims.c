/* SPDX-License-Identifier: MIT */
/* Migrations: the executor's side. Leases, moves, threads, the death of the process. */
#include "tests/unit/store_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/wait.h>

static int claim(const char *owner, int64_t now_us, struct migration *ret_migration)
{
    int claimed =
        store_migration_claim(fixture_store, owner, now_us, now_us + MINUTE_US, &fixture_err, ret_migration);
    assert_ok(claimed);
    return claimed;
}

static void get(int64_t id, struct migration *ret_migration)
{
    migration_done(ret_migration);
    assert_int_equal(store_migration_get_by_id(fixture_store, id, &fixture_err, ret_migration), 1);
}

static void a_lease_keeps_others_away_until_it_ends(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    int64_t now_us = clock_now_us();
    auto_migration struct migration first = {0};
    auto_migration struct migration none = {0};
    auto_migration struct migration second = {0};
    assert_int_equal(claim("a", now_us, &first), 1);
    assert_int_equal(first.id, id);
    assert_string_equal(first.lease_owner, "a");
    assert_int_equal(first.lease_generation, 1);
    assert_string_equal(first.spec.source_password, "hunter2-source");
    assert_int_equal(claim("b", now_us, &none), 0);
    assert_ok(store_migration_renew(fixture_store, "a", now_us + 2 * MINUTE_US, &fixture_err));
    assert_int_equal(claim("b", now_us + MINUTE_US, &none), 0);
    assert_int_equal(claim("a", now_us + 2 * MINUTE_US, &none), 0); /* its worker is still there */
    assert_int_equal(claim("b", now_us + 2 * MINUTE_US, &second), 1);
    assert_int_equal(second.lease_generation, 2);
}

static void run_sql(const char *sql)
{
    auto_free char *path = fixture_path("malachite.db");
    sqlite3 *sqlite = NULL;
    assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sqlite);
}

/* The process renews what it holds: nobody would ever work on such a migration. */
static void a_row_that_cannot_be_read_is_not_claimed(void **state)
{
    (void)state;
    fixture_insert_migration("m1");
    int64_t now_us = clock_now_us();
    auto_migration struct migration row = {0};
    run_sql("UPDATE migration SET databases = '['");
    assert_int_equal(
        store_migration_claim(fixture_store, "a", now_us, now_us + MINUTE_US, &fixture_err, &row), -1);
    run_sql("UPDATE migration SET databases = '[\"orders\"]'");
    assert_int_equal(claim("a", now_us, &row), 1);
    assert_int_equal(row.lease_generation, 1);
}

static void a_lost_lease_writes_nothing(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    auto_migration struct migration lost = {0};
    auto_migration struct migration held = {0};
    auto_migration struct migration now = {0};
    assert_int_equal(claim("a", 1000, &lost), 1);
    assert_int_equal(claim("b", 1000 + MINUTE_US, &held), 1);
    struct migration_move move = {.from = lost.substate,
                                  .state = STATE_IN_PROGRESS,
                                  .substate = SUB_MIGRATING_DATA,
                                  .event = "Moving data."};
    assert_int_equal(store_migration_move(fixture_store, &lost, &move, &fixture_err), 0);
    assert_true(str_replace(&lost.validation, "{}"));
    assert_int_equal(store_migration_set_facts(fixture_store, &lost, &fixture_err), -1);
    assert_int_equal(fixture_err.code, ERR_CONFLICT);
    assert_ok(store_migration_release(fixture_store, &lost, false, 0, &fixture_err));
    get(id, &now);
    assert_true(now.attention);
    assert_null(now.validation);
    assert_string_equal(now.lease_owner, "b");
    assert_int_equal(store_migration_move(fixture_store, &held, &move, &fixture_err), 1);
    assert_int_equal(held.substate, SUB_MIGRATING_DATA);
    assert_int_equal(store_migration_move(fixture_store, &held, &move, &fixture_err), 0);
}

static void a_move_keeps_replaces_or_takes_away_the_error(void **state)
{
    (void)state;
    static const struct migration_error restart = {"restart it", "603107", "wal_level=replica"};
    static const struct migration_error none = {0};
    static const struct migration_error *const given[] = {&restart, NULL, &none};
    static const struct migration_error *const kept[] = {&restart, &restart, &none};
    int64_t id = fixture_insert_migration("m1");
    auto_migration struct migration worker = {0};
    assert_int_equal(claim("a", 1000, &worker), 1);
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        auto_migration struct migration now = {0};
        const struct migration_move move = {.from = worker.substate,
                                            .state = STATE_WAITING_FOR_USER_ACTION,
                                            .substate = SUB_WAITING_FOR_LOGICAL_REPLICATION,
                                            .error = given[i],
                                            .event = "moved"};
        assert_int_equal(store_migration_move(fixture_store, &worker, &move, &fixture_err), 1);
        get(id, &now);
        const struct migration *both[] = {&now, &worker};
        for (size_t j = 0; j < ARRAY_LEN(both); j++) {
            assert_true(str_equals(both[j]->error, kept[i]->text));
            assert_true(str_equals(both[j]->error_code, kept[i]->code));
            assert_true(str_equals(both[j]->error_facts, kept[i]->facts));
        }
    }
}

static void a_release_tells_when_to_come_again(void **state)
{
    (void)state;
    fixture_insert_migration("m1");
    auto_migration struct migration first = {0};
    auto_migration struct migration none = {0};
    auto_migration struct migration second = {0};
    int64_t due_us = 0;
    assert_ok(store_migration_next_due(fixture_store, "z", &fixture_err, &due_us));
    assert_int_equal(due_us, 1);
    assert_int_equal(claim("a", 1000, &first), 1);
    assert_ok(store_migration_next_due(fixture_store, "z", &fixture_err, &due_us));
    assert_int_equal(due_us, 1000 + MINUTE_US);
    assert_ok(store_migration_next_due(fixture_store, "a", &fixture_err, &due_us));
    assert_int_equal(due_us, 0); /* the owner works on it already */
    assert_ok(store_migration_release(fixture_store, &first, true, 5000, &fixture_err));
    assert_ok(store_migration_next_due(fixture_store, "z", &fixture_err, &due_us));
    assert_int_equal(due_us, 5000);
    assert_int_equal(claim("a", 4999, &none), 0);
    assert_int_equal(claim("a", 5000, &second), 1);
    assert_ok(store_migration_release(fixture_store, &second, false, 0, &fixture_err));
    assert_int_equal(claim("a", 9000, &none), 0);
    assert_ok(store_migration_next_due(fixture_store, "z", &fixture_err, &due_us));
    assert_int_equal(due_us, 0);
}

static void a_wish_of_the_user_during_a_lease_is_not_lost(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    auto_migration struct migration worker = {0};
    auto_migration struct migration user = {0};
    auto_migration struct migration again = {0};
    assert_int_equal(claim("a", 1000, &worker), 1);
    get(id, &user);
    user.spec.overwrite = FLAG_TRUE;
    user.spec.window_end_us = 77;
    assert_ok(store_migration_update_spec(fixture_store, &user, &fixture_err));

    /* The worker's copy is older; what it writes leaves the user's columns alone. */
    worker.spec.window_end_us = 55;
    assert_true(str_replace(&worker.source_metadata, "{\"v\":1}"));
    assert_ok(store_migration_set_facts(fixture_store, &worker, &fixture_err));
    struct migration_move move = {.from = worker.substate,
                                  .state = STATE_WAITING_FOR_USER_ACTION,
                                  .substate = SUB_WAITING_FOR_OVERWRITE,
                                  .event = "Waiting."};
    assert_int_equal(store_migration_move(fixture_store, &worker, &move, &fixture_err), 1);
    assert_ok(store_migration_release(fixture_store, &worker, false, 99999, &fixture_err));

    assert_int_equal(claim("a", 1000, &again), 1);
    assert_int_equal(again.spec.overwrite, FLAG_TRUE);
    assert_int_equal(again.spec.window_end_us, 77);
    assert_int_equal(again.substate, SUB_WAITING_FOR_OVERWRITE);
    assert_string_equal(again.source_metadata, "{\"v\":1}");
    again.spec.window_end_us = 88;
    assert_ok(store_migration_set_facts(fixture_store, &again, &fixture_err));
    assert_ok(store_migration_release(fixture_store, &again, false, 0, &fixture_err));
    get(id, &user);
    assert_false(user.attention);
    assert_int_equal(user.spec.window_end_us, 88);
}

static void the_user_never_writes_what_the_worker_writes(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    auto_migration struct migration user = {0};
    auto_migration struct migration worker = {0};
    get(id, &user);
    assert_int_equal(claim("a", 1000, &worker), 1);
    struct migration_move move = {.from = worker.substate,
                                  .state = STATE_IN_PROGRESS,
                                  .substate = SUB_MIGRATING_DATA,
                                  .error = &(struct migration_error){.text = "slow"},
                                  .event = "Moving data."};
    assert_int_equal(store_migration_move(fixture_store, &worker, &move, &fixture_err), 1);
    user.spec.cancel = FLAG_TRUE;
    assert_ok(store_migration_update_spec(fixture_store, &user, &fixture_err));
    get(id, &user);
    assert_int_equal(user.substate, SUB_MIGRATING_DATA);
    assert_string_equal(user.error, "slow");
    assert_string_equal(user.lease_owner, "a");
    assert_int_equal(store_migration_cancel_requested(fixture_store, id, &fixture_err), 1);
    move.from = SUB_MIGRATING_DATA;
    move.error = NULL;
    assert_int_equal(store_migration_move(fixture_store, &worker, &move, &fixture_err), 1);
    assert_string_equal(worker.error, "slow");
}

static void the_end_erases_the_secrets(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    auto_migration struct migration user = {0};
    auto_migration struct migration worker = {0};
    auto_migration struct migration none = {0};
    get(id, &user);
    assert_int_equal(claim("a", 1000, &worker), 1);
    struct migration_move move = {.from = worker.substate,
                                  .state = STATE_FAILED,
                                  .substate = SUB_COMPLETED,
                                  .error = &(struct migration_error){.text = "no"},
                                  .event = "The migration failed."};
    assert_int_equal(store_migration_move(fixture_store, &worker, &move, &fixture_err), 1);
    assert_null(worker.spec.source_password);
    assert_true(worker.ended_us > 0);
    assert_ok(store_migration_update_spec(fixture_store, &user, &fixture_err));
    assert_ok(store_migration_release(fixture_store, &worker, true, 0, &fixture_err));
    get(id, &user);
    assert_null(user.spec.source_password);
    assert_null(user.spec.source_user);
    assert_null(user.spec.aad_secret);
    assert_int_equal(user.ended_us, worker.ended_us);
    assert_false(user.attention);
    assert_int_equal(claim("b", clock_now_us() + 10 * MINUTE_US, &none), 0);
    struct migration_event *events = NULL;
    size_t count = 0;
    assert_ok(store_event_list(fixture_store, id, &fixture_err, &events, &count));
    assert_int_equal(count, 2);
    assert_int_equal(events[1].state, STATE_FAILED);
    assert_string_equal(events[1].text, "The migration failed.");
    migration_events_free(events, count);
}

static void a_new_process_frees_the_leases_of_the_old_one(void **state)
{
    (void)state;
    fixture_insert_migration("m1");
    auto_migration struct migration old = {0};
    auto_migration struct migration new = {0};
    assert_int_equal(claim("old", 1000, &old), 1);
    assert_ok(store_migration_free_leases(fixture_store, "new", &fixture_err));
    assert_int_equal(claim("new", 1000, &new), 1);
    assert_ok(store_migration_free_leases(fixture_store, "new", &fixture_err));
    auto_migration struct migration none = {0};
    assert_int_equal(claim("new", 1000, &none), 0);
}

enum { CLAIM_THREADS = 4, CLAIM_MIGRATIONS = 60, CLAIM_MOVES = 3 };

static _Atomic int claims_of[CLAIM_MIGRATIONS + 1];
static _Atomic int claim_failures;

/* Moves what it claims a few times; others read and write meanwhile. */
static void *work_until_nothing_is_left(void *unused)
{
    (void)unused;
    struct err err = {0};
    for (;;) {
        auto_migration struct migration row = {0};
        int64_t now_us = clock_now_us();
        int claimed =
            store_migration_claim(fixture_store, "one process", now_us, now_us + MINUTE_US, &err, &row);
        if (claimed <= 0) {
            claim_failures += claimed < 0;
            break;
        }
        claims_of[row.id]++;
        for (int i = 0; i < CLAIM_MOVES; i++) {
            struct migration_move move = {.from = row.substate,
                                          .state = i == CLAIM_MOVES - 1 ? STATE_SUCCEEDED : STATE_IN_PROGRESS,
                                          .substate = (enum migration_substate)(i + 1),
                                          .event = "moved"};
            claim_failures += store_migration_move(fixture_store, &row, &move, &err) != 1;
        }
        claim_failures += store_migration_release(fixture_store, &row, false, 0, &err) < 0;
    }
    store_thread_done(fixture_store);
    return NULL;
}

static void each_migration_is_claimed_once_by_many_threads(void **state)
{
    (void)state;
    for (int i = 0; i < CLAIM_MIGRATIONS; i++) {
        auto_free char *name = str_format("m%d", i);
        fixture_insert_migration(name);
    }
    pthread_t threads[CLAIM_THREADS];
    for (int i = 0; i < CLAIM_THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work_until_nothing_is_left, NULL), 0);
    }
    for (int i = 0; i < 200; i++) {
        int active = 0;
        assert_ok(store_migration_count_active(fixture_store, fixture_target, &fixture_err, &active));
        assert_ok(
            store_server_set_state(fixture_store, fixture_target, SERVER_STATE_READY, NULL, &fixture_err));
    }
    for (int i = 0; i < CLAIM_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(claim_failures, 0);
    for (int i = 1; i <= CLAIM_MIGRATIONS; i++) {
        assert_int_equal(claims_of[i], 1);
    }
    struct store_figures figures;
    assert_ok(store_figures(fixture_store, &fixture_err, &figures));
    assert_int_equal(figures.migrations_by_state[STATE_SUCCEEDED], CLAIM_MIGRATIONS);
}

/* The child: commits transitions for ever and tells each one that was reported as committed. */
static void commit_until_killed(int report_fd)
{
    struct err err = {0};
    struct store *store = NULL;
    struct migration row = {0};
    if (store_open(fixture_dir, "", &err, &store) < 0 ||
        store_migration_claim(store, "child", 1000, 1000 + MINUTE_US, &err, &row) != 1) {
        _exit(1);
    }
    for (int i = 1;; i++) {
        struct migration_move move = {.from = row.substate,
                                      .state = STATE_IN_PROGRESS,
                                      .substate = SUB_MIGRATING_DATA,
                                      .event = "moved"};
        if (store_migration_move(store, &row, &move, &err) != 1 ||
            write(report_fd, &i, sizeof(i)) != sizeof(i)) {
            _exit(1);
        }
    }
}

static void a_committed_move_survives_the_death_of_the_process(void **state)
{
    (void)state;
    int64_t id = fixture_insert_migration("m1");
    store_close(fixture_store);
    fixture_store = NULL;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        commit_until_killed(fds[1]);
    }
    close(fds[1]);
    int told = 0;
    while (told < 200 && read(fds[0], &told, sizeof(told)) == sizeof(told)) {
    }
    kill(child, SIGKILL);
    int last = told;
    while (read(fds[0], &last, sizeof(last)) == sizeof(last)) {
        told = last;
    }
    waitpid(child, NULL, 0);
    close(fds[0]);
    assert_true(told >= 200);

    assert_ok(store_open(fixture_dir, "", &fixture_err, &fixture_store));
    struct migration_event *events = NULL;
    size_t count = 0;
    assert_ok(store_event_list(fixture_store, id, &fixture_err, &events, &count));
    /* The first event is the insert's; one more move may have been committed before it could be told. */
    size_t expected = (size_t)told + 1 > 1000 ? 1000 : (size_t)told + 1;
    assert_in_range(count, expected, expected + 1);
    migration_events_free(events, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(a_lease_keeps_others_away_until_it_ends),
        store_test(a_row_that_cannot_be_read_is_not_claimed),
        store_test(a_lost_lease_writes_nothing),
        store_test(a_move_keeps_replaces_or_takes_away_the_error),
        store_test(a_release_tells_when_to_come_again),
        store_test(a_wish_of_the_user_during_a_lease_is_not_lost),
        store_test(the_user_never_writes_what_the_worker_writes),
        store_test(the_end_erases_the_secrets),
        store_test(a_new_process_frees_the_leases_of_the_old_one),
        store_test(each_migration_is_claimed_once_by_many_threads),
        store_test(a_committed_move_survives_the_death_of_the_process),
    };
    return cmocka_run_group_tests_name("store_claims", tests, NULL, NULL);
}

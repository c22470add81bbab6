/* SPDX-License-Identifier: MIT */
/* What a worker counts when it moves a migration, or finds that another one has it. */
#include "tests/unit/store_fixture.h"

#include "core/log.h"
#include "executor/fsm/migration_fsm.h"

static struct executor executor;
static struct worker worker = {.executor = &executor};

static void claim_as(const char *owner, int64_t now_us, struct migration *ret_migration)
{
    assert_int_equal(
        store_migration_claim(fixture_store, owner, now_us, now_us + MINUTE_US, &fixture_err, ret_migration),
        1);
}

static void a_lost_lease_is_counted_and_moves_nothing(void **state)
{
    (void)state;
    log_setup(LOG_ERROR, false);
    const struct executor_metrics *metrics = executor_metrics(&executor);
    int64_t id = fixture_insert_migration("m1");
    struct work first = {.executor = &executor, .worker = &worker, .store = fixture_store};
    struct work second = first;
    claim_as("a", clock_steady_us(), &first.migration);
    claim_as("b", clock_steady_us() + 2 * MINUTE_US, &second.migration);
    assert_int_equal(fsm_move(&first, SUB_MIGRATING_DATA, "late"), STEP_STOPPED);
    assert_int_equal(atomic_load(&metrics->leases_lost), 1);
    assert_int_equal(atomic_load(&metrics->substates[SUB_PERFORMING_PREREQUISITE_STEPS].sum_us), 0);

    clock_sleep_ms(2);
    assert_int_equal(fsm_move(&second, SUB_MIGRATING_DATA, "in time"), STEP_MOVED);
    assert_int_equal(atomic_load(&metrics->leases_lost), 1);
    assert_true(atomic_load(&metrics->substates[SUB_PERFORMING_PREREQUISITE_STEPS].sum_us) >= 2000);
    auto_migration struct migration now = {0};
    assert_int_equal(store_migration_get_by_id(fixture_store, id, &fixture_err, &now), 1);
    assert_int_equal(now.substate, SUB_MIGRATING_DATA);
    migration_done(&first.migration);
    migration_done(&second.migration);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(a_lost_lease_is_counted_and_moves_nothing),
    };
    return cmocka_run_group_tests_name("lost_lease", tests, NULL, NULL);
}

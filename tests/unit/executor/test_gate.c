/* SPDX-License-Identifier: MIT */
/* The gates of snapshots: those of different subscriptions do not wait for each other. */
#include "executor/gate.h"
#include "tests/unit/test.h"

static const char one[] = "11111111-0000-4000-8000-00000000000a";
static const char one_in_capitals[] = "11111111-0000-4000-8000-00000000000A";
static const char other[] = "22222222-0000-4000-8000-000000000000";

static struct executor executor = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .wake = PTHREAD_COND_INITIALIZER,
    .gate = {.lock = PTHREAD_MUTEX_INITIALIZER},
};

static void gates_of_two_subscriptions_are_closed_at_once(void **state)
{
    struct err err = {0};
    struct gate_visit visit = {0};
    (void)state;
    assert_int_equal(gate_close(&executor, one, 0, &err), 0);
    assert_int_equal(gate_close(&executor, other, 0, &err), 0);
    assert_true(gate_is_closed_for(&executor, one_in_capitals));
    assert_true(gate_is_closed_for(&executor, other));
    gate_open(&executor, one_in_capitals);
    assert_false(gate_is_closed_for(&executor, one));
    assert_true(gate_is_closed_for(&executor, other));
    assert_int_equal(gate_enter(&executor, one, NULL, &err, &visit), 0);
    gate_leave(&visit);
    gate_open(&executor, other);
    assert_false(gate_is_closed_for(&executor, other));
}

static void a_gate_is_closed_once_and_not_around_visitors(void **state)
{
    struct err err = {0};
    struct gate_visit visit = {0};
    (void)state;
    assert_int_equal(gate_enter(&executor, one, NULL, &err, &visit), 0);
    assert_int_equal(gate_close(&executor, one_in_capitals, 5, &err), -1);
    assert_int_equal(err.code, ERR_SERVER_BUSY);
    assert_int_equal(gate_close(&executor, other, 0, &err), 0);
    gate_leave(&visit);
    assert_int_equal(gate_close(&executor, one, 0, &err), 0);
    assert_int_equal(gate_close(&executor, one_in_capitals, 5, &err), -1);
    gate_open(&executor, one);
    gate_open(&executor, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gates_of_two_subscriptions_are_closed_at_once),
        cmocka_unit_test(a_gate_is_closed_once_and_not_around_visitors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdatomic.h>

#include "core/attr.h"
#include "core/clock.h"
#include "server/lanes/slow_lane.h"

static _Atomic int done;
static _Atomic int refused_count;
static _Atomic int threads_ended;
static _Atomic bool hold;

static void work(struct slow_task *task, bool refused)
{
    (void)task;
    while (!refused && atomic_load(&hold)) {
        clock_sleep_ms(1);
    }
    atomic_fetch_add(refused ? &refused_count : &done, 1);
}

static void run_at_once(struct slow_task *task, bool refused)
{
    (void)task;
    atomic_fetch_add(refused ? &refused_count : &done, 1);
}

/* Longer than a lane takes for quick. */
static void take_long(struct slow_task *task, bool refused)
{
    clock_sleep_ms(refused ? 0 : 1100);
    run_at_once(task, refused);
}

static void note_end(void *arg)
{
    (void)arg;
    atomic_fetch_add(&threads_ended, 1);
}

static struct slow_lane *start(size_t threads, size_t queue_max)
{
    atomic_store(&done, 0);
    atomic_store(&refused_count, 0);
    atomic_store(&threads_ended, 0);
    atomic_store(&hold, false);
    const struct slow_lane_settings settings = {
        .threads = threads, .queue_max = queue_max, .key_max = 2, .at_thread_end = note_end};
    struct err err = {0};
    struct slow_lane *lane = NULL;
    assert_int_equal(slow_lane_start(&settings, &err, &lane), 0);
    return lane;
}

static void wait_until(const _Atomic int *counter, int value)
{
    int64_t deadline_ms = clock_monotonic_ms() + patient_ms(5000);
    while (atomic_load(counter) != value && clock_ms_left(deadline_ms) > 0) {
        clock_sleep_ms(1);
    }
    assert_int_equal(atomic_load(counter), value);
}

static int64_t soon(void)
{
    return clock_monotonic_ms() + patient_ms(5000);
}

static void every_task_runs_once(void **state)
{
    (void)state;
    struct slow_lane *lane = start(4, 64);
    struct slow_task tasks[64];
    for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
        tasks[i] = (struct slow_task){.run = work};
        assert_true(slow_lane_submit(lane, &tasks[i]));
    }
    wait_until(&done, 64);
    assert_true(slow_lane_stop(lane, soon()));
    assert_int_equal(atomic_load(&threads_ended), 4);
    assert_int_equal(atomic_load(&refused_count), 0);
    slow_lane_free(lane);
}

/* Four stuck calls of one server leave threads for another one. */
static void one_key_does_not_take_all_threads(void **state)
{
    (void)state;
    struct slow_lane *lane = start(4, 64);
    atomic_store(&hold, true);
    struct slow_task stuck[8];
    for (size_t i = 0; i < ARRAY_LEN(stuck); i++) {
        stuck[i] = (struct slow_task){.run = work, .key = 7};
        assert_true(slow_lane_submit(lane, &stuck[i]));
    }
    struct slow_task others[2] = {{.run = run_at_once, .key = 8}, {.run = run_at_once}};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_true(slow_lane_submit(lane, &others[i]));
    }
    wait_until(&done, 2);
    atomic_store(&hold, false);
    wait_until(&done, 10);
    assert_true(slow_lane_stop(lane, soon()));
    slow_lane_free(lane);
}

/* Whatever the number of stuck keys, as long as there is a thread. */
static void many_stuck_keys_leave_threads_and_queue(void **state)
{
    (void)state;
    struct slow_lane *lane = start(8, 16);
    atomic_store(&hold, true);
    struct slow_task stuck[7 * 4];
    for (size_t i = 0; i < ARRAY_LEN(stuck); i++) {
        stuck[i] = (struct slow_task){.run = work, .key = 1 + i % 7};
        (void)slow_lane_submit(lane, &stuck[i]);
    }
    struct slow_task other = {.run = run_at_once, .key = 8};
    assert_true(slow_lane_submit(lane, &other));
    wait_until(&done, 1);
    atomic_store(&hold, false);
    assert_true(slow_lane_stop(lane, soon()));
    slow_lane_free(lane);
}

/* Once they are known, they leave half of the threads even if there are more of them than threads. */
static void slow_keys_share_half_of_the_threads(void **state)
{
    (void)state;
    struct slow_lane *lane = start(4, 64);
    atomic_store(&hold, true);
    struct slow_task stuck[2][6];
    for (size_t i = 0; i < ARRAY_LEN(stuck[0]); i++) {
        stuck[0][i] = (struct slow_task){.run = take_long, .key = 1 + i};
        assert_true(slow_lane_submit(lane, &stuck[0][i]));
    }
    wait_until(&done, 6);
    for (size_t i = 0; i < ARRAY_LEN(stuck[1]); i++) {
        stuck[1][i] = (struct slow_task){.run = work, .key = 1 + i};
        assert_true(slow_lane_submit(lane, &stuck[1][i]));
    }
    struct slow_task other = {.run = run_at_once, .key = 8};
    assert_true(slow_lane_submit(lane, &other));
    wait_until(&done, 7);
    atomic_store(&hold, false);
    wait_until(&done, 13);
    assert_true(slow_lane_stop(lane, soon()));
    slow_lane_free(lane);
}

static void one_key_does_not_fill_the_queue(void **state)
{
    (void)state;
    struct slow_lane *lane = start(4, 16);
    atomic_store(&hold, true);
    struct slow_task stuck[16];
    int accepted = 0;
    for (size_t i = 0; i < ARRAY_LEN(stuck); i++) {
        stuck[i] = (struct slow_task){.run = work, .key = 7};
        accepted += slow_lane_submit(lane, &stuck[i]);
    }
    assert_in_range(accepted, 4, 6);
    struct slow_task other = {.run = run_at_once, .key = 8};
    assert_true(slow_lane_submit(lane, &other));
    wait_until(&done, 1);
    atomic_store(&hold, false);
    assert_true(slow_lane_stop(lane, soon()));
    slow_lane_free(lane);
}

static void a_full_queue_refuses(void **state)
{
    (void)state;
    struct slow_lane *lane = start(1, 2);
    atomic_store(&hold, true);
    struct slow_task tasks[8];
    int accepted = 0;
    for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
        tasks[i] = (struct slow_task){.run = work};
        accepted += slow_lane_submit(lane, &tasks[i]);
    }
    assert_in_range(accepted, 2, 3);
    atomic_store(&hold, false);
    wait_until(&done, accepted);
    assert_true(slow_lane_stop(lane, soon()));
    slow_lane_free(lane);
}

static void stopping_refuses_who_waits_and_tells_who_runs(void **state)
{
    (void)state;
    struct slow_lane *lane = start(1, 4);
    atomic_store(&hold, true);
    struct slow_task tasks[3];
    for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
        tasks[i] = (struct slow_task){.run = work};
        assert_true(slow_lane_submit(lane, &tasks[i]));
    }
    clock_sleep_ms(20);
    assert_false(slow_lane_stop(lane, clock_monotonic_ms() + 10));
    assert_int_equal(atomic_load(&refused_count), 2);
    assert_false(slow_lane_submit(lane, &tasks[1]));
    atomic_store(&hold, false);
    assert_true(slow_lane_stop(lane, soon()));
    assert_int_equal(atomic_load(&done), 1);
    slow_lane_free(lane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(one_key_does_not_take_all_threads),
        cmocka_unit_test(many_stuck_keys_leave_threads_and_queue),
        cmocka_unit_test(slow_keys_share_half_of_the_threads),
        cmocka_unit_test(one_key_does_not_fill_the_queue),
        cmocka_unit_test(a_full_queue_refuses),
        cmocka_unit_test(stopping_refuses_who_waits_and_tells_who_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

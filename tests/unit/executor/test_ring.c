/* SPDX-License-Identifier: MIT */
/* The ring of a time series: bounded over days, without a lost row. */
#include "tests/unit/test.h"

#include <string.h>

#include "core/attr.h"
#include "executor/series/ring.h"

static const int64_t SECOND_US = 1000000;
static const int64_t BEGIN_US = 1000000000000000;

static struct ring ring;
static struct ring_sample counters;

static int set_up(void **state)
{
    (void)state;
    counters = (struct ring_sample){.at_us = BEGIN_US};
    ring_add(&ring, &counters);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ring_done(&ring);
    return 0;
}

static void pass(int64_t seconds, int64_t rows)
{
    counters.at_us += seconds * SECOND_US;
    counters.rows += rows;
    counters.bytes += rows * 100;
    ring_add(&ring, &counters);
}

static const struct ring_point *newest(void)
{
    return &ring.points[ring.count - 1];
}

static void check_chain(void)
{
    int64_t rows = 0;
    for (size_t i = 0; i < ring.count; i++) {
        assert_true(ring.points[i].at_us > ring.points[i].from_us);
        assert_int_equal(ring.points[i].from_us, i == 0 ? BEGIN_US : ring.points[i - 1].at_us);
        rows += ring.points[i].rows;
    }
    assert_int_equal(rows, counters.rows);
}

static void the_first_sample_is_no_point(void **state)
{
    (void)state;
    assert_int_equal(ring.count, 0);
    pass(1, 7);
    assert_int_equal(ring.count, 1);
    assert_int_equal(ring.points[0].rows, 7);
    assert_int_equal(ring.points[0].bytes, 700);
    check_chain();
}

/* Three days, second by second: the newest points stay, the older ones become longer, and no row is lost. */
static void three_days_fit(void **state)
{
    (void)state;
    for (int i = 0; i < 3 * 24 * 3600; i++) {
        counters.pending_bytes = i == 100 ? 4711 : 1 + i % 2;
        pass(1, i % 7 + 1);
        assert_true(ring.count <= RING_POINTS_MAX);
    }
    assert_int_equal(ring.count, RING_POINTS_MAX);
    check_chain();
    for (size_t i = ring.count - RING_FINE_POINTS; i < ring.count; i++) {
        assert_int_equal(ring.points[i].at_us - ring.points[i].from_us, SECOND_US);
    }
    int64_t longest = 0;
    int64_t peak = 0;
    for (size_t i = 0; i < ring.count; i++) {
        int64_t length = ring.points[i].at_us - ring.points[i].from_us;
        longest = length > longest ? length : longest;
        peak = ring.points[i].pending_bytes > peak ? ring.points[i].pending_bytes : peak;
    }
    const int64_t equal_share = (int64_t)3 * 24 * 3600 * SECOND_US / (RING_POINTS_MAX - RING_FINE_POINTS);
    assert_true(longest <= 3 * equal_share);
    assert_int_equal(peak, 4711); /* a peak is not averaged away */
}

static void quiet_time_needs_one_point(void **state)
{
    (void)state;
    pass(1, 5);
    for (int i = 0; i < 100000; i++) {
        pass(1, 0);
    }
    assert_int_equal(ring.count, 2);
    assert_int_equal(newest()->rows, 0);
    check_chain();
    counters.pending_bytes = 1;
    pass(1, 0);
    assert_int_equal(ring.count, 3);
    assert_int_equal(newest()->pending_bytes, 1);
}

/* Figures that are stored once in 2 s are no idle second and then twice the speed. */
static void a_short_pause_belongs_to_the_next_point(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        pass(1, 0);
        pass(1, 10);
    }
    assert_int_equal(ring.count, 10);
    assert_int_equal(newest()->at_us - newest()->from_us, 2 * SECOND_US);
    check_chain();
}

static void a_copy_that_restarts_is_no_negative_speed(void **state)
{
    (void)state;
    pass(1, 500);
    counters.rows = counters.bytes = 0;
    counters.pending_bytes = 9;
    pass(1, 0);
    assert_int_equal(newest()->rows, 0);
    pass(1, 20);
    assert_int_equal(newest()->rows, 20);
}

/* A new process: the time in between belongs to no point, and is not joined into one. */
static void a_loaded_ring_continues_after_a_gap(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        pass(1, 1);
    }
    struct ring_point stored[5];
    memcpy(stored, ring.points, sizeof(stored));
    ring_load(&ring, stored, ARRAY_LEN(stored));
    pass(60, 100);
    assert_int_equal(ring.count, 5);
    for (int i = 0; i < 2000; i++) {
        pass(1, 1);
    }
    assert_int_equal(ring.count, RING_POINTS_MAX);
    int gaps = 0;
    for (size_t i = 1; i < ring.count; i++) {
        gaps += ring.points[i].from_us != ring.points[i - 1].at_us;
    }
    assert_int_equal(gaps, 1);
}

static void damaged_points_are_not_loaded(void **state)
{
    (void)state;
    const struct ring_point backwards[] = {{.from_us = 20, .at_us = 30}, {.from_us = 10, .at_us = 20}};
    ring_load(&ring, backwards, ARRAY_LEN(backwards));
    assert_int_equal(ring.count, 0);
    static const struct ring_point many[RING_POINTS_MAX + 1];
    ring_load(&ring, many, ARRAY_LEN(many));
    assert_int_equal(ring.count, 0);
}

static void a_clock_that_was_set_back_restarts_the_ring(void **state)
{
    (void)state;
    pass(100, 5);
    pass(-50, 1);
    assert_int_equal(ring.count, 0);
    pass(1, 3);
    assert_int_equal(ring.count, 1);
    assert_int_equal(newest()->rows, 3);
}

int main(void)
{
#define ring_test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ring_test(the_first_sample_is_no_point),
        ring_test(three_days_fit),
        ring_test(quiet_time_needs_one_point),
        ring_test(a_short_pause_belongs_to_the_next_point),
        ring_test(a_copy_that_restarts_is_no_negative_speed),
        ring_test(a_loaded_ring_continues_after_a_gap),
        ring_test(damaged_points_are_not_loaded),
        ring_test(a_clock_that_was_set_back_restarts_the_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

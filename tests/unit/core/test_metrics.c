/* SPDX-License-Identifier: MIT */
/* Histograms and Prometheus' text format. */
#include "tests/unit/test.h"

#include <string.h>

#include "core/metrics/exposition.h"

static void label_values_are_escaped(void **state)
{
    (void)state;
    auto_buf struct buf text = BUF_MAX(1024);
    exposition_sample(&text, "plain", NULL, -7);
    exposition_sample(&text, "one", &(struct labels){{{"a", "é{}, ="}}}, 1);
    exposition_sample(&text, "two", &(struct labels){{{"a", ""}, {"b", "\"x\\y\nz\""}}}, INT64_MAX);
    assert_string_equal(buf_text(&text), "plain -7\n"
                                         "one{a=\"é{}, =\"} 1\n"
                                         "two{a=\"\",b=\"\\\"x\\\\y\\nz\\\"\"} 9223372036854775807\n");
}

static void a_duration_belongs_to_the_first_bound_that_it_does_not_exceed(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    const int64_t durations_us[] = {-5, 0, 500, 501, INT64_C(30000000), INT64_C(30000001)};
    for (size_t i = 0; i < sizeof(durations_us) / sizeof(*durations_us); i++) {
        histogram_add(&histogram, &histogram_of_requests, durations_us[i]);
    }
    assert_int_equal(atomic_load(&histogram.counts[0]), 3);
    assert_int_equal(atomic_load(&histogram.counts[1]), 1);
    assert_int_equal(atomic_load(&histogram.counts[HISTOGRAM_BOUNDS - 1]), 1);
    assert_int_equal(atomic_load(&histogram.counts[HISTOGRAM_BOUNDS]), 1);
    auto_buf struct buf text = BUF_MAX(4096);
    exposition_histogram(&text, "h", &(struct labels){{{"a", "x"}}}, &histogram, &histogram_of_requests);
    assert_non_null(strstr(buf_text(&text), "h_bucket{a=\"x\",le=\"0.0005\"} 3\n"
                                            "h_bucket{a=\"x\",le=\"0.001\"} 4\n"
                                            "h_bucket{a=\"x\",le=\"0.0025\"} 4\n"));
    assert_non_null(strstr(buf_text(&text), "h_bucket{a=\"x\",le=\"30\"} 5\n"
                                            "h_bucket{a=\"x\",le=\"+Inf\"} 6\n"
                                            "h_sum{a=\"x\"} 60.001002\n"
                                            "h_count{a=\"x\"} 6\n"));
}

static void bounds_ascend(void **state)
{
    (void)state;
    for (int i = 1; i < HISTOGRAM_BOUNDS; i++) {
        assert_true(histogram_of_requests.bounds_us[i - 1] < histogram_of_requests.bounds_us[i]);
        assert_true(histogram_of_stages.bounds_us[i - 1] < histogram_of_stages.bounds_us[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(label_values_are_escaped),
        cmocka_unit_test(a_duration_belongs_to_the_first_bound_that_it_does_not_exceed),
        cmocka_unit_test(bounds_ascend),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "core/memory.h"
#include "core/parse/json_fields.h"

static void a_watch_reports_a_failed_allocation_of_its_thread(void **state)
{
    (void)state;
    char block = 0;
    memory_watch_begin();
    assert_ptr_equal(memory_checked(&block), &block);
    assert_false(memory_watch_failed());
    assert_null(memory_checked(NULL));
    assert_true(memory_watch_failed());
    assert_true(memory_watch_end());
    assert_false(memory_watch_failed());
    memory_watch_begin();
    assert_false(memory_watch_end());
}

static void a_failure_in_an_inner_watch_counts_for_the_outer_one(void **state)
{
    (void)state;
    memory_watch_begin();
    memory_watch_begin();
    (void)memory_checked(NULL);
    assert_true(memory_watch_end());
    assert_true(memory_watch_end());
}

static void json_is_parsed_as_ever(void **state)
{
    (void)state;
    json_auto_t *value = memory_parse_text("{\"a\":[1,\"b\"]}", 0);
    assert_string_equal(json_string_value(json_array_get(json_object_get(value, "a"), 1)), "b");
    assert_null(memory_parse_text(NULL, 0));
    assert_null(memory_parse_text("{", 0));
}

static void bytes_that_are_no_text_do_not_drop_a_member(void **state)
{
    (void)state;
    json_auto_t *object = json_object();
    assert_int_equal(json_set_text(object, "error", "caf\xe9 \xff\xfe, caf\xc3\xa9"), 0);
    assert_string_equal(json_string_value(json_object_get(object, "error")), "caf? ?, caf\xc3\xa9");
    assert_int_equal(json_set_text(object, "none", NULL), 0);
    assert_null(json_object_get(object, "none"));
    assert_null(json_text(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_that_are_no_text_do_not_drop_a_member),
        cmocka_unit_test(a_watch_reports_a_failed_allocation_of_its_thread),
        cmocka_unit_test(a_failure_in_an_inner_watch_counts_for_the_outer_one),
        cmocka_unit_test(json_is_parsed_as_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

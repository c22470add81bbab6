/* SPDX-License-Identifier: MIT */
/* Strings, buffers, lists, errors, time. */
#include "tests/unit/test.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/parse/id.h"
#include "core/stop.h"
#include "core/str.h"
#include "core/str_list.h"

static void comparisons_take_null(void **state)
{
    (void)state;
    assert_true(str_equals(NULL, NULL));
    assert_false(str_equals(NULL, ""));
    assert_true(str_iequals("FlexibleServers", "flexibleservers"));
    assert_false(str_iequals("a", NULL));
    assert_true(str_istarts("Microsoft.Sql", "MICROSOFT."));
    assert_false(str_istarts("Mic", "Microsoft"));
}

static void a_field_is_replaced_by_a_copy(void **state)
{
    (void)state;
    auto_free char *field = str_dup("old");
    assert_true(str_replace(&field, "new"));
    assert_string_equal(field, "new");
    assert_true(str_replace(&field, field));
    assert_string_equal(field, "new");
    assert_true(str_replace(&field, NULL));
    assert_null(field);
}

static void integers_are_whole_and_in_range(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    "-",    "+1",  " 1", "1 ",
                                      "1.0", "0x10", "1e3", "x",  "99999999999999999999"};
    int64_t value = 7;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(str_to_int(bad[i], INT64_MIN, INT64_MAX, &value));
    }
    assert_false(str_to_int(NULL, 0, 1, &value));
    assert_false(str_to_int("11", 0, 10, &value));
    assert_int_equal(value, 7);
    assert_true(str_to_int("-9223372036854775808", INT64_MIN, INT64_MAX, &value));
    assert_true(value == INT64_MIN);
    assert_true(str_to_int("007", 0, 10, &value));
    assert_int_equal(value, 7);
}

static void uuids_have_their_shape(void **state)
{
    (void)state;
    char id[ID_TEXT_SIZE];
    assert_true(str_is_uuid(id_new(id)));
    assert_int_equal(id[14], '4');
    assert_true(str_is_uuid("00000000-0000-4000-8000-00000000CA11"));
    assert_false(str_is_uuid("00000000-0000-4000-8000-00000000ca1"));
    assert_false(str_is_uuid("00000000-0000-4000-8000_00000000ca11"));
    assert_false(str_is_uuid("g0000000-0000-4000-8000-00000000ca11"));
    assert_false(str_is_uuid(NULL));
}

static void utf8_is_checked_to_the_last_byte(void **state)
{
    (void)state;
    static const char *const good[] = {
        "", "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc3",
                                      "\xc3(",
                                      "\xe0\x80\x80",
                                      "\xed\xa0\x80",
                                      "\xf0\x80\x80\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xe2\x82",
                                      "a\xff"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(str_is_utf8(good[i], strlen(good[i])));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(str_is_utf8(bad[i], strlen(bad[i])));
    }
    assert_false(str_is_utf8("a\0b", 3));
    /* The given length determines the end, not the NUL after it. */
    assert_false(str_is_utf8("\xe2\x82\xac", 2));
}

static void assert_decodes(const char *segment, const char *expected)
{
    auto_free char *text = str_percent_decode(segment, strlen(segment));
    if (expected == NULL) {
        assert_null(text);
    } else {
        assert_non_null(text);
        assert_string_equal(text, expected);
    }
}

static void percent_escapes_are_decoded_or_refused(void **state)
{
    (void)state;
    assert_decodes("", "");
    assert_decodes("a%20b%2Fc", "a b/c");
    assert_decodes("%c3%A4", "\xc3\xa4");
    assert_decodes("a+b", "a+b");
    assert_decodes("%25", "%");
    assert_decodes("%00", NULL);
    assert_decodes("%c3", NULL);
    assert_decodes("%", NULL);
    assert_decodes("%4", NULL);
    assert_decodes("%g0", NULL);
    assert_decodes("a%", NULL);
    auto_free char *cut = str_percent_decode("%41%42", 4);
    assert_null(cut);
}

static void a_buffer_stops_at_its_maximum(void **state)
{
    (void)state;
    auto_buf struct buf buf = BUF_MAX(5);
    assert_string_equal(buf_text(&buf), "");
    buf_adds(&buf, "abc");
    buf_addf(&buf, "%d", 12);
    assert_false(buf_failed(&buf));
    assert_string_equal(buf_text(&buf), "abc12");
    buf_addc(&buf, '3');
    assert_true(buf_failed(&buf));
    assert_string_equal(buf_text(&buf), "abc12");
    buf_add(&buf, "", 0);
    assert_true(buf_failed(&buf));
    assert_null(buf_take(&buf));
    buf_reset(&buf);
    assert_false(buf_failed(&buf));
    assert_string_equal(buf_text(&buf), "");
    buf_addf(&buf, "%s", "123456");
    assert_true(buf_failed(&buf));
}

static void a_buffer_gives_its_text_away(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    auto_free char *empty = buf_take(&buf);
    assert_string_equal(empty, "");
    for (int i = 0; i < 500; i++) {
        buf_addc(&buf, 'x');
    }
    auto_free char *text = buf_take(&buf);
    assert_int_equal(strlen(text), 500);
    assert_int_equal(buf.len, 0);
    buf_adds(&buf, "again");
    assert_string_equal(buf_text(&buf), "again");
    buf_done(&buf);
    buf_adds(&buf, "after done");
    assert_string_equal(buf_text(&buf), "after done");
    buf_done(&buf);
}

static void an_impossible_length_fails_cleanly(void **state)
{
    (void)state;
    auto_buf struct buf buf = BUF_MAX(SIZE_MAX);
    buf_adds(&buf, "a");
    buf_add(&buf, "b", SIZE_MAX - 1);
    assert_true(buf_failed(&buf));
    assert_string_equal(buf_text(&buf), "a");
}

static void a_list_survives_json(void **state)
{
    (void)state;
    auto_str_list struct str_list list = {0};
    auto_str_list struct str_list back = {0};
    assert_true(str_list_add(&list, "a\"b\\\n"));
    assert_true(str_list_add(&list, ""));
    assert_true(str_list_add(&list, "\xc3\xa4"));
    auto_free char *json = str_list_to_json(&list);
    assert_true(str_list_from_json(json, &back));
    assert_true(str_list_equals(&list, &back));
    assert_true(str_list_has(&back, ""));
    assert_false(str_list_has(&back, "A"));
    struct str_list empty = {0};
    auto_free char *nothing = str_list_to_json(&empty);
    assert_string_equal(nothing, "[]");
}

static void only_arrays_of_strings_are_lists(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "{}", "[1]", "[\"a\",null]", "[\"a\"", "\"a\"", "[\"\\u0000\"]"};
    struct str_list list = {0};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(str_list_from_json(bad[i], &list));
    }
    assert_int_equal(list.count, 0);
}

static void a_list_can_be_copied_onto_itself(void **state)
{
    (void)state;
    auto_str_list struct str_list list = {0};
    auto_str_list struct str_list other = {0};
    assert_true(str_list_add(&list, "a"));
    assert_true(str_list_copy(&list, &list));
    assert_true(str_list_copy(&other, &list));
    assert_true(str_list_equals(&other, &list));
    assert_true(str_list_add(&other, "b"));
    assert_false(str_list_equals(&other, &list));
}

static void every_error_code_has_a_word_and_a_status(void **state)
{
    (void)state;
    for (int i = 0; i < ERR_COUNT; i++) {
        assert_non_null(err_wire_code((enum err_code)i));
        assert_in_range(err_http_status((enum err_code)i), 400, 599);
    }
}

static void an_error_can_quote_itself(void **state)
{
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_CONFLICT, "inner");
    err_target(&err, "database %d", 1);
    assert_int_equal(err_set(&err, ERR_BAD_REQUEST, "outer: %s", err.message), -1);
    assert_string_equal(err.message, "outer: inner");
    assert_string_equal(err.target, "");
    assert_true(err.lasting);
    err_prefix(&err, "%s; ", "before");
    err_append(&err, " %s", "after");
    assert_string_equal(err.message, "before; outer: inner after");
    err_prefix(&err, "[%s] ", err.message);
    assert_string_equal(err.message, "[before; outer: inner after] before; outer: inner after");
}

static void a_long_message_is_cut_between_characters(void **state)
{
    (void)state;
    char text[2000];
    struct err err = {0};
    for (size_t pad = 0; pad < 4; pad++) {
        memset(text, 'x', pad);
        for (size_t i = pad; i + 3 < sizeof(text); i += 3) {
            memcpy(text + i, "\xe2\x82\xac", 4);
        }
        err_set(&err, ERR_INTERNAL, "%s", text);
        size_t len = strlen(err.message);
        assert_in_range(len, sizeof(err.message) - 3, sizeof(err.message) - 1);
        assert_true(str_is_utf8(err.message, len));
        err_append(&err, "%s", text);
        err_prefix(&err, "%s", "y");
        assert_true(str_is_utf8(err.message, strlen(err.message)));
    }
}

static void assert_parses(const char *text, int64_t expected_us)
{
    int64_t us = -1;
    if (!clock_parse(text, &us)) {
        fail_msg("refused: %s", text);
    }
    assert_true(us == expected_us);
}

static void instants_are_written_as_the_service_does(void **state)
{
    (void)state;
    char text[CLOCK_TEXT_SIZE];
    assert_string_equal(clock_format(0, text), "1970-01-01T00:00:00.0000000Z");
    assert_string_equal(clock_format(1791394639242472, text), "2026-10-07T17:37:19.2424720Z");
    assert_string_equal(clock_format(-1, text), "1969-12-31T23:59:59.9999990Z");
    (void)clock_format(INT64_MAX, text);
    assert_true(strlen(text) < CLOCK_TEXT_SIZE);
}

static void instants_are_read_with_any_offset(void **state)
{
    (void)state;
    assert_parses("2026-10-07T17:37:19.2424720Z", 1791394639242472);
    assert_parses("2026-10-07t17:37:19z", 1791394639000000);
    assert_parses("2026-10-07T19:37:19.5+02:00", 1791394639500000);
    assert_parses("2026-10-07T12:07:19-05:30", 1791394639000000);
    assert_parses("2024-02-29T00:00:00Z", 1709164800000000);
    assert_parses("1969-12-31T23:59:59.999999Z", -1);
    assert_parses("2026-10-07T17:37:19.1234567891234567Z", 1791394639123456);
}

static void what_is_no_instant_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "2026-10-07",
                                      "2026-10-07T17:37:19",
                                      "2026-10-07 17:37:19Z",
                                      "2026-1-7T1:2:3Z",
                                      "26-10-07T17:37:19Z",
                                      " 2026-10-07T17:37:19Z",
                                      "2026-10-07T17:37:19.Z",
                                      "2026-10-07T17:37:19ZZ",
                                      "2026-10-07T17:37:19+2:00",
                                      "2026-10-07T17:37:19+ 1: 2",
                                      "2026-10-07T17:37:19+24:00",
                                      "2026-10-07T17:37:19+02",
                                      "2026-02-29T00:00:00Z",
                                      "2026-04-31T00:00:00Z",
                                      "2026-13-01T00:00:00Z",
                                      "2026-00-01T00:00:00Z",
                                      "2026-01-00T00:00:00Z",
                                      "2026-01-01T24:00:00Z",
                                      "2026-01-01T00:60:00Z",
                                      "2026-01-01T00:00:61Z"};
    int64_t us = 42;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (clock_parse(bad[i], &us)) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    assert_int_equal(us, 42);
}

static void deadlines_never_go_below_zero(void **state)
{
    (void)state;
    int64_t now_ms = clock_monotonic_ms();
    assert_int_equal(clock_ms_left(now_ms - 5), 0);
    assert_in_range(clock_ms_left(now_ms + 10000), 9000, 10000);
    assert_int_equal(clock_ms_left(INT64_MAX), INT_MAX);
    clock_sleep_ms(3);
    assert_true(clock_monotonic_ms() - now_ms >= 2);
    clock_sleep_ms(-1);
}

static void a_stronger_wish_to_stop_wins(void **state)
{
    (void)state;
    struct stop stop = {0};
    assert_false(stop_requested(&stop));
    stop_request(&stop, STOP_CANCEL);
    stop_request(&stop, STOP_SHUTDOWN);
    assert_int_equal(stop_kind(&stop), STOP_CANCEL);
}

static void a_cut_character_becomes_a_question_mark(void **state)
{
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_INTERNAL, "'%.2s' and '%.3s'.", "x\xc3\xbc", "\xe2\x82\xac");
    assert_string_equal(err.message, "'x?' and '\xe2\x82\xac'.");
    err_append(&err, " '%.1s'", "\xc3\xbc");
    assert_string_equal(err.message, "'x?' and '\xe2\x82\xac'. '?'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_character_becomes_a_question_mark),
        cmocka_unit_test(comparisons_take_null),
        cmocka_unit_test(a_field_is_replaced_by_a_copy),
        cmocka_unit_test(integers_are_whole_and_in_range),
        cmocka_unit_test(uuids_have_their_shape),
        cmocka_unit_test(utf8_is_checked_to_the_last_byte),
        cmocka_unit_test(percent_escapes_are_decoded_or_refused),
        cmocka_unit_test(a_buffer_stops_at_its_maximum),
        cmocka_unit_test(a_buffer_gives_its_text_away),
        cmocka_unit_test(an_impossible_length_fails_cleanly),
        cmocka_unit_test(a_list_survives_json),
        cmocka_unit_test(only_arrays_of_strings_are_lists),
        cmocka_unit_test(a_list_can_be_copied_onto_itself),
        cmocka_unit_test(every_error_code_has_a_word_and_a_status),
        cmocka_unit_test(an_error_can_quote_itself),
        cmocka_unit_test(a_long_message_is_cut_between_characters),
        cmocka_unit_test(instants_are_written_as_the_service_does),
        cmocka_unit_test(instants_are_read_with_any_offset),
        cmocka_unit_test(what_is_no_instant_is_refused),
        cmocka_unit_test(deadlines_never_go_below_zero),
        cmocka_unit_test(a_stronger_wish_to_stop_wins),
    };
    return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}

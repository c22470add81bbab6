/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "core/str.h"
#include "handlers/servers/configuration_private.h"

/* The value in PostgreSQL's spelling, "refused", or "default"; valid until the next call. */
static const char *check_named(const char *name, const char *type, const char *allowed, const char *value)
{
    static char *checked;
    struct err err = {0};
    json_auto_t *configuration = json_pack("{s:s, s:s, s:s, s:b}", "name", name, "dataType", type,
                                           "allowedValues", allowed, "isReadOnly", false);
    free_at_scope_end(&checked);
    checked = NULL;
    if (configuration_check(configuration, value, &err, &checked) < 0) {
        assert_int_equal(err.code, ERR_BAD_PARAMETER);
        return "refused";
    }
    return checked == NULL ? "default" : checked;
}

static const char *check(const char *type, const char *allowed, const char *value)
{
    return check_named("p", type, allowed, value);
}

static void booleans_have_many_spellings(void **state)
{
    (void)state;
    assert_string_equal(check("Boolean", "on,off", "TRUE"), "TRUE");
    assert_string_equal(check("Boolean", "on,off", "of"), "of");
    assert_string_equal(check("Boolean", "on,off", "0"), "0");
    assert_string_equal(check("Boolean", "on,off", "o"), "refused");
    assert_string_equal(check("Boolean", "on,off", "2"), "refused");
}

static void integers_keep_to_their_range(void **state)
{
    (void)state;
    assert_string_equal(check("Integer", "-1-100", "-1"), "-1");
    assert_string_equal(check("Integer", "-1-100", "100"), "100");
    assert_string_equal(check("Integer", "-1-100", "101"), "refused");
    assert_string_equal(check("Integer", "-1-100", "-2"), "refused");
    assert_string_equal(check("Integer", "-1-100", "1.5"), "refused");
    assert_string_equal(check("Integer", "-1-100", "8MB"), "refused");
    assert_string_equal(check("Integer", "-1-100", ""), "refused");
    assert_string_equal(check("Integer", "0-511", "0600"), "0600");
    assert_string_equal(check("Integer", "0-511", "0800"), "refused");
    assert_string_equal(check("Integer", "0-9223372036854775807", "99999999999999999999"), "refused");
}

static void numbers_may_have_fractions_but_must_be_numbers(void **state)
{
    (void)state;
    assert_string_equal(check("Numeric", "0-1.79769e+308", "1.5e3"), "1.5e3");
    assert_string_equal(check("Numeric", "0-1.79769e+308", "-0.1"), "refused");
    assert_string_equal(check("Numeric", "0-1.79769e+308", "nan"), "refused");
    assert_string_equal(check("Numeric", "0-1.79769e+308", "inf"), "refused");
}

static void enumerations_are_compared_without_case(void **state)
{
    (void)state;
    assert_string_equal(check("Enumeration", "OFF,REPLICA,LOGICAL", "replica"), "replica");
    assert_string_equal(check("Enumeration", "OFF,REPLICA,LOGICAL", "repl"), "refused");
    assert_string_equal(check("Enumeration", "", "x"), "refused");
}

static void every_element_of_a_set_must_be_allowed(void **state)
{
    (void)state;
    assert_string_equal(check("Set", "a,b,c", "A, c"), "A, c");
    assert_string_equal(check("Set", "a,b,c", ""), "");
    assert_string_equal(check("Set", "a,b,c", "a,d"), "refused");
}

static void texts_have_no_control_characters(void **state)
{
    (void)state;
    assert_string_equal(check("String", ".*", "any 'text'"), "any 'text'");
    assert_string_equal(check("String", ".*", "two\nlines"), "refused");
}

static void lists_of_names_parse_as_in_postgresql(void **state)
{
    static const char *const good[] = {"", "a, b", "\"a,b\" , c", "\"say \"\"x\"\"\""};
    static const char *const bad[] = {"a,", ",a", "a,,b", "\"a", "a b"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_string_equal(check_named("search_path", "String", ".*", good[i]), good[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_string_equal(check_named("search_path", "String", ".*", bad[i]), "refused");
    }
}

static void no_value_is_the_default(void **state)
{
    (void)state;
    assert_string_equal(check("Integer", "1-2", NULL), "default");
}

static void a_read_only_parameter_stays(void **state)
{
    (void)state;
    struct err err = {0};
    char *checked = NULL;
    json_auto_t *configuration = json_pack("{s:s, s:b}", "name", "port", "isReadOnly", true);
    assert_int_equal(configuration_check(configuration, "1", &err, &checked), -1);
    assert_int_equal(err.code, ERR_OPERATION_NOT_ALLOWED);
    assert_null(checked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(booleans_have_many_spellings),
        cmocka_unit_test(integers_keep_to_their_range),
        cmocka_unit_test(numbers_may_have_fractions_but_must_be_numbers),
        cmocka_unit_test(enumerations_are_compared_without_case),
        cmocka_unit_test(every_element_of_a_set_must_be_allowed),
        cmocka_unit_test(texts_have_no_control_characters),
        cmocka_unit_test(lists_of_names_parse_as_in_postgresql),
        cmocka_unit_test(no_value_is_the_default),
        cmocka_unit_test(a_read_only_parameter_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

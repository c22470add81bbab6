/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "handlers/resources/resource_filter_private.h"

static json_t *tags;

/* 1 passes, 0 does not, -1 no filter. */
static int match(const char *filter)
{
    struct err err = {0};
    bool passes = false;
    const struct filter_item item = {.type = "Microsoft.DBforPostgreSQL/servers",
                                     .name = "shop",
                                     .location = "eastus",
                                     .group = "rg",
                                     .tags = tags};
    int result = resource_filter_match(filter, &item, &err, &passes);
    if (result < 0) {
        assert_int_equal(err.code, ERR_BAD_REQUEST);
        return -1;
    }
    return passes ? 1 : 0;
}

static void nothing_lets_everything_pass(void **state)
{
    (void)state;
    assert_int_equal(match(NULL), 1);
    assert_int_equal(match(""), 1);
    assert_int_equal(match("  "), 1);
}

static void compares_fields_without_case(void **state)
{
    (void)state;
    assert_int_equal(match("resourceType eq 'microsoft.dbforpostgresql/SERVERS'"), 1);
    assert_int_equal(match("RESOURCETYPE EQ 'x'"), 0);
    assert_int_equal(match("name ne 'x'"), 1);
    assert_int_equal(match("location eq 'East US'"), 1);
    assert_int_equal(match("resourceGroup eq 'RG'"), 1);
    assert_int_equal(match("name eq 'it''s'"), 0);
}

static void and_binds_closer_than_or(void **state)
{
    (void)state;
    assert_int_equal(match("name eq 'shop' or name eq 'x' and name eq 'y'"), 1);
    assert_int_equal(match("(name eq 'shop' or name eq 'x') and name eq 'y'"), 0);
    assert_int_equal(match("name eq 'x' and name eq 'y' or ( ( name eq 'shop' ) )"), 1);
}

static void a_tag_value_is_that_of_the_tag_before(void **state)
{
    (void)state;
    assert_int_equal(match("tagName eq 'ENV' and tagValue eq 'test'"), 1);
    assert_int_equal(match("tagName eq 'env' and tagValue eq 'blue'"), 0);
    assert_int_equal(match("tagValue eq 'blue'"), 1);
    assert_int_equal(match("startswith(tagName, 'te')"), 1);
    assert_int_equal(match("startswith(tagName, 'x')"), 0);
}

static void finds_parts_and_beginnings(void **state)
{
    (void)state;
    assert_int_equal(match("substringof('HO', name)"), 1);
    assert_int_equal(match("substringof('oh', name)"), 0);
    assert_int_equal(match("substringof('', name)"), 1);
    assert_int_equal(match("startswith(name, 'sh')"), 1);
}

static void tells_what_is_no_filter(void **state)
{
    (void)state;
    static const char *const texts[] = {"name",
                                        "name eq",
                                        "name eq x",
                                        "name eq 'x",
                                        "nme eq 'x'",
                                        "name is 'x'",
                                        "name eq 'x' and",
                                        "name eq 'x' name eq 'y'",
                                        "(name eq 'x'",
                                        "'x'",
                                        "()",
                                        "substringof('x')",
                                        "startswith(name)",
                                        "name eq 'x')"};
    char deep[200];
    char long_text[2000];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(match(texts[i]), -1);
    }
    memset(deep, '(', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    assert_int_equal(match(deep), -1);
    memset(long_text, 'a', sizeof(long_text) - 1);
    memcpy(long_text, "name eq '", 9);
    long_text[sizeof(long_text) - 1] = '\0';
    assert_int_equal(match(long_text), -1);
}

static int set_up(void **state)
{
    (void)state;
    tags = json_pack("{s:s, s:s}", "env", "test", "team", "blue");
    return tags == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(tags);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_lets_everything_pass),
        cmocka_unit_test(compares_fields_without_case),
        cmocka_unit_test(and_binds_closer_than_or),
        cmocka_unit_test(a_tag_value_is_that_of_the_tag_before),
        cmocka_unit_test(finds_parts_and_beginnings),
        cmocka_unit_test(tells_what_is_no_filter),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

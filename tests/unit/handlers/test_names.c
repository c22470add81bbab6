/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "core/attr.h"
#include "handlers/arm/naming/names.h"

static void each_kind_of_name_has_its_own_rule(void **state)
{
    (void)state;
    static const struct {
        enum name_kind kind;
        const char *good, *bad;
    } cases[] = {
        {NAME_GROUP, "a.(b)_c-d", "a."}, {NAME_GROUP, "-", ""},           {NAME_DEPLOYMENT, ".a", "a b"},
        {NAME_SERVER, "a-1", "-ab"},     {NAME_SERVER, "A00", "ab-"},     {NAME_SERVER, "abc", "ab"},
        {NAME_LOGIN, "_a-b", "1a"},      {NAME_DATABASE, "a-b_c", "a.b"}, {NAME_DATABASE, "_", "-"},
        {NAME_RULE, ".-_a", "a/b"},      {NAME_MIGRATION, "1-", "-1"},    {NAME_MIGRATION, "m", "\xC3\xA4"},
    };
    struct err err = {0};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(name_check(cases[i].kind, cases[i].good, &err), 0);
        assert_int_equal(name_check(cases[i].kind, cases[i].bad, &err), -1);
        assert_non_null(strstr(err.message, name_rule(cases[i].kind)));
    }
}

static void names_have_a_greatest_length(void **state)
{
    (void)state;
    static const size_t most[NAME_KIND_COUNT] = {
        [NAME_GROUP] = 90,    [NAME_DEPLOYMENT] = 64, [NAME_SERVER] = 63,    [NAME_LOGIN] = 63,
        [NAME_DATABASE] = 63, [NAME_RULE] = 128,      [NAME_MIGRATION] = 63, [NAME_NETWORK] = 80};
    for (size_t i = 0; i < NAME_KIND_COUNT; i++) {
        char name[200] = "";
        memset(name, 'a', most[i]);
        assert_true(name_is_valid((enum name_kind)i, name));
        name[most[i]] = 'a';
        assert_false(name_is_valid((enum name_kind)i, name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_name_has_its_own_rule),
        cmocka_unit_test(names_have_a_greatest_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "core/attr.h"
#include "engine/catalog/type_holds.h"

static void test_wider_types_hold_and_narrower_do_not(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        const char *source;
        bool holds;
    } cases[] = {
        {"integer", "integer", true},
        {"bigint", "integer", true},
        {"integer", "bigint", false},
        {"numeric", "bigint", true},
        {"numeric(10,2)", "integer", false},
        {"numeric(12,2)", "integer", true},
        {"numeric(10,2)", "numeric", false},
        {"numeric", "numeric(10,2)", true},
        {"numeric(12,4)", "numeric(10,2)", true},
        {"numeric(12,4)", "numeric(10,1)", false},
        {"numeric(10,2)", "numeric(10,3)", false},
        {"numeric(10,2)[]", "numeric[]", false},
        {"numeric[]", "numeric(10,2)[]", true},
        {"numeric", "numeric[]", false},
        {"double precision", "bigint", false},
        {"double precision", "real", true},
        {"real", "double precision", false},
        {"timestamp(0) without time zone", "timestamp without time zone", false},
        {"timestamp without time zone", "timestamp(3) without time zone", true},
        {"timestamp(3) with time zone", "timestamp(3) without time zone", false},
        {"timestamp(6) with time zone", "timestamp with time zone", true},
        {"time(0) without time zone", "time(1) without time zone", false},
        {"interval(0)", "interval", false},
        {"interval", "interval day to second(2)", true},
        {"interval year to month", "interval", false},
        {"character varying(5)", "character varying(10)", false},
        {"character varying(10)", "character varying(5)", true},
        {"character varying(10)", "text", false},
        {"text", "character varying(10)", true},
        {"character varying", "text", true},
        {"character(5)", "character(6)", false},
        {"character(6)", "character(5)", true},
        {"text", "character(5)", true},
        {"character(5)", "character varying(5)", false},
        {"bit(5)", "bit(4)", false},
        {"bit varying(5)", "bit varying(6)", false},
        {"bit varying", "bit(4)", true},
        {"shop.color", "shop.color", true},
        {"shop.color", "shop.shade", false},
        {"geometry", "geometry(Point,4326)", true},
        {"geometry(Point,4326)", "geometry", false},
        {"geometry(Point,4326)", "geometry(Point,3857)", false},
        {"jsonb", "json", false},
        {"\"odd(1)\"", "\"odd(2)\"", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (type_holds(cases[i].target, cases[i].source) != cases[i].holds) {
            fail_msg("%s holds %s: %s", cases[i].target, cases[i].source, cases[i].holds ? "no" : "yes");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wider_types_hold_and_narrower_do_not)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

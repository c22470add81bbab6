/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "handlers/deployments/template/template.h"

static struct err err;

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, 0, &error);
    if (value == NULL) {
        fail_msg("%s: %s", text, error.text);
    }
    return value;
}

static int read_template(struct template *template, const char *source, const char *given)
{
    json_auto_t *scope =
        parse("{\"subscription\":{\"subscriptionId\":\"sub\"},\"resourceGroup\":{\"id\":\"/g\","
              "\"name\":\"rg\",\"location\":\"eastus\"},\"deployment\":{\"name\":\"d\"}}");
    json_auto_t *body = parse(source);
    json_auto_t *parameters = parse(given);
    return template_read(template, body, parameters, scope, &err);
}

/* The value of an expression, as compact JSON in new memory; NULL with err. */
static char *evaluate(const char *expression)
{
    auto_template struct template template = {0};
    auto_free char *source = str_format(
        "{\"resources\":[],\"outputs\":{\"o\":{\"type\":\"object\",\"value\":\"[%s]\"}}}", expression);
    if (read_template(&template, source, "{}") < 0) {
        return NULL;
    }
    json_auto_t *outputs = template_outputs(&template, &err);
    json_t *value = json_object_get(json_object_get(outputs, "o"), "value");
    return value == NULL ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

static void assert_value(const char *expression, const char *expected)
{
    auto_free char *value = evaluate(expression);
    if (value == NULL || strcmp(value, expected) != 0) {
        fail_msg("%s is %s, not %s", expression, value == NULL ? err.message : value, expected);
    }
}

static void functions_give_what_they_should(void **state)
{
    (void)state;
    assert_value("concat('a', 1, true())", "\"a1True\"");
    assert_value("concat(createArray(1), createArray('b'))", "[1,\"b\"]");
    assert_value(" sys.toUpper( 'a' ) ", "\"A\"");
    assert_value("format('{0:D2}{{{1}}}', 3, 'x')", "\"03{x}\"");
    assert_value("createObject('Key', createArray(5, 6)).key[1]", "6");
    assert_value("if(false(), parameters('missing'), 'b')", "\"b\"");
    assert_value("resourceId('N.S/a/b', 'x', 'y')",
                 "\"/subscriptions/sub/resourceGroups/rg/providers/N.S/a/x/b/y\"");
    assert_value("subscriptionResourceId('N.S/a', 'x')", "\"/subscriptions/sub/providers/N.S/a/x\"");
    assert_value("union(createObject('a', createObject('b', 1)), createObject('a', createObject('c', 2)))",
                 "{\"a\":{\"b\":1,\"c\":2}}");
    assert_value("div(json('-9223372036854775808'), -1)", "-9223372036854775808");
    assert_value("skip('hello', 3)", "\"lo\"");
    assert_value("take(createArray(1, 2), 9)", "[1,2]");
    assert_value("equals(uniqueString('a', 'b'), uniqueString('a', 'b'))", "true");
    assert_value("equals(guid('a'), guid('b'))", "false");
}

static void wrong_expressions_are_refused(void **state)
{
    (void)state;
    static const char *const expressions[] = {"",
                                              "nope()",
                                              "concat('a'",
                                              "'a",
                                              "concat",
                                              "add(1)",
                                              "add('a', 1)",
                                              "div(1, 0)",
                                              "1 2",
                                              "createArray(1)[1]",
                                              "a.b.c('x')",
                                              "createArray(,)",
                                              "copyIndex()",
                                              "range(0, -1)",
                                              "substring('a', 0, 2)",
                                              "reference('x')",
                                              "add(9223372036854775807, 1)"};
    for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
        auto_free char *value = evaluate(expressions[i]);
        if (value != NULL) {
            fail_msg("'%s' gives %s", expressions[i], value);
        }
        assert_int_equal(err.code, ERR_INVALID_TEMPLATE);
    }
}

static void deep_nesting_ends_with_an_error(void **state)
{
    (void)state;
    auto_buf struct buf text = BUF_MAX(1 << 20);
    for (int i = 0; i < 50000; i++) {
        buf_adds(&text, "not(");
    }
    auto_free char *value = evaluate(buf_text(&text));
    assert_null(value);
}

static void secure_parameters_are_not_shown(void **state)
{
    (void)state;
    auto_template struct template template = {0};
    assert_int_equal(
        read_template(
            &template,
            "{\"parameters\":{\"a\":{\"type\":\"secureString\"},\"b\":{\"type\":\"int\",\"defaultValue\":3}},"
            "\"resources\":[],\"outputs\":{\"o\":{\"type\":\"securestring\",\"value\":\"[parameters('a')]\"}}"
            "}",
            "{\"A\":{\"value\":\"hunter2\"}}"),
        0);
    json_auto_t *shown = template_shown_parameters(&template);
    json_auto_t *outputs = template_outputs(&template, &err);
    auto_free char *text = json_dumps(shown, JSON_COMPACT);
    auto_free char *output = json_dumps(outputs, JSON_COMPACT);
    assert_string_equal(text, "{\"a\":{\"type\":\"secureString\"},\"b\":{\"type\":\"int\",\"value\":3}}");
    assert_string_equal(output, "{\"o\":{\"type\":\"securestring\"}}");
}

static void loops_children_and_conditions_are_unrolled(void **state)
{
    (void)state;
    auto_template struct template template = {0};
    if (read_template(
            &template,
            "{\"resources\":[{\"type\":\"N.S/a\",\"apiVersion\":\"1\",\"name\":\"[concat('s', "
            "copyIndex(1))]\","
            "\"copy\":{\"name\":\"loop\",\"count\":2},\"properties\":{\"copy\":[{\"name\":\"list\",\"count\":"
            "2,"
            "\"input\":\"[add(copyIndex('list'), mul(10, copyIndex('loop')))]\"}]},"
            "\"resources\":[{\"type\":\"b\",\"apiVersion\":\"1\",\"name\":\"c\",\"condition\":false,"
            "\"dependsOn\":[\"loop\"]}]}]}",
            "{}") < 0) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(template.count, 4);
    assert_string_equal(template.resources[2].id, "/g/providers/N.S/a/s2");
    assert_string_equal(template.resources[3].id, "/g/providers/N.S/a/s2/b/c");
    assert_true(template.resources[3].skipped);
    assert_true(template_is(&template.resources[0], "LOOP"));
    json_auto_t *body = template_body(&template, &template.resources[2], &err);
    auto_free char *text = json_dumps(body, JSON_COMPACT);
    assert_string_equal(text, "{\"properties\":{\"list\":[10,11]}}");
}

static void a_bracket_can_be_escaped(void **state)
{
    (void)state;
    auto_template struct template template = {0};
    assert_int_equal(read_template(&template,
                                   "{\"resources\":[{\"type\":\"N.S/a\",\"apiVersion\":\"1\",\"name\":\"x\","
                                   "\"properties\":{\"a\":\"[[b]\",\"c\":\"[d\"}}]}",
                                   "{}"),
                     0);
    json_auto_t *body = template_body(&template, &template.resources[0], &err);
    auto_free char *text = json_dumps(body, JSON_COMPACT);
    assert_string_equal(text, "{\"properties\":{\"a\":\"[b]\",\"c\":\"[d\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_give_what_they_should),
        cmocka_unit_test(wrong_expressions_are_refused),
        cmocka_unit_test(deep_nesting_ends_with_an_error),
        cmocka_unit_test(secure_parameters_are_not_shown),
        cmocka_unit_test(loops_children_and_conditions_are_unrolled),
        cmocka_unit_test(a_bracket_can_be_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

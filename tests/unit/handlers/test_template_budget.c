/* SPDX-License-Identifier: MIT */
/* Templates that try to cost too much, and secrets that could leak. */
#include "tests/unit/test.h"

#include <string.h>
#include <sys/resource.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"
#include "handlers/deployments/template/template.h"

enum {
    MEMORY_MAX_KIB = 64 * 1024,
    TIME_MAX_MS = 10000
}; /* a generous time limit, for sanitizers and busy machines */

static struct err err;

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, 0, &error);
    if (value == NULL) {
        fail_msg("%.200s: %s", text, error.text);
    }
    return value;
}

static int read_template(struct template *template, json_t *source, const char *given)
{
    json_auto_t *scope =
        parse("{\"subscription\":{\"subscriptionId\":\"sub\"},\"resourceGroup\":{\"id\":\"/g\","
              "\"name\":\"rg\",\"location\":\"eastus\"},\"deployment\":{\"name\":\"d\"}}");
    json_auto_t *parameters = parse(given);
    return template_read(template, source, parameters, scope, &err);
}

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* Parses the template, builds every body and the outputs. Fails the test unless that ends with an error,
 * and cheaply. */
static void assert_too_much(const char *what, json_t *source)
{
    auto_template struct template template = {0};
    long before = peak_kib();
    int64_t began_ms = clock_monotonic_ms();
    bool failed = read_template(&template, source, "{}") < 0;
    for (size_t i = 0; i < template.count && !failed; i++) {
        json_auto_t *body = template_body(&template, &template.resources[i], &err);
        failed = body == NULL;
    }
    json_auto_t *outputs = failed ? NULL : template_outputs(&template, &err);
    if (outputs != NULL) {
        fail_msg("%s is evaluated", what);
    }
    assert_int_equal(err.code, ERR_INVALID_TEMPLATE);
    assert_string_not_equal(err.message, "");
    if (clock_monotonic_ms() - began_ms > patient_ms(TIME_MAX_MS)) {
        fail_msg("%s took %lld ms", what, (long long)(clock_monotonic_ms() - began_ms));
    }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (peak_kib() - before > MEMORY_MAX_KIB) {
        fail_msg("%s took %ld KiB", what, peak_kib() - before);
    }
#else
    (void)before;
#endif
}

/* v40 consists of two v39, v39 of two v38 ... */
static json_t *doubling_template(const char *double_it, const char *use)
{
    json_t *variables = json_object();
    json_object_set_new(variables, "v0", json_string("x"));
    for (int i = 1; i <= 40; i++) {
        auto_free char *name = str_format("v%d", i);
        auto_free char *before = str_format("variables('v%d')", i - 1);
        auto_buf struct buf text = BUF_MAX(4096);
        for (const char *at = double_it; *at != '\0'; at++) {
            if (*at == '#') {
                buf_adds(&text, before);
            } else {
                buf_addc(&text, *at);
            }
        }
        json_object_set_new(variables, name, json_string(buf_text(&text)));
    }
    return json_pack("{s:o, s:[], s:{s:{s:s, s:s}}}", "variables", variables, "resources", "outputs", "o",
                     "type", "string", "value", use);
}

static void values_that_double_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *double_it;
        const char *use;
    } rows[] = {
        {"[createArray(#, #)]", "[string(variables('v40'))]"},
        {"[createArray(#, #)]", "[equals(variables('v40'), variables('v39'))]"},
        {"[createArray(#, #)]", "[union(variables('v40'), variables('v40'))]"},
        {"[createArray(#, #)]", "[contains(variables('v40'), 1)]"},
        {"[createArray(#, #)]", "[variables('v40')]"},
        {"[createObject('a', #, 'b', #)]", "[string(variables('v40'))]"},
        {"[concat(#, #)]", "[length(variables('v40'))]"},
        {"[format('{0}{0}', #)]", "[variables('v40')]"},
        {"[replace(concat(#, 'x'), 'x', #)]", "[variables('v40')]"},
        {"[join(createArray(#, #), ',')]", "[variables('v40')]"},
        {"[concat(array(#), array(#))]", "[variables('v40')]"},
        {"[union(createObject(uniqueString(string(#)), #), createObject('b', #))]", "[variables('v40')]"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_auto_t *source = doubling_template(rows[i].double_it, rows[i].use);
        assert_too_much(rows[i].double_it, source);
    }
}

static void loops_that_multiply_are_refused(void **state)
{
    (void)state;
    json_auto_t *nested =
        parse("{\"resources\":[{\"type\":\"N.S/"
              "a\",\"apiVersion\":\"1\",\"name\":\"x\",\"properties\":{\"copy\":[{\"name\":\"a\","
              "\"count\":800,\"input\":{\"copy\":[{\"name\":\"b\",\"count\":800,\"input\":{\"copy\":[{"
              "\"name\":\"c\",\"count\":800,"
              "\"input\":\"x\"}]}}]}}]}}]}");
    assert_too_much("nested loops", nested);
    json_auto_t *outputs =
        parse("{\"variables\":{\"r\":\"[range(0, 10000)]\"},\"resources\":[],\"outputs\":{}}");
    for (int i = 0; i < 1000; i++) {
        auto_free char *name = str_format("o%d", i);
        json_object_set_new(json_object_get(outputs, "outputs"), name,
                            json_pack("{s:s, s:s}", "type", "array", "value", "[variables('r')]"));
    }
    assert_too_much("a thousand outputs", outputs);
    json_auto_t *pieces = parse("{\"variables\":{\"s\":\"[padLeft('', 10000, "
                                "',')]\"},\"resources\":[],\"outputs\":{\"o\":{\"type\":\"array\","
                                "\"value\":{\"copy\":[{\"name\":\"x\",\"count\":800,\"input\":\"[split("
                                "variables('s'), ',')]\"}]}}}}");
    assert_too_much("pieces", pieces);
    json_auto_t *widths = parse("{\"resources\":[],\"outputs\":{\"o\":{\"type\":\"string\",\"value\":"
                                "\"[format('{0:D18446744073709551615}', 1)]\"}}}");
    assert_too_much("a wide number", widths);
}

static void recursive_variables_are_refused(void **state)
{
    (void)state;
    json_auto_t *source = parse("{\"variables\":{\"a\":\"[createArray(variables('b'), variables('b'))]\","
                                "\"b\":\"[createArray(variables('a'), variables('a'))]\"},\"resources\":[],"
                                "\"outputs\":{\"o\":{\"type\":\"array\",\"value\":\"[variables('a')]\"}}}");
    assert_too_much("a circle of variables", source);
}

static void odd_templates_have_a_message(void **state)
{
    (void)state;
    static const char *const resources[] = {
        "{\"type\":\"N.S/a\",\"apiVersion\":\"1\",\"name\":\"x\",\"dependsOn\":\"True\"}",
        "{\"type\":\"N.S/a\",\"apiVersion\":\"1\",\"name\":\"x\",\"dependsOn\":{}}",
        "{\"type\":\"N.S/a\",\"apiVersion\":\"1\",\"name\":\"[padLeft('x', 5000, 'y')]\"}",
        "{\"type\":\"N.S/a\",\"apiVersion\":\"1\",\"name\":\"x\",\"condition\":\"yes\"}",
        "{\"type\":\"N.S/a\",\"apiVersion\":1,\"name\":\"x\"}",
        "{\"type\":\"a\",\"apiVersion\":\"1\",\"name\":\"x/y/z\"}",
        "{\"type\":\"N.S/a\",\"apiVersion\":\"1\",\"name\":\"x\",\"copy\":{\"name\":\"c\",\"count\":-1}}",
        "{\"type\":\"N.S/a\",\"apiVersion\":\"1\",\"name\":\"x\",\"copy\":{\"name\":\"c\",\"count\":801}}",
        "7",
    };
    for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
        auto_template struct template template = {0};
        auto_free char *text = str_format("{\"resources\":[%s]}", resources[i]);
        json_auto_t *source = parse(text);
        err = (struct err){0};
        if (read_template(&template, source, "{}") == 0) {
            fail_msg("%s is read", resources[i]);
        }
        assert_int_equal(err.code, ERR_INVALID_TEMPLATE);
        assert_true(strlen(err.message) > 40);
    }
}

/* Without the value "hunter2" anywhere, in any case or in pieces. */
static void assert_hidden(const char *source_text, const char *given)
{
    auto_template struct template template = {0};
    json_auto_t *source = parse(source_text);
    if (read_template(&template, source, given) < 0) {
        fail_msg("%s", err.message);
    }
    json_auto_t *shown = template_shown_parameters(&template);
    json_auto_t *outputs = template_outputs(&template, &err);
    auto_free char *text = json_dumps(shown, JSON_COMPACT);
    auto_free char *output = outputs == NULL ? str_dup(err.message) : json_dumps(outputs, JSON_COMPACT);
    if (strcasestr(text, "hunt") != NULL || strcasestr(output, "hunt") != NULL) {
        fail_msg("%s\nshows %s\n%s", source_text, text, output);
    }
}

#define SECRET(outputs)                                                                                      \
    "{\"parameters\":{\"pw\":{\"type\":\"secureString\"},\"made\":{\"type\":\"string\",\"defaultValue\":"    \
    "\"[concat(parameters('pw'), "                                                                           \
    "'x')]\"}},\"variables\":{\"v\":\"[toUpper(parameters('PW'))]\",\"w\":\"[substring("                     \
    "variables('v'), 0, 4)]\"},\"resources\":[],\"outputs\":{\"o\":{\"type\":\"string\",\"value\":" outputs  \
    "}}}"

static void what_is_made_of_secrets_is_not_shown(void **state)
{
    (void)state;
    static const char given[] = "{\"pw\":{\"value\":\"hunter2\"}}";
    assert_hidden(SECRET("\"[parameters('pw')]\""), given);
    assert_hidden(SECRET("\"[concat('postgres://u:', parameters('Pw'), '@h')]\""), given);
    assert_hidden(SECRET("\"[variables('v')]\""), given);
    assert_hidden(SECRET("\"[variables('W')]\""), given);
    assert_hidden(SECRET("\"[parameters('made')]\""), given);
    assert_hidden(SECRET("{\"a\":[{\"b\":\"[substring(parameters('pw'), 0, 4)]\"}]}"), given);
    assert_hidden(SECRET("\"[json(parameters('pw'))]\""), given);
    assert_hidden(SECRET("\"[createObject('a', 1)[parameters('pw')]]\""), given);
    assert_hidden(SECRET("\"[if(equals(parameters('pw'), 'x'), 'a', toLower(parameters('pw')))]\""), given);
}

#define PLAIN(properties)                                                                                    \
    "{\"parameters\":{\"pw\":{\"type\":\"string\"},\"o\":{\"type\":\"object\",\"defaultValue\":{}}},"        \
    "\"variables\":{\"v\":"                                                                                  \
    "\"[parameters('pw')]\"},\"resources\":[{\"type\":\"N.S/"                                                \
    "a\",\"apiVersion\":\"1\",\"name\":\"x\",\"properties\":{" properties                                    \
    "}}],\"outputs\":{\"o\":{\"type\":\"string\",\"value\":\"[toUpper(parameters('pw'))]\"}}}"

static void a_plain_string_that_reaches_a_password_is_a_secret(void **state)
{
    (void)state;
    static const char given[] = "{\"pw\":{\"value\":\"hunter2\"}}";
    assert_hidden(PLAIN("\"administratorLoginPassword\":\"[parameters('pw')]\""), given);
    assert_hidden(
        PLAIN("\"secretParameters\":{\"adminCredentials\":{\"sourceServer\":\"[variables('v')]\"}}"), given);
    assert_hidden(PLAIN("\"password\":\"[concat(reference('y').z, parameters('pw'))]\""), given);
    assert_hidden(PLAIN("\"password\":\"[concat(reference('y').z, variables('v'))]\""), given);
    assert_hidden(PLAIN("\"list\":[{\"appSecret\":\"[parameters('pw')]\"}]"), given);
}

static void a_nested_template_passes_secrets_on(void **state)
{
    (void)state;
    assert_hidden(
        "{\"parameters\":{\"pw\":{\"type\":\"string\"}},\"resources\":[{\"type\":\"Microsoft.Resources/"
        "deployments\",\"apiVersion\":\"1\",\"name\":\"x\",\"properties\":{\"expressionEvaluationOptions\":{"
        "\"scope\":\"inner\"},\"parameters\":{\"given\":{\"value\":\"[parameters('pw')]\"}},\"template\":{"
        "\"parameters\":{\"given\":{\"type\":\"string\"}},\"resources\":[{\"type\":\"N.S/a\",\"apiVersion\":"
        "\"1\",\"name\":\"y\",\"properties\":{\"administratorLoginPassword\":\"[parameters('given')]\"}}]}}}]"
        ","
        "\"outputs\":{}}",
        "{\"pw\":{\"value\":\"hunter2\"}}");
}

static void a_name_made_of_a_secret_is_refused(void **state)
{
    (void)state;
    auto_template struct template template = {0};
    json_auto_t *source =
        parse("{\"parameters\":{\"pw\":{\"type\":\"secureString\"}},\"resources\":[{\"type\":\"N.S/a\","
              "\"apiVersion\":\"1\",\"name\":\"[parameters('pw')]\"}]}");
    assert_int_equal(read_template(&template, source, "{\"pw\":{\"value\":\"hunter2\"}}"), -1);
    assert_null(strstr(err.message, "hunter"));
}

static json_t *value_of(const char *expression)
{
    auto_template struct template template = {0};
    json_auto_t *source = json_pack("{s:[], s:{s:{s:s, s:s}}}", "resources", "outputs", "o", "type", "object",
                                    "value", expression);
    if (read_template(&template, source, "{}") < 0) {
        return NULL;
    }
    json_auto_t *outputs = template_outputs(&template, &err);
    return json_incref(json_object_get(json_object_get(outputs, "o"), "value"));
}

static void assert_text(const char *expression, const char *expected)
{
    json_auto_t *value = value_of(expression);
    auto_free char *text = value == NULL ? str_dup(err.message) : template_text(value);
    if (text == NULL || strcmp(text, expected) != 0) {
        fail_msg("%s gives %s", expression, text == NULL ? "nothing" : text);
    }
}

static void strings_have_characters(void **state)
{
    (void)state;
    assert_text("[length('üü€')]", "3");
    assert_text("[substring('üü', 1, 1)]", "ü");
    assert_text("[substring('aü€b', 2)]", "€b");
    assert_text("[take('ü€', 1)]", "ü");
    assert_text("[skip('ü€', 1)]", "€");
    assert_text("[last('a€')]", "€");
    assert_text("[indexOf('ü€b', 'b')]", "2");
    assert_text("[padLeft('ü', 3, '€')]", "€€ü");
    json_auto_t *value = value_of("[substring('üü', 1, 2)]");
    assert_null(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_that_double_are_refused),
        cmocka_unit_test(loops_that_multiply_are_refused),
        cmocka_unit_test(recursive_variables_are_refused),
        cmocka_unit_test(odd_templates_have_a_message),
        cmocka_unit_test(what_is_made_of_secrets_is_not_shown),
        cmocka_unit_test(a_plain_string_that_reaches_a_password_is_a_secret),
        cmocka_unit_test(a_nested_template_passes_secrets_on),
        cmocka_unit_test(a_name_made_of_a_secret_is_refused),
        cmocka_unit_test(strings_have_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Options: flags, environment, defaults, and rejected values. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/options/options.h"

static struct options options;
static struct err err;

static int parse(char *first, char *second)
{
    char *argv[] = {first, second};
    options_done(&options);
    return options_parse(&options, second != NULL ? 2 : first != NULL ? 1 : 0, argv, &err);
}

static char *text(const char *constant)
{
    static char copies[4][80];
    static unsigned next;
    char *copy = copies[next++ % 4];
    snprintf(copy, sizeof(copies[0]), "%s", constant);
    return copy;
}

static void assert_refused(const char *first, const char *second, const char *part)
{
    assert_int_equal(parse(text(first), second == NULL ? NULL : text(second)), -1);
    if (strstr(err.message, part) == NULL) {
        fail_msg("'%s' is not in: %s", part, err.message);
    }
}

static int set_up(void **state)
{
    (void)state;
    setenv("XDG_STATE_HOME", "/state", 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    options_done(&options);
    unsetenv("MALACHITE_HTTP_PORT");
    unsetenv("MALACHITE_STRICT_API_VERSION");
    return 0;
}

static void defaults_are_valid(void **state)
{
    (void)state;
    assert_int_equal(parse(NULL, NULL), 0);
    assert_int_equal(options.http_port, 8080);
    assert_string_equal(options.listen, "127.0.0.1,::1");
    assert_string_equal(options.data_dir, "/state/malachite");
    assert_false(options.strict_api_version);
}

static void a_flag_wins_over_the_environment(void **state)
{
    (void)state;
    setenv("MALACHITE_HTTP_PORT", "9000", 1);
    assert_int_equal(parse(NULL, NULL), 0);
    assert_int_equal(options.http_port, 9000);
    assert_int_equal(parse(text("--http-port"), text("9001")), 0);
    assert_int_equal(options.http_port, 9001);
    assert_int_equal(parse(text("--http-port=9002"), NULL), 0);
    assert_int_equal(options.http_port, 9002);
    setenv("MALACHITE_HTTP_PORT", "", 1);
    assert_int_equal(parse(NULL, NULL), 0);
    assert_int_equal(options.http_port, 8080);
}

static void a_switch_can_be_turned_on_and_off(void **state)
{
    (void)state;
    setenv("MALACHITE_STRICT_API_VERSION", "TRUE", 1);
    assert_int_equal(parse(NULL, NULL), 0);
    assert_true(options.strict_api_version);
    assert_int_equal(parse(text("--strict-api-version=no"), text("--strict-prerequisites")), 0);
    assert_false(options.strict_api_version);
    assert_true(options.strict_prerequisites);
}

static void what_makes_no_sense_is_refused_by_name(void **state)
{
    (void)state;
    assert_refused("--http-port", "70000", "--http-port: '70000'");
    assert_refused("--http-port", NULL, "needs a value");
    assert_refused("--http-port=", NULL, "--http-port: ''");
    assert_refused("--nonsense=secret", NULL, "unknown option '--nonsense'");
    assert_refused("--", NULL, "unknown option");
    assert_refused("-p", NULL, "unknown option '-p'");
    assert_refused("word", NULL, "unknown option 'word'");
    assert_refused("--strict-api-version=maybe", NULL, "neither true nor false");
    assert_refused("--log-level", "loud", "--log-level");
    assert_refused("--log-format", "xml", "--log-format");
    assert_refused("--tenant-id", "x", "--tenant-id (MALACHITE_TENANT_ID): 'x' is not a UUID");
    setenv("MALACHITE_HTTP_PORT", "x", 1);
    assert_int_equal(parse(NULL, NULL), -1);
    assert_non_null(strstr(err.message, "MALACHITE_HTTP_PORT"));
}

static void a_relative_data_directory_becomes_absolute(void **state)
{
    (void)state;
    assert_int_equal(chdir("/tmp"), 0);
    assert_int_equal(parse(text("--data-dir"), text("here")), 0);
    assert_string_equal(options.data_dir, "/tmp/here");
    assert_int_equal(parse(text("--data-dir=/there"), NULL), 0);
    assert_string_equal(options.data_dir, "/there");
}

static void every_option_is_in_the_help_and_in_the_table(void **state)
{
    (void)state;
    char *help = NULL;
    char *table = NULL;
    size_t help_len = 0;
    size_t table_len = 0;
    FILE *help_file = open_memstream(&help, &help_len);
    FILE *table_file = open_memstream(&table, &table_len);
    option_table_print_help(&options_table, help_file);
    option_table_print_markdown(&options_table, table_file);
    fclose(help_file);
    fclose(table_file);
#define ASSERT_LISTED(field, flag, ...)                                                                      \
    assert_non_null(strstr(help, "  --" flag));                                                              \
    assert_non_null(strstr(table, "| `--" flag));
    OPTION_LIST(ASSERT_LISTED, ASSERT_LISTED, ASSERT_LISTED, ASSERT_LISTED)
#undef ASSERT_LISTED
    assert_non_null(strstr(table, "`MALACHITE_MAX_ACTIVE_PER_TARGET`"));
    free(help);
    free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_are_valid, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flag_wins_over_the_environment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_switch_can_be_turned_on_and_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_makes_no_sense_is_refused_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_relative_data_directory_becomes_absolute, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_option_is_in_the_help_and_in_the_table, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("core_options", tests, NULL, NULL);
}

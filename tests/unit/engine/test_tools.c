/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/str.h"
#include "engine/instance/instance_tree.h"
#include "engine/process/tools.h"

static char root[] = "/tmp/test_tools_XXXXXX";

/* Creates root/dir with its parents. */
static void make_dir(const char *dir)
{
    auto_free char *path = str_format("%s/%s", root, dir);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    mkdir(path, 0755);
}

static void make_program(const char *dir, const char *name, const char *content)
{
    make_dir(dir);
    auto_free char *path = str_format("%s/%s/%s", root, dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    chmod(path, 0755);
}

static void make_server(const char *bin, const char *content)
{
    make_program(bin, "postgres", content);
    make_program(bin, "initdb", content);
}

static void make_client(const char *bin, const char *content)
{
    make_program(bin, "pg_dump", content);
    make_program(bin, "pg_restore", content);
}

/* Searches root/dir; no real installation has majors from 90. */
static struct tools find_in(const char *dir)
{
    auto_free char *path = str_format("%s/%s", root, dir);
    struct tools tools = {0};
    struct err err = {0};
    assert_int_equal(tools_find(path, &err, &tools), 0);
    return tools;
}

static void finds_majors_by_directory_name(void **state)
{
    (void)state;
    make_server("many/91/bin", "");
    make_server("many/93/bin", "");
    make_client("many/93/client/bin", "");
    make_client("many/95/bin", "");
    struct tools tools = find_in("many");
    assert_non_null(tools_server(&tools, 91));
    assert_non_null(tools_server(&tools, 93));
    assert_null(tools_server(&tools, 95));
    assert_null(tools_server(&tools, 91)->client_bin);
    assert_int_equal(tools_client(&tools, 91)->major, 93);
    assert_int_equal(tools_client(&tools, 94)->major, 95);
    assert_null(tools_client(&tools, 96));
    assert_non_null(strstr(tools_client(&tools, 91)->client_bin, "/many/93/client/bin"));
    for (size_t i = 1; i < tools.count; i++) {
        assert_true(tools.majors[i - 1].major < tools.majors[i].major);
    }
    tools_done(&tools);
}

static void reads_the_version_inside_a_program(void **state)
{
    (void)state;
    make_server("plain/bin", "xx\npostgres (PostgreSQL) 92.4 (Debian)\nyy");
    struct tools tools = find_in("plain");
    assert_non_null(tools_server(&tools, 92));
    tools_done(&tools);
    tools = find_in("plain/bin");
    assert_non_null(tools_server(&tools, 92));
    tools_done(&tools);
}

static void an_explicit_directory_wins(void **state)
{
    (void)state;
    make_server("first/90/bin", "");
    make_server("second/90/bin", "");
    auto_free char *dirs = str_format("%s/first:%s/second", root, root);
    struct tools tools = {0};
    struct err err = {0};
    assert_int_equal(tools_find(dirs, &err, &tools), 0);
    assert_non_null(strstr(tools_server(&tools, 90)->server_bin, "/first/90/bin"));
    tools_done(&tools);
}

static void finds_the_cache_of_the_environment(void **state)
{
    (void)state;
    make_server("xdg/malachite/postgresql/96/bin", "");
    auto_free char *xdg = str_format("%s/xdg", root);
    setenv("XDG_CACHE_HOME", xdg, 1);
    struct tools tools = {0};
    struct err err = {0};
    assert_int_equal(tools_find("", &err, &tools), 0);
    assert_non_null(tools_server(&tools, 96));
    tools_done(&tools);
    unsetenv("XDG_CACHE_HOME");
}

static void refuses_a_directory_without_postgresql(void **state)
{
    (void)state;
    make_dir("empty");
    make_program("half/bin", "postgres", "postgres (PostgreSQL) 92.4"); /* initdb is missing */
    static const char *const dirs[] = {"empty", "half", "missing"};
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
        auto_free char *path = str_format("%s/%s", root, dirs[i]);
        struct tools tools = {0};
        struct err err = {0};
        assert_int_equal(tools_find(path, &err, &tools), -1);
        assert_non_null(strstr(err.message, path));
        assert_int_equal(tools.count, 0);
    }
}

static void describes_the_servers(void **state)
{
    (void)state;
    struct tools tools = {
        .count = 3,
        .majors = {{.major = 12, .server_bin = root}, {.major = 13}, {.major = 16, .server_bin = root}}};
    char text[64];
    tools_describe_servers(&tools, text, sizeof(text));
    assert_string_equal(text, "12, 16");
    tools_describe_servers(&tools, text, 4);
    assert_string_equal(text, "12,");
    tools.count = 0;
    tools_describe_servers(&tools, text, sizeof(text));
    assert_string_equal(text, "none");
}

static void advises_a_client_that_can_be_got_and_reads_the_source(void **state)
{
    (void)state;
    static const struct {
        int source;
        const char *advice;
    } cases[] = {{10, "postgresql-client-15"},   {15, "postgresql-client-15"},
                 {16, "make pgclient MAJOR=17"}, {17, "make pgclient MAJOR=17"},
                 {18, "make pgclient MAJOR=18"}, {19, "--postgres-dir"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[TOOLS_ADVICE_SIZE];
        tools_client_advice(cases[i].source, text, sizeof(text));
        assert_non_null(strstr(text, cases[i].advice));
    }
}

static int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) == NULL ? -1 : 0;
}

static int remove_root(void **state)
{
    (void)state;
    struct err err = {0};
    return tree_remove(root, &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_majors_by_directory_name),
        cmocka_unit_test(reads_the_version_inside_a_program),
        cmocka_unit_test(an_explicit_directory_wins),
        cmocka_unit_test(finds_the_cache_of_the_environment),
        cmocka_unit_test(refuses_a_directory_without_postgresql),
        cmocka_unit_test(describes_the_servers),
        cmocka_unit_test(advises_a_client_that_can_be_got_and_reads_the_source),
    };
    return cmocka_run_group_tests_name("tools", tests, make_root, remove_root);
}

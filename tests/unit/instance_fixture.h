/* SPDX-License-Identifier: MIT */
/* Shared by the tests of instances: a host below /tmp, and queries to its servers as a client. */
#ifndef TESTS_UNIT_INSTANCE_FIXTURE_H
#define TESTS_UNIT_INSTANCE_FIXTURE_H

#include "tests/unit/test.h"

#include <dirent.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "engine/instance/instance.h"
#include "engine/instance/instance_tree.h"
#include "engine/process/tools.h"

static const char password[] = "Gr\xC3\xBCn-'spat\" \\ 1$";

static char root[] = "/tmp/mi_XXXXXX";
static struct tools tools;
static struct instance_host host;
static int major = 15;
static char address[32];

static struct instance_spec spec_of(const char *name, int port)
{
    return (struct instance_spec){.name = name,
                                  .major = major,
                                  .administrator = "Mala \"Chite\"",
                                  .password = password,
                                  .address = address,
                                  .port = port};
}

/* Fails the test with the error's text. */
static void succeeds(int result, const struct err *err)
{
    if (result != 0) {
        print_error("%s\n", err->message);
    }
    assert_int_equal(result, 0);
}

/* One value, or the error's text in new memory. */
static char *ask(const char *connection_host, int port, const char *user, const char *with_password,
                 const char *sql)
{
    auto_free char *port_text = str_format("%d", port);
    const char *const keywords[] = {"host", "port", "user", "password", "dbname", "connect_timeout", NULL};
    const char *const values[] = {connection_host, port_text, user, with_password, "postgres", "10", NULL};
    PGconn *connection = PQconnectdbParams(keywords, values, 0);
    if (PQstatus(connection) != CONNECTION_OK) {
        char *reason = str_dup(PQerrorMessage(connection));
        PQfinish(connection);
        return reason;
    }
    PGresult *result = PQexec(connection, sql);
    bool has_value = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    char *answer = str_dup(has_value                                    ? PQgetvalue(result, 0, 0)
                           : PQresultStatus(result) == PGRES_COMMAND_OK ? PQcmdStatus(result)
                                                                        : PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
    return answer;
}

static void answers_with(const struct instance_spec *spec, const char *sql, const char *expected)
{
    auto_free char *answer = ask(spec->address, spec->port, spec->administrator, spec->password, sql);
    assert_string_equal(answer, expected);
}

static int set_up(void **state)
{
    (void)state;
    struct err err = {0};
    snprintf(address, sizeof(address), "127.73.%d.%d", (getpid() >> 8) & 255, getpid() % 254 + 1);
    if (mkdtemp(root) == NULL || instance_host_init(root, "postgres", &tools, &err, &host) != 0) {
        print_error("%s\n", err.message);
        return -1;
    }
    return 0;
}

/* Instances of a failed test must not keep running. */
static void delete_all_instances(void)
{
    auto_free char *path = str_format("%s/instances", root);
    DIR *dir = opendir(path);
    struct err err = {0};
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] != '.') {
            succeeds(instance_delete(&host, entry->d_name, &err), &err);
        }
    }
    closedir(dir);
}

static int tear_down(void **state)
{
    (void)state;
    struct err err = {0};
    delete_all_instances();
    instance_host_done(&host);
    tools_done(&tools);
    return tree_remove(root, &err);
}

static void skip_without_postgresql(void **state)
{
    (void)state;
    print_message("PostgreSQL %d is not on this machine\n", major);
    skip();
}

/* Runs a group on Debian's PostgreSQL 15, or the major in MALACHITE_TEST_MAJOR. */
static int run_on_postgresql(const char *name, const struct CMUnitTest *tests, size_t count)
{
    const struct CMUnitTest skipped = cmocka_unit_test(skip_without_postgresql);
    const char *wanted = getenv("MALACHITE_TEST_MAJOR");
    struct err err = {0};
    int64_t number = 0;
    if (wanted != NULL && str_to_int(wanted, 1, 99, &number)) {
        major = (int)number;
    }
    if (tools_find(NULL, &err, &tools) != 0 || tools_server(&tools, major) == NULL) {
        return _cmocka_run_group_tests(name, &skipped, 1, NULL, NULL);
    }
    return _cmocka_run_group_tests(name, tests, count, set_up, tear_down);
}

#endif

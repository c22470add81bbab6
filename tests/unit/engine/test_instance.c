/* SPDX-License-Identifier: MIT */
/* On real PostgreSQL: Debian's 15, or the major in MALACHITE_TEST_MAJOR. */
#include "tests/unit/instance_fixture.h"

#include <pthread.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "engine/instance/instance_private.h"
#include "engine/process/child.h"

/* Whether a file of the instance contains the text. */
static bool is_written(const char *name, const char *text)
{
    auto_free char *path = str_format("%s/instances/%s", root, name);
    const char *const argv[] = {"/bin/grep", "-raqF", text, path, NULL};
    struct child child = {.argv = argv};
    struct err err = {0};
    int status = -1;
    succeeds(child_run(&child, NULL, NULL, &err, &status), &err);
    return status == 0;
}

static void lives_its_whole_life(void **state)
{
    (void)state;
    struct instance_spec spec = spec_of("life", 5432);
    struct err err = {0};
    int64_t started_ms = clock_monotonic_ms();
    succeeds(instance_create(&host, &spec, NULL, &err), &err);
    print_message("first of major %d: %lld ms\n", major, (long long)(clock_monotonic_ms() - started_ms));
    assert_true(instance_is_running(&host, "life"));
    answers_with(&spec, "create table kept as select 42 as answer", "SELECT 1");

    succeeds(instance_stop(&host, "life", 10000, &err), &err);
    assert_false(instance_is_running(&host, "life"));
    succeeds(instance_stop(&host, "life", 10000, &err), &err);
    succeeds(instance_start(&host, &spec, NULL, &err), &err);
    answers_with(&spec, "select answer from kept", "42");

    struct postmaster before = {0};
    struct postmaster after = {0};
    auto_free char *dir = str_format("%s/instances/life", host.root);
    assert_true(postmaster_find(dir, &before));
    succeeds(instance_start(&host, &spec, NULL, &err), &err);
    assert_true(postmaster_find(dir, &after));
    assert_int_equal(before.pid, after.pid);

    spec.port = 5433;
    succeeds(instance_start(&host, &spec, NULL, &err), &err);
    answers_with(&spec, "select answer from kept", "42");
    assert_false(is_written("life", password));

    succeeds(instance_delete(&host, "life", &err), &err);
    assert_int_equal(access(dir, F_OK), -1);
    assert_false(instance_is_running(&host, "life"));
    succeeds(instance_delete(&host, "life", &err), &err);
}

static void gives_the_administrator_what_the_service_gives(void **state)
{
    (void)state;
    struct instance_spec spec = spec_of("admin", 5432);
    struct err err = {0};
    succeeds(instance_create(&host, &spec, NULL, &err), &err);
    answers_with(&spec,
                 "select concat_ws(' ', rolsuper, rolcanlogin, rolcreatedb, rolcreaterole, rolreplication,"
                 " pg_has_role('azure_pg_admin', 'member')) from pg_roles where rolname = current_user",
                 "f t t t t t");
    answers_with(&spec, "create role other login password 'x' in role azure_pg_admin", "CREATE ROLE");
    answers_with(&spec, "create database shop", "CREATE DATABASE");
    answers_with(&spec, "create table public.here (id int)", "CREATE TABLE");
    if (major >= 13) {
        answers_with(&spec, "create extension hstore", "CREATE EXTENSION");
    }
    if (major >= 15) {
        answers_with(&spec, "set session_replication_role = replica", "SET");
    }
    answers_with(&spec, "show fsync", "on");
    answers_with(&spec, "show wal_level", "logical");
    answers_with(&spec, "show server_encoding", "UTF8");
    answers_with(&spec, "show cluster_name", "admin");

    auto_free char *wrong = ask(address, 5432, spec.administrator, "wrong", "select 1");
    assert_non_null(strstr(wrong, "password authentication failed"));
    auto_free char *superuser = ask(address, 5432, INSTANCE_SUPERUSER, "x", "select 1");
    assert_non_null(strstr(superuser, "pg_hba.conf rejects"));

    auto_endpoint struct endpoint endpoint = {0};
    succeeds(instance_superuser_endpoint(&host, &spec, "server 'admin'", &err, &endpoint), &err);
    auto_free char *over_socket = ask(endpoint.host, endpoint.port, endpoint.user, NULL, "show is_superuser");
    assert_string_equal(over_socket, "on");
    auto_free char *not_azuresu = ask(endpoint.host, 5432, spec.administrator, password, "select 1");
    assert_non_null(strstr(not_azuresu, "pg_hba.conf rejects"));
    struct stat info;
    assert_int_equal(stat(endpoint.host, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    succeeds(instance_delete(&host, "admin", &err), &err);
}

struct creation {
    char name[16];
    int port;
    int result;
    struct err err;
};

static void *create_one(void *argument)
{
    struct creation *creation = argument;
    struct instance_spec spec = spec_of(creation->name, creation->port);
    creation->result = instance_create(&host, &spec, NULL, &creation->err);
    return NULL;
}

static void several_threads_share_one_template(void **state)
{
    (void)state;
    struct err err = {0};
    auto_free char *templates = str_format("%s/templates", host.root);
    succeeds(tree_remove(templates, &err), &err);
    succeeds(tree_make_dir(templates, 0711, NULL, &err), &err);
    struct creation creations[4] = {0};
    pthread_t threads[ARRAY_LEN(creations)];
    for (size_t i = 0; i < ARRAY_LEN(creations); i++) {
        snprintf(creations[i].name, sizeof(creations[i].name), "at-once-%zu", i);
        creations[i].port = 5500 + (int)i;
        assert_int_equal(pthread_create(&threads[i], NULL, create_one, &creations[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(creations); i++) {
        pthread_join(threads[i], NULL);
        succeeds(creations[i].result, &creations[i].err);
        struct instance_spec spec = spec_of(creations[i].name, creations[i].port);
        answers_with(&spec, "select 1", "1");
    }
    for (size_t i = 0; i < ARRAY_LEN(creations); i++) {
        succeeds(instance_delete(&host, creations[i].name, &err), &err);
    }
}

static void clones_quickly(void **state)
{
    (void)state;
    struct err err = {0};
    for (int i = 0; i < 3; i++) {
        struct instance_spec spec = spec_of("quick", 5432);
        int64_t started_ms = clock_monotonic_ms();
        succeeds(instance_create(&host, &spec, NULL, &err), &err);
        int64_t created_ms = clock_monotonic_ms();
        succeeds(instance_stop(&host, "quick", 10000, &err), &err);
        int64_t stopped_ms = clock_monotonic_ms();
        succeeds(instance_start(&host, &spec, NULL, &err), &err);
        int64_t again_ms = clock_monotonic_ms();
        succeeds(instance_delete(&host, "quick", &err), &err);
        print_message("cloned in %lld ms, stopped in %lld, started in %lld, deleted in %lld\n",
                      (long long)(created_ms - started_ms), (long long)(stopped_ms - created_ms),
                      (long long)(again_ms - stopped_ms), (long long)(clock_monotonic_ms() - again_ms));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lives_its_whole_life),
        cmocka_unit_test(clones_quickly),
        cmocka_unit_test(gives_the_administrator_what_the_service_gives),
        cmocka_unit_test(several_threads_share_one_template),
    };
    return run_on_postgresql("instance", tests, ARRAY_LEN(tests));
}

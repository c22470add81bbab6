/* SPDX-License-Identifier: MIT */
/* Failures of instances, on real PostgreSQL. */
#include "tests/unit/instance_fixture.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "core/fd.h"
#include "engine/instance/instance_private.h"
#include "engine/process/child.h"

static void replaces_what_an_interrupted_creation_left(void **state)
{
    (void)state;
    struct instance_spec spec = spec_of("again", 5432);
    struct err err = {0};
    pid_t pid = fork();
    if (pid == 0) {
        instance_create(&host, &spec, NULL, &err);
        _exit(0);
    }
    clock_sleep_ms(70);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    int64_t started_ms = clock_monotonic_ms();
    succeeds(instance_create(&host, &spec, NULL, &err), &err);
    print_message("over the remains of another: %lld ms\n", (long long)(clock_monotonic_ms() - started_ms));
    answers_with(&spec, "select 1", "1");
    succeeds(instance_create(&host, &spec, NULL, &err), &err); /* also over a running one */
    answers_with(&spec, "select 1", "1");
    succeeds(instance_delete(&host, "again", &err), &err);
}

static void starts_after_the_server_was_killed(void **state)
{
    (void)state;
    struct instance_spec spec = spec_of("killed", 5432);
    struct err err = {0};
    struct postmaster postmaster = {0};
    auto_free char *dir = str_format("%s/instances/killed", host.root);
    auto_free char *data_dir = str_format("%s/data", dir);
    succeeds(instance_create(&host, &spec, NULL, &err), &err);
    answers_with(&spec, "create table kept as select 42 as answer", "SELECT 1");
    auto_free char *flushed = ask(dir, 5432, INSTANCE_SUPERUSER, NULL, "checkpoint");
    assert_string_equal(flushed, "CHECKPOINT");
    assert_true(postmaster_find(dir, &postmaster));
    kill(postmaster.pid, SIGKILL);
    assert_true(postmaster_wait_gone(postmaster.pid, data_dir, 5000));
    assert_false(instance_is_running(&host, "killed"));
    clock_sleep_ms(200); /* the other processes of that server notice this and end */
    succeeds(instance_start(&host, &spec, NULL, &err), &err);
    answers_with(&spec, "select answer from kept", "42");
    succeeds(instance_delete(&host, "killed", &err), &err);
}

/* After a restart of a container, another program has the old process number. */
static void starts_over_a_lock_with_a_number_of_somebody_else(void **state)
{
    (void)state;
    struct instance_spec spec = spec_of("stale", 5432);
    struct err err = {0};
    succeeds(instance_create(&host, &spec, NULL, &err), &err);
    succeeds(instance_stop(&host, "stale", 10000, &err), &err);
    const char *const argv[] = {"/bin/sleep", "60", NULL};
    struct child child = {.argv = argv, .user = &host.user};
    pid_t other = 0;
    succeeds(child_start(&child, -1, -1, &err, &other), &err);
    static const char *const files[] = {"data/postmaster.pid", ".s.PGSQL.5432.lock"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        auto_free char *path = str_format("%s/instances/stale/%s", host.root, files[i]);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fprintf(file, "%d\n%s/instances/stale/data\n1\n5432\n", (int)other, host.root);
        fclose(file);
    }
    assert_false(instance_is_running(&host, "stale"));
    succeeds(instance_start(&host, &spec, NULL, &err), &err);
    answers_with(&spec, "select 1", "1");
    succeeds(instance_delete(&host, "stale", &err), &err);
    assert_int_equal(waitpid(other, NULL, WNOHANG), 0); /* nobody has touched it */
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
}

/* No data, only the mark that lets a later start create the server. */
static void assert_only_unfinished(const char *name)
{
    auto_free char *data = str_format("%s/instances/%s/data", host.root, name);
    auto_free char *sign = str_format("%s/instances/%s/unfinished", host.root, name);
    assert_int_equal(access(data, F_OK), -1);
    assert_int_equal(access(sign, F_OK), 0);
}

static void says_when_the_port_is_taken(void **state)
{
    (void)state;
    struct instance_spec spec = spec_of("taken", 5444);
    struct err err = {0};
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(5444)};
    assert_int_equal(inet_pton(AF_INET, address, &name.sin_addr), 1);
    auto_fd int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(instance_create(&host, &spec, NULL, &err), -1);
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_non_null(strstr(err.message, "port 5444: another program uses"));
    assert_only_unfinished("taken");
}

static void shows_the_end_of_the_log_when_the_start_fails(void **state)
{
    (void)state;
    struct instance_spec spec = spec_of("broken", 5432);
    struct err err = {0};
    succeeds(instance_create(&host, &spec, NULL, &err), &err);
    succeeds(instance_stop(&host, "broken", 10000, &err), &err);
    auto_free char *path = str_format("%s/instances/broken/data/postgresql.conf", host.root);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs("max_connections = many\n", file);
    fclose(file);
    assert_int_equal(instance_start(&host, &spec, NULL, &err), -1);
    assert_non_null(strstr(err.message, "invalid value for parameter \"max_connections\""));
    succeeds(instance_delete(&host, "broken", &err), &err);
    assert_int_equal(instance_start(&host, &spec, NULL, &err), -1);
    assert_int_equal(err.code, ERR_RESOURCE_NOT_FOUND);
}

static void refuses_what_cannot_work(void **state)
{
    (void)state;
    struct err err = {0};
    static const char *const names[] = {"", "..", "a/b", ".hidden", "../../etc"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct instance_spec spec = spec_of(names[i], 5432);
        assert_int_equal(instance_create(&host, &spec, NULL, &err), -1);
        assert_int_equal(err.code, ERR_BAD_RESOURCE_NAME);
        assert_int_equal(instance_delete(&host, names[i], &err), -1);
    }
    struct instance_spec spec = spec_of("x", 5432);
    spec.major = 99;
    assert_int_equal(instance_create(&host, &spec, NULL, &err), -1);
    assert_int_equal(err.code, ERR_VERSION_UNAVAILABLE);
    assert_non_null(strstr(err.message, "make postgres MAJORS=99"));

    auto_free char *deep = str_format("%s/%090d", root, 0);
    struct instance_host deep_host = {0};
    succeeds(instance_host_init(deep, "postgres", &tools, &err, &deep_host), &err);
    spec.major = major;
    assert_int_equal(instance_create(&deep_host, &spec, NULL, &err), -1);
    assert_non_null(strstr(err.message, "more than the 107 "));
    assert_non_null(strstr(err.message, "--data-dir"));
    instance_host_done(&deep_host);
}

static void names_the_directory_that_is_closed_to_the_user(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("only root starts servers as another user\n");
        skip();
    }
    struct err err = {0};
    struct instance_host other = {0};
    auto_free char *closed = str_format("%s/closed", root);
    auto_free char *inner = str_format("%s/inner", closed);
    assert_int_equal(mkdir(closed, 0700), 0);
    assert_int_equal(instance_host_init(inner, "postgres", &tools, &err, &other), -1);
    assert_non_null(strstr(err.message, "/closed' is closed to it"));
    assert_int_equal(instance_host_init(inner, "root", &tools, &err, &other), -1);
    assert_int_equal(instance_host_init(inner, "nobody-of-that-name", &tools, &err, &other), -1);
    assert_non_null(strstr(err.message, "--postgres-user"));
    assert_null(other.root);
}

static void *stop_soon(void *argument)
{
    clock_sleep_ms(100);
    stop_request(argument, STOP_SHUTDOWN);
    return NULL;
}

static void stops_in_the_middle_and_leaves_no_data(void **state)
{
    (void)state;
    struct err err = {0};
    struct stop stop = {0};
    struct instance_spec spec = spec_of("stopped", 5432);
    auto_free char *templates = str_format("%s/templates", host.root);
    succeeds(tree_remove(templates, &err), &err);
    succeeds(tree_make_dir(templates, 0711, NULL, &err), &err);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    int64_t started_ms = clock_monotonic_ms();
    int result = instance_create(&host, &spec, &stop, &err);
    assert_true(clock_monotonic_ms() - started_ms < patient_ms(3000));
    pthread_join(thread, NULL);
    assert_int_equal(result, -1);
    assert_int_equal(err.code, ERR_CANCELED);
    assert_only_unfinished("stopped");
    succeeds(instance_create(&host, &spec, NULL, &err), &err);
    succeeds(instance_delete(&host, "stopped", &err), &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_what_an_interrupted_creation_left),
        cmocka_unit_test(starts_after_the_server_was_killed),
        cmocka_unit_test(starts_over_a_lock_with_a_number_of_somebody_else),
        cmocka_unit_test(says_when_the_port_is_taken),
        cmocka_unit_test(shows_the_end_of_the_log_when_the_start_fails),
        cmocka_unit_test(refuses_what_cannot_work),
        cmocka_unit_test(names_the_directory_that_is_closed_to_the_user),
        cmocka_unit_test(stops_in_the_middle_and_leaves_no_data),
    };
    return run_on_postgresql("instance in trouble", tests, ARRAY_LEN(tests));
}

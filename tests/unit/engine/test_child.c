/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/process/child.h"

static const char *const test_env[] = {"PATH=/usr/bin:/bin", "GREETING=hello", NULL};

/* Runs a line of shell; output and errors may be NULL. */
static int run_shell(const char *line, const struct stop *stop, int timeout_ms, struct buf *output,
                     struct buf *errors, struct err *err, int *ret_status)
{
    const char *const argv[] = {"/bin/sh", "-c", line, NULL};
    struct child child = {.argv = argv, .env = test_env, .stop = stop, .timeout_ms = timeout_ms};
    return child_run(&child, output, errors, err, ret_status);
}

static void keeps_output_errors_and_status(void **state)
{
    (void)state;
    auto_buf struct buf output = BUF_MAX(1000);
    auto_buf struct buf errors = BUF_MAX(1000);
    struct err err = {0};
    int status = -1;
    assert_int_equal(run_shell("echo out; echo err >&2; exit 7", NULL, 0, &output, &errors, &err, &status),
                     0);
    assert_int_equal(status, 7);
    assert_string_equal(buf_text(&output), "out\n");
    assert_string_equal(buf_text(&errors), "err\n");
}

static void reports_the_signal_that_killed_it(void **state)
{
    (void)state;
    struct err err = {0};
    int status = -1;
    assert_int_equal(run_shell("kill -SEGV $$", NULL, 0, NULL, NULL, &err, &status), 0);
    assert_int_equal(status, 128 + SIGSEGV);
}

static void keeps_the_end_of_long_errors(void **state)
{
    (void)state;
    auto_buf struct buf errors = BUF_MAX(100);
    struct err err = {0};
    int status = -1;
    assert_int_equal(
        run_shell("seq 1 100000 >&2; echo last words >&2", NULL, 0, NULL, &errors, &err, &status), 0);
    assert_true(errors.len <= 100);
    assert_non_null(strstr(buf_text(&errors), "100000\nlast words\n"));
}

static void drains_output_that_outgrows_its_buffer(void **state)
{
    (void)state;
    auto_buf struct buf output = BUF_MAX(1000);
    struct err err = {0};
    int status = -1;
    assert_int_equal(run_shell("seq 1 200000", NULL, 20000, &output, NULL, &err, &status), 0);
    assert_int_equal(status, 0);
    assert_true(buf_failed(&output));
}

static void sees_only_the_given_environment_and_files(void **state)
{
    (void)state;
    int leaked = fcntl(STDERR_FILENO, F_DUPFD, 33); /* without close-on-exec */
    assert_true(leaked >= 33);
    auto_buf struct buf output = BUF_MAX(10000);
    struct err err = {0};
    int status = -1;
    const char *line = "echo $GREETING [$HOME] $(pwd); ls /proc/$$/fd | tr '\\n' ' '; cat; cat /dev/tty 2>&1";
    assert_int_equal(run_shell(line, NULL, 5000, &output, NULL, &err, &status), 0);
    close(leaked);
    assert_non_null(strstr(buf_text(&output), "hello [] /\n0 1 2 "));
    assert_null(strstr(buf_text(&output), "33"));
    assert_non_null(strstr(buf_text(&output), "/dev/tty"));
}

static void starts_with_default_signals(void **state)
{
    (void)state;
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    void (*handler)(int) = signal(SIGPIPE, SIG_IGN);
    auto_buf struct buf output = BUF_MAX(1000);
    struct err err = {0};
    int status = -1;
    int result =
        run_shell("grep -E '^Sig(Blk|Ign)' /proc/self/status", NULL, 0, &output, NULL, &err, &status);
    sigset_t after;
    pthread_sigmask(SIG_SETMASK, &before, &after);
    signal(SIGPIPE, handler);
    assert_int_equal(result, 0);
    unsigned long long blocked = 1;
    unsigned long long ignored = 1;
    assert_int_equal(sscanf(buf_text(&output), "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    assert_int_equal(blocked, 0);
    /* 32 and 33 are the C library's own: the parent process may have ignored them, and nobody can change
     * that. */
    assert_int_equal(ignored & ~(3ULL << 31), 0);
    assert_int_equal(sigismember(&after, SIGUSR1), 1);
}

static void names_the_program_that_cannot_be_started(void **state)
{
    (void)state;
    const char *const argv[] = {"/nowhere/pg_dump", NULL};
    struct child child = {.argv = argv};
    struct err err = {0};
    int status = -1;
    assert_int_equal(child_run(&child, NULL, NULL, &err, &status), -1);
    assert_non_null(strstr(err.message, "/nowhere/pg_dump"));
    assert_non_null(strstr(err.message, "No such file or directory"));
    pid_t pid = 0;
    assert_int_equal(child_start_detached(&child, -1, -1, &err, &pid), -1);
    assert_non_null(strstr(err.message, "No such file or directory"));
    assert_int_equal(pid, 0);
}

static void runs_as_another_user(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("only root can start programs as another user\n");
        skip();
    }
    const char *const argv[] = {"/bin/sh", "-c", "id -u; id -g; id -G; grep ^Uid: /proc/self/status", NULL};
    struct child_user nobody = {.change = true, .uid = 65534, .gid = 65533};
    struct child child = {.argv = argv, .env = test_env, .user = &nobody, .dies_with_us = true};
    auto_buf struct buf output = BUF_MAX(1000);
    struct err err = {0};
    int status = -1;
    assert_int_equal(child_run(&child, &output, NULL, &err, &status), 0);
    assert_string_equal(buf_text(&output), "65534\n65533\n65533\nUid:\t65534\t65534\t65534\t65534\n");
}

static void ends_at_its_deadline(void **state)
{
    (void)state;
    struct err err = {0};
    int status = -1;
    int64_t started_ms = clock_monotonic_ms();
    assert_int_equal(run_shell("exec sleep 30", NULL, 200, NULL, NULL, &err, &status), -1);
    assert_non_null(strstr(err.message, "within 200 ms"));
    assert_true(clock_monotonic_ms() - started_ms < patient_ms(5000));
    assert_int_equal(status, -1);
}

static void *request_stop_soon(void *argument)
{
    clock_sleep_ms(150);
    stop_request(argument, STOP_CANCEL);
    return NULL;
}

/* True if a process has this word in its command line (zombies have none). */
static bool somebody_runs(const char *word)
{
    auto_free char *line = str_format("grep -laF '%s' /proc/[0-9]*/cmdline", word);
    auto_buf struct buf output = BUF_MAX(100000);
    struct err err = {0};
    int status = -1;
    assert_int_equal(run_shell(line, NULL, 0, &output, NULL, &err, &status), 0);
    char *rest = output.data;
    for (char *at = strsep(&rest, "\n"); at != NULL && at[0] != '\0'; at = strsep(&rest, "\n")) {
        if (access(at, F_OK) == 0) { /* not the shell and grep themselves, which have ended by now */
            return true;
        }
    }
    return false;
}

static void stopping_ends_its_workers_too(void **state)
{
    (void)state;
    struct stop stop = {0};
    struct err err = {0};
    int status = -1;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, request_stop_soon, &stop), 0);
    int64_t started_ms = clock_monotonic_ms();
    int result = run_shell("sleep 61.5 & sleep 61.5 & wait", &stop, 0, NULL, NULL, &err, &status);
    pthread_join(thread, NULL);
    assert_int_equal(result, -1);
    assert_int_equal(err.code, ERR_CANCELED);
    assert_true(clock_monotonic_ms() - started_ms < patient_ms(1500));
    assert_false(somebody_runs("61.5"));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie either */
    assert_int_equal(errno, ECHILD);
}

static void a_child_that_ignores_sigterm_is_killed(void **state)
{
    (void)state;
    struct stop stop = {0};
    struct err err = {0};
    int status = -1;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, request_stop_soon, &stop), 0);
    int64_t started_ms = clock_monotonic_ms();
    int result = run_shell("trap '' TERM; while :; do sleep 62.5; done", &stop, 0, NULL, NULL, &err, &status);
    pthread_join(thread, NULL);
    int64_t took_ms = clock_monotonic_ms() - started_ms;
    assert_int_equal(result, -1);
    assert_true(took_ms >= 2000 && took_ms < patient_ms(4000));
    assert_false(somebody_runs("62.5"));
}

static void a_worker_left_behind_does_not_outlive_the_call(void **state)
{
    (void)state;
    auto_buf struct buf output = BUF_MAX(1000);
    struct err err = {0};
    int status = -1;
    int64_t started_ms = clock_monotonic_ms();
    assert_int_equal(run_shell("sleep 63.5 & echo done", NULL, 0, &output, NULL, &err, &status), 0);
    assert_string_equal(buf_text(&output), "done\n");
    assert_true(clock_monotonic_ms() - started_ms < patient_ms(2000));
    assert_false(somebody_runs("63.5"));
}

static void a_wish_to_stop_prevents_the_start(void **state)
{
    (void)state;
    struct stop stop = {0};
    struct err err = {0};
    int status = -1;
    stop_request(&stop, STOP_SHUTDOWN);
    assert_int_equal(run_shell("exit 0", &stop, 0, NULL, NULL, &err, &status), -1);
    assert_int_equal(err.code, ERR_CANCELED);
}

static void a_detached_child_is_not_ours(void **state)
{
    (void)state;
    const char *const argv[] = {"/bin/sleep", "64.5", NULL};
    struct child child = {.argv = argv, .env = test_env};
    struct err err = {0};
    pid_t pid = 0;
    assert_int_equal(child_start_detached(&child, -1, -1, &err, &pid), 0);
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_not_equal(getsid(pid), getsid(0));
    assert_int_equal(kill(pid, SIGKILL), 0);
}

static void *run_many(void *argument)
{
    int *failures = argument;
    for (int i = 0; i < 25; i++) {
        auto_buf struct buf output = BUF_MAX(100);
        struct err err = {0};
        int status = -1;
        if (run_shell("echo $GREETING; exit 3", NULL, 20000, &output, NULL, &err, &status) != 0 ||
            status != 3 || !str_equals(buf_text(&output), "hello\n")) {
            (*failures)++;
        }
    }
    return NULL;
}

static void several_threads_run_children_at_once(void **state)
{
    (void)state;
    pthread_t threads[4];
    int failures[4] = {0};
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_many, &failures[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(failures[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_output_errors_and_status),
        cmocka_unit_test(reports_the_signal_that_killed_it),
        cmocka_unit_test(keeps_the_end_of_long_errors),
        cmocka_unit_test(drains_output_that_outgrows_its_buffer),
        cmocka_unit_test(sees_only_the_given_environment_and_files),
        cmocka_unit_test(starts_with_default_signals),
        cmocka_unit_test(names_the_program_that_cannot_be_started),
        cmocka_unit_test(runs_as_another_user),
        cmocka_unit_test(ends_at_its_deadline),
        cmocka_unit_test(stopping_ends_its_workers_too),
        cmocka_unit_test(a_child_that_ignores_sigterm_is_killed),
        cmocka_unit_test(a_worker_left_behind_does_not_outlive_the_call),
        cmocka_unit_test(a_wish_to_stop_prevents_the_start),
        cmocka_unit_test(a_detached_child_is_not_ours),
        cmocka_unit_test(several_threads_run_children_at_once),
    };
    return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}

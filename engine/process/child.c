/* SPDX-License-Identifier: MIT */
/*
 * Starts a program. Between fork and exec, the child of a threaded process may only make async-signal-safe
 * calls (another thread may have held the lock of malloc or stdio). So everything it needs is prepared
 * before, and it reports an error as two numbers through a pipe that closes itself at exec.
 */
#include "engine/process/child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fd.h"

enum { FIRST_FREE_FD = 10, REPORT_FD = 3 };

enum step {
    STEP_STARTED,
    STEP_SESSION,
    STEP_FORK,
    STEP_FILES,
    STEP_USER,
    STEP_PARENT,
    STEP_DIRECTORY,
    STEP_EXEC
};

static const char *const step_texts[] = {
    [STEP_STARTED] = "start",
    [STEP_SESSION] = "start a session",
    [STEP_FORK] = "fork",
    [STEP_FILES] = "set up its files",
    [STEP_USER] = "become the user it runs as",
    [STEP_PARENT] = "tie it to this process",
    [STEP_DIRECTORY] = "change to its working directory",
    [STEP_EXEC] = "execute it",
};

/* The child's report: first that it runs (only if detached), later what failed. */
struct report {
    enum step step;
    int error;
    pid_t pid;
};

struct plan {
    const struct child *child;
    char *const *argv;
    char *const *env;
    int standard[3];
    int report;
    pid_t parent;
    bool detached;
};

static void write_report(int fd, enum step step, int error)
{
    struct report report = {.step = step, .error = error, .pid = getpid()};
    ssize_t written = write(fd, &report, sizeof(report));
    (void)written; /* nobody is left to report to */
}

_Noreturn static void give_up(int fd, enum step step)
{
    write_report(fd, step, errno);
    _exit(127);
}

/* Malachite's threads block every signal and ignore SIGPIPE; programs expect neither. */
static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) {
        sigaction(number, &action,
                  NULL); /* fails for SIGKILL and the C library's own signals, which is fine */
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Uses plain system calls: the C library's functions would synchronize with threads that the child does
 * not have. */
static int become_user(const struct child_user *user)
{
    if (user == NULL || !user->change) {
        return 0;
    }
    if (syscall(SYS_setgroups, 0, NULL) != 0 ||
        syscall(SYS_setresgid, user->gid, user->gid, user->gid) != 0 ||
        syscall(SYS_setresuid, user->uid, user->uid, user->uid) != 0) {
        return -1;
    }
    return 0;
}

/* Detached: the middle process ends at once, so that init adopts its child. */
static void detach(const struct plan *plan)
{
    if (!plan->detached) {
        return;
    }
    pid_t pid = _Fork();
    if (pid < 0) {
        give_up(plan->report, STEP_FORK);
    }
    if (pid > 0) {
        _exit(0);
    }
    write_report(plan->report, STEP_STARTED, 0);
}

_Noreturn static void become_program(const struct plan *plan)
{
    const struct child *child = plan->child;
    reset_signals();
    if (setsid() < 0) { /* no terminal, and a process group that can be killed as a whole */
        give_up(plan->report, STEP_SESSION);
    }
    detach(plan);
    for (int fd = 0; fd < 3; fd++) {
        if (dup2(plan->standard[fd], fd) < 0) {
            give_up(plan->report, STEP_FILES);
        }
    }
    if (dup3(plan->report, REPORT_FD, O_CLOEXEC) < 0) {
        give_up(plan->report, STEP_FILES);
    }
    closefrom(REPORT_FD + 1);
    if (become_user(child->user) != 0) {
        give_up(REPORT_FD, STEP_USER);
    }
    /* After the change of user, which resets it. The parent may have died before it took effect. */
    if (child->dies_with_us && !plan->detached &&
        (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != plan->parent)) {
        give_up(REPORT_FD, STEP_PARENT);
    }
    umask(077);
    if (chdir(child->directory == NULL ? "/" : child->directory) != 0) {
        give_up(REPORT_FD, STEP_DIRECTORY);
    }
    execve(plan->argv[0], plan->argv, plan->env);
    give_up(REPORT_FD, STEP_EXEC);
}

/* Moves a descriptor out of the range that the child overwrites. */
static int move_up(int fd)
{
    if (fd < 0 || fd >= FIRST_FREE_FD) {
        return fd;
    }
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    close(fd);
    return moved;
}

static int fail_start(const struct child *child, struct err *err, enum step step, int error)
{
    err_set(err, ERR_INTERNAL, "cannot start '%s': cannot %s: %s", child->argv[0], step_texts[step],
            strerrordesc_np(error));
    if (step == STEP_EXEC && error == EACCES && child->user != NULL && child->user->change) {
        err_append(err, " (the user it runs as, uid %u, must be able to reach it)", child->user->uid);
    }
    return -1;
}

/* One report, or 0 if the pipe has closed because the program runs. */
static ssize_t read_report(int fd, struct report *ret_report)
{
    ssize_t got;
    do {
        got = read(fd, ret_report, sizeof(*ret_report));
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(*ret_report) ? got : 0;
}

static pid_t fork_with_signals_blocked(void)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid != 0) {
        int error = errno;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        errno = error;
    }
    return pid;
}

static void wait_for(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

/* Duplicates a descriptor above those that the child's own dup2() calls replace; fallback is used for -1. */
static int copy_up(int fd, int fallback)
{
    return fcntl(fd < 0 ? fallback : fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
}

/* Forks, and reads the child's reports until its program runs. */
static int launch(const struct plan *plan, int report_in, int *report_out, struct err *err, pid_t *ret_pid)
{
    struct report report = {.error = ECHILD};
    pid_t pid = fork_with_signals_blocked();
    if (pid == 0) {
        become_program(plan);
    }
    if (pid < 0) {
        return fail_start(plan->child, err, STEP_FORK, errno);
    }
    close(TAKE_FD(*report_out));
    bool reported = read_report(report_in, &report) > 0;
    if (plan->detached || reported) {
        wait_for(pid);
    }
    if (plan->detached) {
        pid = report.pid;
        reported = !reported || report.step != STEP_STARTED || read_report(report_in, &report) > 0;
    }
    if (reported) {
        return fail_start(plan->child, err, report.step, report.error);
    }
    *ret_pid = pid;
    return 0;
}

/* execve() does not change the strings; its signature only predates const. */
static char *const *without_const(const char *const *strings)
{
    union {
        const char *const *from;
        char *const *to;
    } same = {.from = strings};
    return same.to;
}

static int start(const struct child *child, bool detached, const int fds[2], struct err *err, pid_t *ret_pid)
{
    static char *const no_env[] = {NULL};
    int pipe_fds[2] = {-1, -1};
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        return fail_start(child, err, STEP_FILES, errno);
    }
    auto_fd int report_in = pipe_fds[0];
    auto_fd int report_out = move_up(pipe_fds[1]);
    auto_fd int null_fd = move_up(open("/dev/null", O_RDWR | O_CLOEXEC));
    auto_fd int output = copy_up(fds[0], null_fd);
    auto_fd int errors = copy_up(fds[1], null_fd);
    if (report_out < 0 || null_fd < 0 || output < 0 || errors < 0) {
        return fail_start(child, err, STEP_FILES, errno);
    }
    struct plan plan = {.child = child,
                        .argv = without_const(child->argv),
                        .env = child->env == NULL ? no_env : without_const(child->env),
                        .standard = {null_fd, output, errors},
                        .report = report_out,
                        .parent = getpid(),
                        .detached = detached};
    return launch(&plan, report_in, &report_out, err, ret_pid);
}

int child_start(const struct child *child, int output, int errors, struct err *err, pid_t *ret_pid)
{
    return start(child, false, (const int[2]){output, errors}, err, ret_pid);
}

int child_start_detached(const struct child *child, int output, int errors, struct err *err, pid_t *ret_pid)
{
    return start(child, true, (const int[2]){output, errors}, err, ret_pid);
}

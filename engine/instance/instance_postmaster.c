/* SPDX-License-Identifier: MIT */
/*
 * Finds and stops the postmaster of an instance. postmaster.pid and the process's command line, which
 * everybody may read, identify it; a container would deny root access to /proc/PID/cwd.
 */
#include "engine/instance/instance_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "core/fd.h"
#include "core/str.h"

enum { QUIT_TIMEOUT_MS = 8000, KILL_TIMEOUT_MS = 5000, PAUSE_MS = 2, FILE_MAX_BYTES = 8192 };
/* Lines of postmaster.pid, counted from 0 */
enum { LINE_PID = 0, LINE_PORT = 3, LINE_ADDRESS = 5, LINE_STATUS = 7, LINE_COUNT = 8 };

/* Reads up to size - 1 bytes and terminates them with NUL. Returns their number, or -1 if the file does
 * not exist. */
static ssize_t read_small_file(const char *path, char *text, size_t size)
{
    auto_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, size - 1);
    text[len < 0 ? 0 : len] = '\0';
    return len;
}

bool postmaster_is(pid_t pid, const char *data_dir)
{
    char path[64];
    char text[FILE_MAX_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
    ssize_t len = read_small_file(path, text, sizeof(text));
    bool postgres = false;
    bool ours = false;
    for (const char *word = text, *before = ""; len > 0 && word < text + len; word += strlen(word) + 1) {
        const char *name = strrchr(word, '/');
        postgres = postgres || str_equals(name == NULL ? word : name + 1, "postgres");
        ours = ours || (strcmp(before, "-D") == 0 && strcmp(word, data_dir) == 0);
        before = word;
    }
    return postgres && ours;
}

/* If Malachite is the init process, it must reap a dead postmaster. It only reaps a process named
 * postgres, so that a child of child_run() with the reused number is left to its owner. */
static void reap(pid_t pid)
{
    char path[64];
    char name[32];
    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    if (read_small_file(path, name, sizeof(name)) > 0 && str_equals(name, "postgres\n")) {
        waitpid(pid, NULL, WNOHANG);
    }
}

/* The process number in the first line of a lock file, or 0. */
static pid_t read_pid(const char *path)
{
    char text[64];
    int64_t pid = 0;
    if (read_small_file(path, text, sizeof(text)) <= 0) {
        return 0;
    }
    text[strcspn(text, "\n")] = '\0';
    return str_to_int(text, 1, INT32_MAX, &pid) ? (pid_t)pid : 0;
}

bool postmaster_find(const char *dir, struct postmaster *ret_postmaster)
{
    char text[FILE_MAX_BYTES];
    const char *lines[LINE_COUNT];
    auto_free char *data_dir = str_format("%s/data", dir);
    auto_free char *path = str_format("%s/data/postmaster.pid", dir);
    if (data_dir == NULL || path == NULL || read_small_file(path, text, sizeof(text)) <= 0) {
        return false;
    }
    char *rest = text;
    for (size_t i = 0; i < LINE_COUNT; i++) {
        const char *line = strsep(&rest, "\n"); /* missing while it is being written */
        lines[i] = line == NULL ? "" : line;
    }
    int64_t pid = 0;
    int64_t port = 0;
    if (!str_to_int(lines[LINE_PID], 1, INT32_MAX, &pid)) {
        return false;
    }
    if (!postmaster_is((pid_t)pid, data_dir)) {
        reap((pid_t)pid);
        return false;
    }
    str_to_int(lines[LINE_PORT], 1, 65535, &port);
    *ret_postmaster = (struct postmaster){.pid = (pid_t)pid, .port = (int)port};
    ret_postmaster->ready = str_istarts(lines[LINE_STATUS], "ready");
    ret_postmaster->stopping = str_istarts(lines[LINE_STATUS], "stopping");
    snprintf(ret_postmaster->address, sizeof(ret_postmaster->address), "%s", lines[LINE_ADDRESS]);
    return true;
}

bool postmaster_wait_gone(pid_t pid, const char *data_dir, int timeout_ms)
{
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    while (postmaster_is(pid, data_dir)) {
        if (clock_ms_left(deadline_ms) == 0) {
            return false;
        }
        clock_sleep_ms(PAUSE_MS);
    }
    reap(pid);
    return true;
}

int postmaster_stop(const char *dir, bool gently, int timeout_ms, struct err *err)
{
    struct postmaster postmaster = {0};
    auto_free char *data_dir = str_format("%s/data", dir);
    if (data_dir == NULL) {
        return err_no_memory(err);
    }
    if (!postmaster_find(dir, &postmaster)) {
        return 0;
    }
    const struct {
        int number;
        int timeout_ms;
    } signals[] = {{SIGINT, timeout_ms}, {SIGQUIT, QUIT_TIMEOUT_MS}, {SIGKILL, KILL_TIMEOUT_MS}};
    for (size_t i = gently ? 0 : 1; i < ARRAY_LEN(signals); i++) {
        if (kill(postmaster.pid, signals[i].number) != 0 && errno != ESRCH) {
            return err_set(err, ERR_INTERNAL, "cannot stop the PostgreSQL server in '%s' (process %d): %s",
                           dir, (int)postmaster.pid, strerrordesc_np(errno));
        }
        if (postmaster_wait_gone(postmaster.pid, data_dir, signals[i].timeout_ms)) {
            return 0;
        }
    }
    return err_set(err, ERR_INTERNAL, "the PostgreSQL server in '%s' (process %d) does not end", dir,
                   (int)postmaster.pid);
}

/* postgres refuses to start if any living process of its user has the number in a lock file, which happens
 * easily after a container restarts. If no process has the number, postgres handles the file and looks for
 * surviving children. */
static void drop_stale_lock(const char *path, const char *data_dir)
{
    pid_t pid = read_pid(path);
    if (pid > 0 && kill(pid, 0) == 0 && !postmaster_is(pid, data_dir)) {
        unlink(path);
    }
}

void postmaster_drop_stale_locks(const char *dir, int port)
{
    auto_free char *data_dir = str_format("%s/data", dir);
    auto_free char *pid_file = str_format("%s/data/postmaster.pid", dir);
    auto_free char *socket_lock = str_format("%s/.s.PGSQL.%d.lock", dir, port);
    if (data_dir != NULL && pid_file != NULL && socket_lock != NULL) {
        drop_stale_lock(pid_file, data_dir);
        drop_stale_lock(socket_lock, data_dir);
    }
}

/* SPDX-License-Identifier: MIT */
/* Runs a child to its end: handles its pipes, its deadline and a request to stop, and leaves no process
 * behind. */
#include "engine/process/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "core/fd.h"

enum {
    SLICE_MS = 100,
    SLICE_WATCHED_MS = 20,
    SLICE_WITHOUT_PIDFD_MS = 5,
    GRACE_MS = 2000,
    GROUP_GONE_MS = 2000
};
enum { CHUNK_BYTES = 65536, CHUNKS_AT_ONCE = 16 };

enum fate { FATE_RUNNING, FATE_STOPPED, FATE_TIMEOUT, FATE_ENDED };

struct stream {
    int fd; /* -1: at its end */
    struct buf *into;
    bool tail; /* keep the end rather than the beginning */
};

struct run {
    const struct child *child;
    pid_t pid;
    int pidfd; /* -1: an old kernel or a sandbox; then check more often */
    struct stream streams[2];
    enum fate fate;
    int64_t deadline_ms; /* of the whole run; 0: none */
    int64_t kill_at_ms;  /* after SIGTERM */
};

/* Appends, and drops whole lines from the beginning if the buffer is full. */
static void keep_tail(struct buf *buf, const char *bytes, size_t len)
{
    if (len > buf->max) {
        bytes += len - buf->max;
        len = buf->max;
    }
    if (len > buf->max - buf->len) {
        size_t drop = buf->len + len - buf->max;
        const char *line_end = memchr(buf->data + drop, '\n', buf->len - drop);
        if (line_end != NULL) {
            drop = (size_t)(line_end - buf->data) + 1;
        }
        memmove(buf->data, buf->data + drop, buf->len - drop);
        buf->len -= drop;
    }
    buf_add(buf, bytes, len);
}

/* Reads what has arrived, with a limit for a child that never stops writing. Closes the stream at its end. */
static void drain(struct stream *stream)
{
    char chunk[CHUNK_BYTES];
    for (int i = 0; i < CHUNKS_AT_ONCE && stream->fd >= 0; i++) {
        ssize_t got = read(stream->fd, chunk, sizeof(chunk));
        if (got > 0 && stream->into != NULL && stream->tail) {
            keep_tail(stream->into, chunk, (size_t)got);
        } else if (got > 0 && stream->into != NULL) {
            buf_add(stream->into, chunk, (size_t)got);
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (got < 0 && errno == EAGAIN) {
            return;
        } else if (got <= 0) {
            close(TAKE_FD(stream->fd));
        }
    }
}

static int next_slice_ms(const struct run *run)
{
    int slice_ms = run->pidfd < 0                  ? SLICE_WITHOUT_PIDFD_MS
                   : run->child->may_go_on != NULL ? SLICE_WATCHED_MS
                                                   : SLICE_MS;
    int64_t until_ms = run->fate == FATE_RUNNING ? run->deadline_ms : run->kill_at_ms;
    int left_ms = until_ms == 0 ? SLICE_MS : clock_ms_left(until_ms);
    return left_ms < slice_ms ? left_ms : slice_ms;
}

static void wait_for_news(struct run *run)
{
    const struct child *child = run->child;
    struct pollfd fds[4] = {{.fd = run->streams[0].fd, .events = POLLIN},
                            {.fd = run->streams[1].fd, .events = POLLIN},
                            {.fd = run->pidfd, .events = POLLIN},
                            {.fd = child->served != NULL ? *child->served : -1, .events = POLLIN}};
    if (poll(fds, ARRAY_LEN(fds), next_slice_ms(run)) <= 0) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(run->streams); i++) {
        if (fds[i].revents != 0) {
            drain(&run->streams[i]);
        }
    }
    if (fds[3].revents != 0) {
        child->serve(child->context);
    }
}

/* Leaves it unreaped, so that its process number still identifies its group. */
static bool has_ended(const struct run *run)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == run->pid;
}

static void end_if_due(struct run *run)
{
    if (run->fate == FATE_RUNNING) {
        if (run->child->stop != NULL && stop_requested(run->child->stop)) {
            run->fate = FATE_STOPPED;
        } else if (run->deadline_ms != 0 && clock_ms_left(run->deadline_ms) == 0) {
            run->fate = FATE_TIMEOUT;
        } else if (run->child->may_go_on != NULL && !run->child->may_go_on(run->child->context)) {
            run->fate = FATE_ENDED;
        } else {
            return;
        }
        kill(-run->pid, SIGTERM);
        run->kill_at_ms = clock_monotonic_ms() + GRACE_MS;
    } else if (clock_ms_left(run->kill_at_ms) == 0) {
        kill(-run->pid, SIGKILL);
        run->kill_at_ms = clock_monotonic_ms() + SLICE_MS;
    }
}

/* Reads process group and state from "pid (name) S ppid pgrp ..."; the name may contain anything. */
static bool is_living_member(const char *pid_text, pid_t group)
{
    char path[64];
    char stat[512];
    snprintf(path, sizeof(path), "/proc/%.20s/stat", pid_text);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, stat, sizeof(stat) - 1);
    if (len <= 0) {
        return false;
    }
    stat[len] = '\0';
    const char *name_end = strrchr(stat, ')');
    if (name_end == NULL || strlen(name_end) < 4 || name_end[2] == 'Z' || name_end[2] == 'X') {
        return false;
    }
    char *rest = NULL;
    strtol(name_end + 3, &rest, 10); /* the parent */
    return strtol(rest, NULL, 10) == group;
}

/* kill() still finds a dead process that its new parent (init) has not reaped yet; it must not count. */
static bool group_lives(pid_t group)
{
    if (kill(-group, 0) != 0) {
        return false;
    }
    DIR *proc = opendir("/proc");
    if (proc == NULL) {
        return false;
    }
    bool lives = false;
    for (const struct dirent *entry = readdir(proc); entry != NULL && !lives; entry = readdir(proc)) {
        lives = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_living_member(entry->d_name, group);
    }
    closedir(proc);
    return lives;
}

/* Ends the rest of the group, and waits for it. */
static int reap(const struct run *run)
{
    int status = 0;
    kill(-run->pid, SIGKILL);
    while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR) {
    }
    int64_t deadline_ms = clock_monotonic_ms() + GROUP_GONE_MS;
    while (group_lives(run->pid) && clock_ms_left(deadline_ms) > 0) {
        clock_sleep_ms(1);
    }
    while (waitpid(-run->pid, NULL, WNOHANG) > 0) { /* as the init process, Malachite also adopts orphans */
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int follow(struct run *run, struct err *err, int *ret_status)
{
    while (!has_ended(run)) {
        end_if_due(run);
        wait_for_news(run);
    }
    int status = reap(run);
    drain(&run->streams[0]);
    drain(&run->streams[1]);
    if (run->fate == FATE_STOPPED) {
        return err_set(err, ERR_CANCELED, "'%s' was stopped", run->child->argv[0]);
    }
    if (run->fate == FATE_TIMEOUT) {
        return err_set(err, ERR_UNAVAILABLE, "'%s' did not end within %d ms", run->child->argv[0],
                       run->child->timeout_ms);
    }
    if (run->fate == FATE_ENDED) {
        return err_set(err, ERR_UNAVAILABLE, "'%s' was ended", run->child->argv[0]);
    }
    *ret_status = status;
    return 0;
}

/* This process's end does not block; the child's end is an ordinary pipe. */
static int open_pipe(struct err *err, int *ret_ours, int *ret_theirs)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return err_set(err, ERR_INTERNAL, "cannot make a pipe: %s", strerrordesc_np(errno));
    }
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    *ret_ours = fds[0];
    *ret_theirs = fds[1];
    return 0;
}

int child_run(const struct child *child, struct buf *output, struct buf *errors, struct err *err,
              int *ret_status)
{
    auto_fd int output_in = -1;
    auto_fd int output_out = -1;
    auto_fd int errors_in = -1;
    auto_fd int errors_out = -1;
    if (child->stop != NULL && stop_requested(child->stop)) {
        return err_set(err, ERR_CANCELED, "'%s' was not started: stopping", child->argv[0]);
    }
    if ((output != NULL && open_pipe(err, &output_in, &output_out) != 0) ||
        (errors != NULL && open_pipe(err, &errors_in, &errors_out) != 0)) {
        return -1;
    }
    pid_t pid = 0;
    if (child_start(child, output_out, errors_out, err, &pid) != 0) {
        return -1;
    }
    if (output_out >= 0) {
        close(TAKE_FD(output_out));
    }
    if (errors_out >= 0) {
        close(TAKE_FD(errors_out));
    }
    auto_fd int pidfd = pidfd_open(pid, 0);
    struct run run = {.child = child, .pid = pid, .pidfd = pidfd};
    run.streams[0] = (struct stream){.fd = TAKE_FD(output_in), .into = output};
    run.streams[1] = (struct stream){.fd = TAKE_FD(errors_in), .into = errors, .tail = true};
    run.deadline_ms = child->timeout_ms == 0 ? 0 : clock_monotonic_ms() + child->timeout_ms;
    int result = follow(&run, err, ret_status);
    close_at_scope_end(&run.streams[0].fd);
    close_at_scope_end(&run.streams[1].fd);
    return result;
}

/* SPDX-License-Identifier: MIT */
/*
 * Child processes: initdb, postgres, pg_dump, pg_restore. The argument list and the environment are given in
 * full (nothing of ours leaks into them), file descriptors are closed, signals are as in a new process,
 * standard input is empty, there is no terminal to ask for a password on, and the child can be started as
 * another user. Any thread.
 */
#ifndef ENGINE_PROCESS_CHILD_H
#define ENGINE_PROCESS_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/stop.h"

struct child_user {
    bool change; /* false: run as ourselves */
    uid_t uid;
    gid_t gid;
};

struct child {
    const char *const *argv; /* argv[0] is the absolute path; NULL-terminated */
    const char *const
        *env; /* NULL-terminated, may hold secrets: only the child's owner can read them; NULL: empty */
    const struct child_user *user; /* or NULL */
    const char *directory;         /* working directory, or NULL for "/" */
    const struct stop *stop;       /* or NULL */
    int timeout_ms;                /* 0: none */
    /* Called about every 20 ms on the calling thread of child_run(); false ends the child. Or NULL. */
    bool (*may_go_on)(void *context);
    /* A descriptor (or -1 for now) that the child talks to, and what is called on that thread when it is
     * readable. Or NULL. */
    const int *served;
    void (*serve)(void *context);
    void *context;
    /*
     * Gets SIGTERM when Malachite is killed. The kernel ties this to the calling thread, not to the process:
     * use it only on threads that live at least as long as the child (child_run() waits, so that is given
     * there).
     */
    bool dies_with_us;
};

/*
 * Runs to the end. What it writes to standard error is kept in "errors" (its beginning is dropped when it
 * outgrows the buffer; may be NULL), what it writes to standard output in "output" (thrown away when NULL;
 * when it outgrows the buffer, buf_failed(output) is true). Returns 0 and the exit status (128 + signal when
 * killed), or -1: could not start, timeout, ended by may_go_on() (both ERR_UNAVAILABLE), or stopped
 * (ERR_CANCELED). In every case the child and the
 * processes of its group (workers of pg_restore -j) have ended by then: SIGTERM, then SIGKILL after 2 s; a
 * wish to stop is noticed within 100 ms.
 */
int child_run(const struct child *child, struct buf *output, struct buf *errors, struct err *err,
              int *ret_status);

/*
 * Starts it and returns as soon as its program runs, with standard output and standard error going to the
 * descriptors given (-1: thrown away). The child leads a session and process group of its own; the caller
 * waits for it with waitpid(). stop and timeout_ms are not looked at.
 */
int child_start(const struct child *child, int output, int errors, struct err *err, pid_t *ret_pid);

/* The same for a process that outlives us: it belongs to init, not to us, and dies_with_us is not looked at.
 */
int child_start_detached(const struct child *child, int output, int errors, struct err *err, pid_t *ret_pid);

#endif

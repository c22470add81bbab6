/* SPDX-License-Identifier: MIT */
/*
 * Child processes: initdb, postgres, pg_dump, pg_restore. The argument list and the environment are
 * complete (the child inherits nothing else), file descriptors are closed, signals are as in a new
 * process, standard input is empty, there is no terminal to ask for a password on, and the child can run
 * as another user. Any thread.
 */
#ifndef ENGINE_PROCESS_CHILD_H
#define ENGINE_PROCESS_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/stop.h"

struct child_user {
    bool change; /* false: run as this process's user */
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
    /* Called about every 20 ms on the calling thread of child_run(); false ends the child. May be NULL. */
    bool (*may_go_on)(void *context);
    /* A descriptor (-1: none yet) that the child communicates with, and the function that child_run()
     * calls on its thread when it is readable. May be NULL. */
    const int *served;
    void (*serve)(void *context);
    void *context;
    /*
     * Sends the child SIGTERM if Malachite is killed. The kernel ties this to the calling thread rather
     * than to the process: use it only on threads that live at least as long as the child (child_run()
     * waits, so its thread does).
     */
    bool dies_with_us;
};

/*
 * Runs the child to its end. "errors" (may be NULL) receives its standard error, without the beginning if
 * the buffer is full; "output" (NULL: discarded) its standard output, and buf_failed(output) is true if
 * that exceeds the buffer. Returns 0 and the exit status (128 + signal if killed), or -1: could not start,
 * timeout, ended by may_go_on() (all ERR_UNAVAILABLE), or stopped (ERR_CANCELED). In every case the child
 * and the processes of its group (workers of pg_restore -j) have ended by then: SIGTERM, then SIGKILL
 * after 2 s. A request to stop is noticed within 100 ms.
 */
int child_run(const struct child *child, struct buf *output, struct buf *errors, struct err *err,
              int *ret_status);

/*
 * Starts the child and returns as soon as its program runs, with standard output and standard error
 * connected to the given descriptors (-1: discarded). The child leads its own session and process group;
 * the caller waits for it with waitpid(). Ignores stop and timeout_ms.
 */
int child_start(const struct child *child, int output, int errors, struct err *err, pid_t *ret_pid);

/* The same for a process that outlives Malachite: init adopts it, and dies_with_us is ignored. */
int child_start_detached(const struct child *child, int output, int errors, struct err *err, pid_t *ret_pid);

#endif

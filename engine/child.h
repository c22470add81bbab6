/* SPDX-License-Identifier: MIT */
/*
 * Child processes: initdb, postgres, pg_dump, pg_restore, cp. The argument list and the environment are given in
 * full (nothing of ours leaks into them), file descriptors are closed, and the child can be started as another user.
 */
#ifndef ENGINE_CHILD_H
#define ENGINE_CHILD_H

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
    const char *const *env;  /* NULL-terminated, may hold secrets: only the child's owner can read them */
    const struct child_user *user; /* or NULL */
    const char *directory;         /* working directory, or NULL for "/" */
    const struct stop *stop;       /* or NULL */
    int timeout_ms;                /* 0: none */
    bool dies_with_us;             /* gets SIGTERM when Malachite is killed */
};

/*
 * Runs to the end. What it writes to standard error is kept in "errors" (its beginning is dropped when it outgrows
 * the buffer), what it writes to standard output in "output" (or thrown away when NULL). Returns 0 and the exit status
 * (128 + signal when killed), or -1: could not start, timeout, or stopped (ERR_CANCELED; the child is gone by then:
 * SIGTERM, then SIGKILL after 2 s).
 */
int child_run(const struct child *child, struct buf *output, struct buf *errors, struct err *err, int *ret_status);

#endif

/* SPDX-License-Identifier: MIT */
#include "engine/copy/copy_commit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"

enum { WAIT_MS = 5000, STEP_MS = 50, NUMBER_BYTES = 24 };

int copy_commit_begin(struct copy_commit *commit, struct pg *target, struct err *err)
{
    auto_free char *number = NULL;
    *commit = (struct copy_commit){0};
    if (pg_run_value(target, err, &number, "BEGIN; SELECT txid_current()") != 0) {
        return -1;
    }
    str_to_int(number, 0, INT64_MAX, &commit->number);
    return 0;
}

int copy_commit_end(struct copy_commit *commit, struct pg *target, struct err *err)
{
    commit->unanswered = true;
    if (pg_run(target, err, "COMMIT") != 0) {
        return -1;
    }
    commit->unanswered = false;
    return 0;
}

/* NULL: the server does not remember the transaction. */
static int read_status(const struct copy_commit *commit, struct pg *target, struct err *err,
                       char **ret_status)
{
    char number[NUMBER_BYTES];
    const char *params[] = {number};
    snprintf(number, sizeof(number), "%" PRId64, commit->number);
    return pg_value(target, err, ret_status, "SELECT txid_status($1)", 1, params);
}

int copy_commit_find_out(struct copy_commit *commit, struct pg *target, struct err *err, bool *ret_committed)
{
    int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
    for (;;) {
        auto_free char *status = NULL;
        if (read_status(commit, target, err, &status) != 0) {
            err->lasting = false;
            return -1;
        }
        if (status != NULL && strcmp(status, "in progress") != 0) {
            commit->unanswered = false;
            *ret_committed = strcmp(status, "committed") == 0;
            return 0;
        }
        if (status == NULL || clock_ms_left(deadline_ms) == 0) {
            err_set(
                err, ERR_UNAVAILABLE,
                "The connection was lost while rows were being committed, and the target cannot say whether "
                "they were (transaction %" PRId64 ").",
                commit->number);
            err->lasting = false;
            return -1;
        }
        clock_sleep_ms(STEP_MS);
    }
}

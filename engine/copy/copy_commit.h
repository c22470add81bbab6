/* SPDX-License-Identifier: MIT */
/*
 * Transactions on the target of which it can be found out whether they were committed when the answer to
 * COMMIT was lost with the connection: rows that are there must not be copied once more.
 */
#ifndef ENGINE_COPY_COPY_COMMIT_H
#define ENGINE_COPY_COPY_COMMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "engine/pg/pg.h"

struct copy_commit {
    int64_t number;  /* of the transaction: txid_current() */
    bool unanswered; /* COMMIT was sent, and no success was heard of */
};

int copy_commit_begin(struct copy_commit *commit, struct pg *target, struct err *err);
int copy_commit_end(struct copy_commit *commit, struct pg *target, struct err *err);
/* Whether it was committed, seen from another session. Waits some seconds for the end of the lost one. -1:
 * unknown (err, which a new attempt from the beginning may cure). */
int copy_commit_find_out(struct copy_commit *commit, struct pg *target, struct err *err, bool *ret_committed);

#endif

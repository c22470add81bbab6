/* SPDX-License-Identifier: MIT */
/*
 * The only retry policy for failed work. A failure is transient (a server or its network is unreachable,
 * restarts or is full, a session was terminated, the login is rejected, the store cannot be written), it
 * waits for the user (err.waiting), or it is permanent. Transient failures are retried for
 * --reconnect-seconds; an attempt that made progress restarts that time, but not indefinitely.
 */
#ifndef EXECUTOR_RETRY_H
#define EXECUTOR_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "executor/work.h"

/* Whether a later attempt may succeed without a change to the migration. Does not consider whether the
 * server was ever reached: a login that has never worked is a mistake. */
bool failure_is_transient(const struct err *err);
/* The store was busy or full when a step needed it: unrelated to the migration itself. */
bool failure_is_of_store(const struct err *err);

/* The attempts at one task. The pauses between them double. Members may be 0 at the start. */
struct retry {
    int least_ms; /* the shortest and the longest pause; 0: the defaults */
    int most_ms;
    int64_t failing_since_ms; /* 0: it has not failed */
    int64_t attempt_ms;       /* when this attempt began; 0: it is the first */
    int restarts;             /* attempts that had made progress */
    int pause_ms;
};

/* Marks the first failure: the time limit and the pauses begin. */
void retry_begin(struct retry *retry);
/* Whether it has failed for longer than --reconnect-seconds. */
bool retry_is_late(const struct retry *retry, const struct executor *executor);
/* The pause before the next attempt. */
int retry_next_pause_ms(struct retry *retry);

/*
 * After an attempt that failed with work->err: pauses and returns true for another one. advanced: it made
 * progress; so did an attempt that took as long as the time limit. False: the failure is permanent, waits
 * for the user, has lasted too long or recurred too often, or "stop" is requested. Worker threads only.
 */
bool retry_after(struct retry *retry, const struct work *work, const struct stop *stop, bool advanced);

/* Whether --reconnect-seconds have passed since the migration entered its substate, or since Malachite
 * started: for steps that hold no thread while they wait. */
bool retry_step_is_late(const struct work *work);

/*
 * For steps before the data moves, which hold no thread: waits up to --reconnect-seconds for a server that
 * was reachable and no longer is. "outcome" is that of the step; work->err, if that is STEP_FAILED.
 */
enum step_outcome retry_later(struct work *work, enum step_outcome outcome);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The one policy for work that has failed. A failure is transient (a server or its network is away, restarts
 * or is full, a session was terminated, the login is refused, the store cannot be written), it waits for the
 * user (err.waiting), or it is permanent. Transient failures are retried for --reconnect-seconds; an attempt
 * that got somewhere starts that time again, but not for ever.
 */
#ifndef EXECUTOR_RETRY_H
#define EXECUTOR_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "executor/work.h"

/* Whether a later attempt may succeed without a change to the migration. Knows nothing of who has reached a
 * server before: a login that has never worked is a mistake. */
bool failure_is_transient(const struct err *err);
/* The store was busy or full when a step needed it: nothing about the migration itself. */
bool failure_is_of_store(const struct err *err);

/* The attempts at one piece of work. The pauses between them double. Members may be 0 at its beginning. */
struct retry {
    int least_ms; /* the first pause and the longest; 0: the usual ones */
    int most_ms;
    int64_t failing_since_ms; /* 0: it has not failed */
    int64_t attempt_ms;       /* when this attempt began; 0: it is the first */
    int restarts;             /* attempts that had got somewhere */
    int pause_ms;
};

/* It fails from now on: the time that it may last and the pauses begin. */
void retry_begin(struct retry *retry);
/* Whether it has failed for longer than --reconnect-seconds. */
bool retry_is_late(const struct retry *retry, const struct executor *executor);
/* How long to wait for the next attempt. */
int retry_next_pause_ms(struct retry *retry);

/*
 * After an attempt that failed with work->err: waits a moment and returns true for another one. advanced: it
 * got further than its beginning; one that took as long as it may fail did so, too. False: the failure is
 * permanent, waits for the user, has lasted too long or too often, or "stop" wants no more. Worker threads
 * only.
 */
bool retry_after(struct retry *retry, const struct work *work, const struct stop *stop, bool advanced);

/* Whether --reconnect-seconds have passed since the migration entered its substate, or Malachite was started:
 * for steps that hold no thread while they wait. */
bool retry_step_is_late(const struct work *work);

/*
 * For steps before the data moves, which hold no thread: a server that was reachable and no longer is is
 * waited for, up to --reconnect-seconds. "outcome" is what the step would end with; work->err, if that is
 * STEP_FAILED.
 */
enum step_outcome retry_later(struct work *work, enum step_outcome outcome);

#endif

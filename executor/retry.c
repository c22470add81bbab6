/* SPDX-License-Identifier: MIT */
#include "executor/retry.h"

#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/pg/sqlstate.h"

enum { LATER_MS = 1000, PAUSE_LEAST_MS = 500, PAUSE_MOST_MS = 3000, SLICE_MS = 50, RESTARTS_MOST = 10 };

enum { LOGIN_CODE = 603100 };

bool failure_is_of_store(const struct err *err)
{
    return err->code == ERR_STORE_UNAVAILABLE;
}

/* A rejected login: the password was changed, the role locked, pg_hba.conf edited. Whoever changed it
 * usually provides the new password, or reverts the change. */
static bool is_refused_login(const struct err *err)
{
    return err->code == ERR_SERVER_UNREACHABLE &&
           (err->service_code == LOGIN_CODE || sqlstate_is(err->sqlstate, SQLSTATE_AUTHORIZATION));
}

bool failure_is_transient(const struct err *err)
{
    return !err->lasting || err->code == ERR_SERVER_NOT_READY || is_refused_login(err) ||
           failure_is_of_store(err);
}

static int limit_ms(const struct executor *executor)
{
    return executor->options->reconnect_seconds * 1000;
}

void retry_begin(struct retry *retry)
{
    retry->failing_since_ms = clock_monotonic_ms();
    retry->pause_ms = retry->least_ms != 0 ? retry->least_ms : PAUSE_LEAST_MS;
}

bool retry_is_late(const struct retry *retry, const struct executor *executor)
{
    return clock_monotonic_ms() - retry->failing_since_ms >= limit_ms(executor);
}

int retry_next_pause_ms(struct retry *retry)
{
    int most_ms = retry->most_ms != 0 ? retry->most_ms : PAUSE_MOST_MS;
    int pause_ms = retry->pause_ms < most_ms ? retry->pause_ms : most_ms;
    retry->pause_ms = pause_ms * 2;
    return pause_ms;
}

static void pause_between(int pause_ms, const struct stop *stop)
{
    while (pause_ms > 0 && !stop_requested(stop)) {
        int slice_ms = pause_ms < SLICE_MS ? pause_ms : SLICE_MS;
        clock_sleep_ms(slice_ms);
        pause_ms -= slice_ms;
    }
}

bool retry_after(struct retry *retry, const struct work *work, const struct stop *stop, bool advanced)
{
    const struct executor *executor = work->executor;
    if (!failure_is_transient(&work->err) || work->err.waiting || stop_requested(stop)) {
        return false;
    }
    bool was_long = retry->attempt_ms != 0 && clock_monotonic_ms() - retry->attempt_ms >= limit_ms(executor);
    if (retry->failing_since_ms == 0 || advanced || was_long) {
        retry_begin(retry);
        retry->restarts++;
    }
    if (retry->restarts > RESTARTS_MOST || retry_is_late(retry, executor)) {
        return false;
    }
    pause_between(retry_next_pause_ms(retry), stop);
    retry->attempt_ms = clock_monotonic_ms();
    return !stop_requested(stop);
}

bool retry_step_is_late(const struct work *work)
{
    int64_t entered_us = work->migration.entered_us;
    int64_t since_us = entered_us > work->executor->started_us ? entered_us : work->executor->started_us;
    return clock_steady_us() - since_us >= (int64_t)limit_ms(work->executor) * 1000;
}

enum step_outcome retry_later(struct work *work, enum step_outcome outcome)
{
    const struct migration *migration = &work->migration;
    bool reached = migration->source_metadata != NULL && migration->target_metadata != NULL;
    if (outcome != STEP_FAILED || !reached || !failure_is_transient(&work->err) ||
        stop_requested(&work->worker->stop) || retry_step_is_late(work)) {
        return outcome;
    }
    auto_free char *text = str_format("Malachite retries every second: %s", work->err.message);
    work_add_event_once(work, text);
    work->delay_ms = LATER_MS;
    return STEP_LATER;
}

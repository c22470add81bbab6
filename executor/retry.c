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

/* A refused login: the password was changed, the role locked, pg_hba.conf edited. Whoever changed it usually
 * gives the migration its new password, or changes it back. */
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

static void pause_between(int pause_ms, const struct stop *stop)
{
    for (int waited = 0; waited < pause_ms && !stop_requested(stop); waited += SLICE_MS) {
        clock_sleep_ms(SLICE_MS);
    }
}

bool retry_after(struct retry *retry, const struct work *work, const struct stop *stop, bool advanced)
{
    int64_t limit_ms = (int64_t)work->executor->options->reconnect_seconds * 1000;
    int64_t now_ms = clock_monotonic_ms();
    if (!failure_is_transient(&work->err) || stop_requested(stop)) {
        return false;
    }
    if (retry->failing_since_ms == 0 || advanced) {
        retry->failing_since_ms = now_ms;
        retry->restarts++;
        retry->pause_ms = PAUSE_LEAST_MS;
    }
    if (retry->restarts > RESTARTS_MOST || now_ms - retry->failing_since_ms >= limit_ms) {
        return false;
    }
    pause_between(retry->pause_ms, stop);
    retry->pause_ms = retry->pause_ms * 2 > PAUSE_MOST_MS ? PAUSE_MOST_MS : retry->pause_ms * 2;
    return !stop_requested(stop);
}

enum step_outcome retry_later(struct work *work, enum step_outcome outcome)
{
    const struct migration *migration = &work->migration;
    bool reached = migration->source_metadata != NULL && migration->target_metadata != NULL;
    if (outcome != STEP_FAILED || !reached || !failure_is_transient(&work->err) ||
        stop_requested(&work->worker->stop)) {
        return outcome;
    }
    int64_t since_us = migration->entered_us > work->executor->started_us ? migration->entered_us
                                                                          : work->executor->started_us;
    if (clock_steady_us() - since_us >= (int64_t)work->executor->options->reconnect_seconds * 1000000) {
        return outcome;
    }
    auto_free char *text = str_format("Malachite retries every second: %s", work->err.message);
    fsm_tell_once(work, text);
    work->delay_ms = LATER_MS;
    return STEP_LATER;
}

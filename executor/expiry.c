/* SPDX-License-Identifier: MIT */
#include "executor/expiry.h"

#include "core/clock.h"

bool migration_ends_by_itself(const struct migration *migration)
{
    return migration->substate == SUB_CANCELING || migration->substate == SUB_COMPLETED;
}

int64_t migration_expires_us(const struct executor *executor, const struct migration *migration)
{
    int64_t from_us = migration->spec.window_start_us > migration->created_us
                          ? migration->spec.window_start_us
                          : migration->created_us;
    return migration_ends_by_itself(migration)
               ? INT64_MAX
               : from_us + (int64_t)executor->options->lifetime_seconds * 1000000;
}

bool migration_is_expired(int64_t expires_us)
{
    return clock_now_us() >= expires_us && clock_steady_us() >= expires_us;
}

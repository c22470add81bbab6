/* SPDX-License-Identifier: MIT */
#include "handlers/own/seeing/wait_timeout.h"

#include "core/str.h"

int wait_timeout(const struct request *request, struct err *err, int64_t *ret_ms)
{
    const char *text = request_query(request, "timeout");
    int64_t seconds = WAIT_SECONDS_DEFAULT;
    if (text != NULL && !str_to_int(text, 0, WAIT_SECONDS_MAX, &seconds)) {
        err_set(err, ERR_BAD_PARAMETER,
                "The query parameter timeout is '%.60s'; it must be a number of seconds from 0 to %d.", text,
                WAIT_SECONDS_MAX);
        return err_target(err, "timeout");
    }
    *ret_ms = seconds * 1000;
    return 0;
}

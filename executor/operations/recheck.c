/* SPDX-License-Identifier: MIT */
#include "executor/operations/recheck.h"

#include "executor/operations/operation_server.h"
#include "executor/rechecks.h"
#include "executor/wake.h"

enum { IDLE_WAIT_MS = 60000 };

void recheck_run(struct executor *executor)
{
    while (!stop_requested(&executor->stop)) {
        uint64_t seen = executor_generation(executor);
        int64_t server_id = rechecks_take(&executor->rechecks);
        struct err err = {0};
        auto_server struct server server = {0};
        if (server_id == 0) {
            executor_wait(executor, seen, IDLE_WAIT_MS);
        } else if (store_server_get_by_id(executor->store, server_id, &err, &server) == 1 &&
                   server.state == SERVER_STATE_INACCESSIBLE) {
            (void)attach_server(executor, &server, &err);
        }
    }
}

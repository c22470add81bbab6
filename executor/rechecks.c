/* SPDX-License-Identifier: MIT */
/*
 * An Inaccessible attached server may have been started, or its password corrected, since the last check.
 * Reading the resource triggers another check in the background. There is no timer, so that a server that
 * rejects Malachite is not bothered.
 */
#include "executor/rechecks.h"

#include "core/clock.h"

enum { RECHECK_MS = 3000 };

/* The row of this server, or the least recently used one. */
static struct recheck *find_row(struct rechecks *rechecks, int64_t server_id)
{
    struct recheck *oldest = &rechecks->rows[0];
    for (size_t i = 0; i < RECHECKS_MAX; i++) {
        struct recheck *row = &rechecks->rows[i];
        if (row->server_id == server_id) {
            return row;
        }
        if (row->asked_ms < oldest->asked_ms) {
            oldest = row;
        }
    }
    *oldest = (struct recheck){.server_id = server_id, .asked_ms = -RECHECK_MS};
    return oldest;
}

void executor_recheck_server(struct executor *executor, const struct server *server)
{
    if (!server->attached || server->state != SERVER_STATE_INACCESSIBLE) {
        return;
    }
    struct rechecks *rechecks = &executor->rechecks;
    pthread_mutex_lock(&rechecks->lock);
    struct recheck *row = find_row(rechecks, server->id);
    int64_t now_ms = clock_monotonic_ms();
    bool due = now_ms - row->asked_ms >= RECHECK_MS;
    if (due) {
        row->asked_ms = now_ms;
        row->wanted = true;
    }
    pthread_mutex_unlock(&rechecks->lock);
    if (due) {
        executor_wake(executor);
    }
}

int64_t rechecks_take(struct rechecks *rechecks)
{
    int64_t server_id = 0;
    pthread_mutex_lock(&rechecks->lock);
    for (size_t i = 0; i < RECHECKS_MAX && server_id == 0; i++) {
        if (rechecks->rows[i].wanted) {
            rechecks->rows[i].wanted = false;
            server_id = rechecks->rows[i].server_id;
        }
    }
    pthread_mutex_unlock(&rechecks->lock);
    return server_id;
}

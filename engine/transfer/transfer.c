/* SPDX-License-Identifier: MIT */
#include "engine/transfer/transfer.h"

#include "engine/replication/replication.h"
#include "engine/transfer/transfer_stages.h"

/* Writing sessions do not wait for the disk: only from here on do the reported rows survive a crash. */
static int flush_target(struct transfer_state *state, struct err *err)
{
    uint64_t position = 0;
    return replication_flush_position(&state->target, err, &position);
}

static int run_stages(struct transfer_state *state, struct err *err)
{
    return transfer_read_source(state, err) != 0 || transfer_create_schema(state, err) != 0 ||
                   transfer_copy_data(state, err) != 0 || transfer_finish_schema(state, err) != 0 ||
                   flush_target(state, err) != 0
               ? -1
               : 0;
}

int transfer_run(const struct transfer *transfer, struct err *err)
{
    struct transfer_state state;
    transfer_begin(&state, transfer);
    int result = run_stages(&state, err);
    transfer_end(&state, result, err);
    return result;
}

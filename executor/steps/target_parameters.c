/* SPDX-License-Identifier: MIT */
#include "executor/steps/target_parameters_private.h"

#include "core/attr.h"
#include "executor/servers/sides.h"

/* The service's default of azure.migration_table_split_size. */
enum { SPLIT_DEFAULT_MB = 20480 };

static int read_skips(struct work *work, const struct server *target, struct transfer *transfer)
{
    const struct {
        const char *name;
        bool *skip;
    } skips[] = {
        {"azure.migration_skip_analyze", &transfer->skip_analyze},
        {"azure.migration_skip_large_objects", &transfer->skip_large_objects},
        {"azure.migration_skip_extensions", &transfer->skip_extensions},
    };
    for (size_t i = 0; i < ARRAY_LEN(skips); i++) {
        if (server_parameter_is_on(work->executor, target, skips[i].name, &work->err, skips[i].skip) < 0) {
            return -1;
        }
    }
    return 0;
}

int target_parameters_read(struct work *work, const struct server *target, struct transfer *transfer)
{
    int64_t split_mb = SPLIT_DEFAULT_MB;
    if (read_skips(work, target, transfer) != 0 ||
        server_parameter_number(work->executor, target, "azure.migration_table_split_size", &work->err,
                                &split_mb) != 0) {
        return -1;
    }
    transfer->piece_bytes = split_mb * 1024 * 1024;
    transfer->more_pieces = split_mb == SPLIT_DEFAULT_MB;
    return 0;
}

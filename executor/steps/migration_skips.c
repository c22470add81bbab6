/* SPDX-License-Identifier: MIT */
#include "executor/steps/migration_skips_private.h"

#include "core/attr.h"
#include "executor/servers/sides.h"

int migration_read_skips(struct work *work, const struct server *target, struct transfer *transfer)
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

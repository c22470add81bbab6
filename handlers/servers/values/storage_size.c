/* SPDX-License-Identifier: MIT */
#include "handlers/servers/values/storage_size.h"

#include "core/attr.h"

/* clang-format off */
const struct storage_size storage_sizes[] = {
    {32768, 120, "P4"}, {65536, 240, "P6"}, {131072, 500, "P10"}, {262144, 1100, "P15"}, {524288, 2300, "P20"},
    {1048576, 5000, "P30"}, {2097152, 7500, "P40"}, {4193280, 7500, "P50"}, {4194304, 7500, "P50"},
    {8388608, 16000, "P60"}, {16777216, 18000, "P70"}, {33553408, 20000, "P80"},
};
/* clang-format on */
const size_t storage_size_count = ARRAY_LEN(storage_sizes);

const struct storage_size *storage_size_for(int64_t size_gb)
{
    for (size_t i = 0; i < storage_size_count; i++) {
        if (size_gb <= storage_sizes[i].size_mb / 1024) {
            return &storage_sizes[i];
        }
    }
    return &storage_sizes[storage_size_count - 1];
}

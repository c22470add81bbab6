/* SPDX-License-Identifier: MIT */
#include "handlers/servers/values/compute_size.h"

#include "core/attr.h"
#include "core/str.h"

/* clang-format off */
static const struct compute_size burstable[] = {
    {"Standard_B1ms", 1, 640, 2048}, {"Standard_B2s", 2, 1280, 2048}, {"Standard_B2ms", 2, 1920, 4096},
    {"Standard_B4ms", 4, 2880, 4096}, {"Standard_B8ms", 8, 4320, 4096}, {"Standard_B12ms", 12, 4320, 4096},
    {"Standard_B16ms", 16, 4320, 4096}, {"Standard_B20ms", 20, 4320, 4096},
};
static const struct compute_size general_purpose[] = {
    {"Standard_D2s_v3", 2, 3200, 4096}, {"Standard_D4s_v3", 4, 6400, 4096}, {"Standard_D8s_v3", 8, 12800, 4096},
    {"Standard_D16s_v3", 16, 18000, 4096}, {"Standard_D32s_v3", 32, 18000, 4096},
    {"Standard_D48s_v3", 48, 18000, 4096}, {"Standard_D64s_v3", 64, 18000, 4096},
    {"Standard_D2ds_v4", 2, 3200, 4096}, {"Standard_D4ds_v4", 4, 6400, 4096}, {"Standard_D8ds_v4", 8, 12800, 4096},
    {"Standard_D16ds_v4", 16, 18000, 4096}, {"Standard_D32ds_v4", 32, 18000, 4096},
    {"Standard_D48ds_v4", 48, 18000, 4096}, {"Standard_D64ds_v4", 64, 18000, 4096},
    {"Standard_D2ds_v5", 2, 3750, 4096}, {"Standard_D4ds_v5", 4, 6400, 4096}, {"Standard_D8ds_v5", 8, 12800, 4096},
    {"Standard_D16ds_v5", 16, 20000, 4096}, {"Standard_D32ds_v5", 32, 20000, 4096},
    {"Standard_D48ds_v5", 48, 20000, 4096}, {"Standard_D64ds_v5", 64, 20000, 4096},
    {"Standard_D96ds_v5", 96, 20000, 4096},
    {"Standard_D2ads_v5", 2, 3750, 4096}, {"Standard_D4ads_v5", 4, 6400, 4096}, {"Standard_D8ads_v5", 8, 12800, 4096},
    {"Standard_D16ads_v5", 16, 20000, 4096}, {"Standard_D32ads_v5", 32, 20000, 4096}, {"Standard_D48ads_v5", 48, 20000, 4096},
    {"Standard_D64ads_v5", 64, 20000, 4096}, {"Standard_D96ads_v5", 96, 20000, 4096},
    {"Standard_D2ds_v6", 2, 3750, 4096}, {"Standard_D4ds_v6", 4, 6400, 4096}, {"Standard_D8ds_v6", 8, 12800, 4096},
    {"Standard_D16ds_v6", 16, 20000, 4096}, {"Standard_D32ds_v6", 32, 20000, 4096}, {"Standard_D48ds_v6", 48, 20000, 4096},
    {"Standard_D64ds_v6", 64, 20000, 4096}, {"Standard_D96ds_v6", 96, 20000, 4096}, {"Standard_D128ds_v6", 128, 20000, 4096},
    {"Standard_D192ds_v6", 192, 20000, 4096},
    {"Standard_D2ads_v6", 2, 3750, 4096}, {"Standard_D4ads_v6", 4, 6400, 4096}, {"Standard_D8ads_v6", 8, 12800, 4096},
    {"Standard_D16ads_v6", 16, 20000, 4096}, {"Standard_D32ads_v6", 32, 20000, 4096}, {"Standard_D48ads_v6", 48, 20000, 4096},
    {"Standard_D64ads_v6", 64, 20000, 4096}, {"Standard_D96ads_v6", 96, 20000, 4096},
};
static const struct compute_size memory_optimized[] = {
    {"Standard_E2s_v3", 2, 3200, 8192}, {"Standard_E4s_v3", 4, 6400, 8192}, {"Standard_E8s_v3", 8, 12800, 8192},
    {"Standard_E16s_v3", 16, 18000, 8192}, {"Standard_E32s_v3", 32, 18000, 8192},
    {"Standard_E48s_v3", 48, 18000, 8192}, {"Standard_E64s_v3", 64, 18000, 6912},
    {"Standard_E2ds_v4", 2, 3200, 8192}, {"Standard_E4ds_v4", 4, 6400, 8192}, {"Standard_E8ds_v4", 8, 12800, 8192},
    {"Standard_E16ds_v4", 16, 18000, 8192}, {"Standard_E20ds_v4", 20, 18000, 8192},
    {"Standard_E32ds_v4", 32, 18000, 8192}, {"Standard_E48ds_v4", 48, 18000, 8192},
    {"Standard_E64ds_v4", 64, 18000, 6912},
    {"Standard_E2ds_v5", 2, 3750, 8192}, {"Standard_E4ds_v5", 4, 6400, 8192}, {"Standard_E8ds_v5", 8, 12800, 8192},
    {"Standard_E16ds_v5", 16, 20000, 8192}, {"Standard_E20ds_v5", 20, 20000, 8192},
    {"Standard_E32ds_v5", 32, 20000, 8192}, {"Standard_E48ds_v5", 48, 20000, 8192},
    {"Standard_E64ds_v5", 64, 20000, 8192}, {"Standard_E96ds_v5", 96, 20000, 7168},
    {"Standard_E2ads_v5", 2, 3750, 8192}, {"Standard_E4ads_v5", 4, 6400, 8192}, {"Standard_E8ads_v5", 8, 12800, 8192},
    {"Standard_E16ads_v5", 16, 20000, 8192}, {"Standard_E20ads_v5", 20, 20000, 8192}, {"Standard_E32ads_v5", 32, 20000, 8192},
    {"Standard_E48ads_v5", 48, 20000, 8192}, {"Standard_E64ads_v5", 64, 20000, 8192}, {"Standard_E96ads_v5", 96, 20000, 8192},
    {"Standard_E2ds_v6", 2, 3750, 8192}, {"Standard_E4ds_v6", 4, 6400, 8192}, {"Standard_E8ds_v6", 8, 12800, 8192},
    {"Standard_E16ds_v6", 16, 20000, 8192}, {"Standard_E20ds_v6", 20, 20000, 8192}, {"Standard_E32ds_v6", 32, 20000, 8192},
    {"Standard_E48ds_v6", 48, 20000, 8192}, {"Standard_E64ds_v6", 64, 20000, 8192}, {"Standard_E96ds_v6", 96, 20000, 8192},
    {"Standard_E128ds_v6", 128, 20000, 8192}, {"Standard_E192ds_v6", 192, 20000, 8192},
    {"Standard_E2ads_v6", 2, 3750, 8192}, {"Standard_E4ads_v6", 4, 6400, 8192}, {"Standard_E8ads_v6", 8, 12800, 8192},
    {"Standard_E16ads_v6", 16, 20000, 8192}, {"Standard_E20ads_v6", 20, 20000, 8192}, {"Standard_E32ads_v6", 32, 20000, 8192},
    {"Standard_E48ads_v6", 48, 20000, 8192}, {"Standard_E64ads_v6", 64, 20000, 8192}, {"Standard_E96ads_v6", 96, 20000, 8192},
};
const struct compute_edition compute_editions[] = {
    {"Burstable", burstable, ARRAY_LEN(burstable)},
    {"GeneralPurpose", general_purpose, ARRAY_LEN(general_purpose)},
    {"MemoryOptimized", memory_optimized, ARRAY_LEN(memory_optimized)},
};
/* clang-format on */
const size_t compute_edition_count = ARRAY_LEN(compute_editions);

const char *compute_size_edition(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(compute_editions); i++) {
        for (size_t j = 0; j < compute_editions[i].count; j++) {
            if (str_iequals(compute_editions[i].sizes[j].name, name)) {
                return compute_editions[i].name;
            }
        }
    }
    return NULL;
}

/* SPDX-License-Identifier: MIT */
/* $filter of resource lists. */
#include "tests/fuzz/fuzz.h"

#include "handlers/resources/resource_filter_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_free char *filter = fuzz_text(data, size);
    json_auto_t *tags = json_pack("{s:s, s:s}", "env", "dev", "team", "shop");
    const struct filter_item items[] = {
        {.type = "Microsoft.DBforPostgreSQL/flexibleServers",
         .name = "shop",
         .location = "eastus",
         .group = "rg",
         .tags = tags},
        {0},
    };
    json_auto_t *as_query = json_string(filter);
    if (as_query == NULL) { /* request_set_uri() rejects invalid UTF-8 */
        return 0;
    }
    fuzz_begin();
    int results[ARRAY_LEN(items)] = {0};
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        struct err err = {0};
        bool passes = false;
        results[i] = resource_filter_match(filter, &items[i], &err, &passes);
        fuzz_check(results[i], &err);
    }
    fuzz_require(results[0] == results[1], "a filter is one whatever the item is");
    fuzz_end();
    return 0;
}

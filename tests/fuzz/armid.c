/* SPDX-License-Identifier: MIT */
/* Resource ids. */
#include "tests/fuzz/fuzz.h"

#include "handlers/arm/naming/armid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_free char *text = fuzz_text(data, size);
    fuzz_begin();
    auto_armid struct armid id = {0};
    if (armid_parse(text, &id)) {
        fuzz_require(id.subscription_id != NULL, "an id has a subscription");
        fuzz_require(id.depth >= 0 && id.depth <= ARMID_TYPES_MAX, "the depth is within bounds");
        fuzz_require(id.depth == 0 || id.provider != NULL, "types have a provider");
        for (int i = 0; i < id.depth; i++) {
            fuzz_require(id.types[i] != NULL && id.names[i] != NULL, "each type has a name");
        }
    }
    fuzz_end();
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* A whole template as JSON; its member "given" holds the parameters of the deployment. */
#include "tests/fuzz/json_mutator.h"
#include "tests/fuzz/template_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_auto_t *source = json_loadb((const char *)data, size, 0, NULL);
    if (!json_is_object(source)) {
        return 0;
    }
    json_auto_t *none = json_object();
    json_t *given = json_object_get(source, "given");
    fuzz_begin();
    fuzz_deploy(source, json_is_object(given) ? given : none);
    fuzz_end();
    return 0;
}

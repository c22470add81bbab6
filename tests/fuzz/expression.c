/* SPDX-License-Identifier: MIT */
/* One template expression, as the value of an output. */
#include "tests/fuzz/template_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_free char *expression = fuzz_text(data, size);
    json_auto_t *source =
        json_pack("{s:{s:{s:s,s:s},s:{s:s}}, s:{s:[i,i,i],s:{s:s}}, s:[], s:{s:{s:s,s:s%}}}", "parameters",
                  "text", "type", "string", "defaultValue", "default", "secret", "type", "securestring",
                  "variables", "list", 1, 2, 3, "object", "key", "value", "resources", "outputs", "o", "type",
                  "object", "value", expression, size);
    if (source == NULL) {
        return 0;
    }
    json_auto_t *given = json_pack("{s:{s:s}}", "secret", "value", "hunter2");
    fuzz_begin();
    fuzz_deploy(source, given);
    fuzz_end();
    return 0;
}

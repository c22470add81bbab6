/* SPDX-License-Identifier: MIT */
/* "properties" of a migration, read and shown in every dialect. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/json_mutator.h"

#include <stdlib.h>

#include "core/str.h"
#include "handlers/migrations/dialect.h"

static void show(const struct migration *migration)
{
    size_t count = 0;
    const struct dialect *dialects = dialect_list(&count);
    for (size_t i = 0; i < count; i++) {
        const struct migration_view view = {
            .migration = migration, .target_resource_id = "/t", .detail = DETAIL_FULL};
        json_auto_t *shown = dialect_write(&dialects[i], &view);
        fuzz_require(shown != NULL, "what was read can be shown");
        auto_free char *text = json_dumps(shown, JSON_COMPACT);
        fuzz_require(text != NULL, "what is shown can be written");
        json_auto_t *asked = dialect_write_request(&dialects[i], &view, ACCESS_PUT);
        fuzz_require(asked != NULL, "what was read can be asked for");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_auto_t *body = json_pack("{s:o}", "properties", json_loadb((const char *)data, size, 0, NULL));
    if (body == NULL) {
        return 0;
    }
    fuzz_begin();
    auto_dialect_request struct dialect_request request = {0};
    struct err err = {0};
    int result = dialect_read(body, &err, &request);
    fuzz_check(result, &err);
    if (result == 0) {
        auto_migration struct migration migration = {0};
        migration_spec_init(&migration.spec);
        migration.name = str_dup("m");
        fuzz_check(dialect_merge(&request, &migration.spec, &err), &err);
        (void)dialect_first_difference(&request, &migration.spec, ACCESS_PUT, ACCESS_SECRET);
        show(&migration);
    }
    fuzz_end();
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* pg_dump's archive: parses its table of contents, and calls the functions of the restore for each entry. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "engine/dump/archive.h"
#include "engine/dump/restore_entry_private.h"

static size_t look_at(const struct archive *archive, const struct archive_entry *entry)
{
    auto_buf struct buf label = BUF_MAX(1 << 20);
    restore_add_label(&label, entry);
    size_t sum = strlen(buf_text(&label)) + strlen(entry->definition) + strlen(entry->drop) +
                 strlen(entry->owner) + strlen(entry->access_method);
    sum += (size_t)restore_pass_of(archive, entry) + (restore_is_vital(entry) ? 1 : 0);
    for (size_t i = 0; i < entry->dependency_count; i++) {
        sum += archive_find(archive, entry->dependencies[i]) != NULL ? 1 : 0;
    }
    fuzz_require(archive_find(archive, entry->id) != NULL, "an entry is found by its id");
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static volatile size_t sink; /* so that the compiler keeps the reads of the texts */
    char *bytes = malloc(size == 0 ? 1 : size);
    fuzz_require(bytes != NULL, "memory for the input");
    if (size > 0) {
        memcpy(bytes, data, size);
    }
    fuzz_begin();
    auto_archive struct archive archive = {0};
    struct err err = {0};
    int result = archive_parse(bytes, size, &err, &archive);
    fuzz_check(result, &err);
    for (size_t i = 0; result == 0 && i < archive.count; i++) {
        sink += look_at(&archive, &archive.entries[i]);
    }
    (void)sink;
    fuzz_end();
    return 0;
}

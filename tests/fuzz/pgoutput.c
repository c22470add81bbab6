/* SPDX-License-Identifier: MIT */
/* A stream of pgoutput messages, each preceded by two bytes of its length; one struct parses them all, as
 * in the follower. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "engine/replication/pgoutput.h"

static size_t look_at(const struct pgoutput_tuple *tuple)
{
    size_t sum = 0;
    for (size_t i = 0; tuple->values != NULL && i < tuple->count; i++) {
        const struct pgoutput_value *value = &tuple->values[i];
        for (uint32_t at = 0; value->kind == PGOUTPUT_TEXT && at < value->len; at++) {
            sum += (unsigned char)value->text[at];
        }
    }
    return sum;
}

static size_t read_message(struct pgoutput_message *message, const uint8_t *data, size_t size)
{
    struct err err = {0};
    int result = pgoutput_parse((const char *)data, size, message, &err);
    fuzz_check(result, &err);
    if (result < 0) {
        return 0;
    }
    size_t sum = look_at(&message->old) + look_at(&message->fresh);
    if (message->kind == PGOUTPUT_RELATION) {
        sum += strlen(message->schema) + strlen(message->name);
        for (size_t i = 0; i < message->column_count; i++) {
            sum += strlen(message->columns[i].name);
        }
    }
    for (size_t i = 0; message->kind == PGOUTPUT_TRUNCATE && i < message->relation_count; i++) {
        sum += message->relations[i];
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static volatile size_t sink; /* so that the compiler keeps the reads of the bytes */
    fuzz_begin();
    auto_pgoutput_message struct pgoutput_message message = {0};
    while (size >= 2) {
        size_t len = (size_t)data[0] << 8 | data[1];
        len = len > size - 2 ? size - 2 : len;
        auto_free char *copy = fuzz_text(data + 2, len);
        sink = read_message(&message, (const uint8_t *)copy, len);
        data += 2 + len;
        size -= 2 + len;
    }
    (void)sink;
    fuzz_end();
    return 0;
}

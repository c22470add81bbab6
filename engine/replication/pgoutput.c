/* SPDX-License-Identifier: MIT */
#include "engine/replication/pgoutput.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"

/* PostgreSQL counts microseconds from 2000-01-01. */
#define EPOCH_US INT64_C(946684800000000)

enum { TRUNCATE_CASCADE = 1, TRUNCATE_RESTART_IDENTITY = 2, COLUMN_IS_KEY = 1 };

/* The unread rest of a message. After a read beyond the end, it stays failed and returns zeros. */
struct cursor {
    const unsigned char *at;
    size_t left;
    bool failed;
};

static bool take(struct cursor *cursor, size_t len)
{
    if (cursor->failed || cursor->left < len) {
        cursor->failed = true;
        return false;
    }
    cursor->at += len;
    cursor->left -= len;
    return true;
}

/* A big-endian number of "len" bytes. */
static uint64_t take_number(struct cursor *cursor, size_t len)
{
    const unsigned char *bytes = cursor->at;
    if (!take(cursor, len)) {
        return 0;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < len; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

static uint8_t take_u8(struct cursor *cursor)
{
    return (uint8_t)take_number(cursor, 1);
}

static uint16_t take_u16(struct cursor *cursor)
{
    return (uint16_t)take_number(cursor, 2);
}

static uint32_t take_u32(struct cursor *cursor)
{
    return (uint32_t)take_number(cursor, 4);
}

static uint64_t take_u64(struct cursor *cursor)
{
    return take_number(cursor, 8);
}

static int64_t take_time(struct cursor *cursor)
{
    int64_t us = 0;
    if (__builtin_add_overflow((int64_t)take_u64(cursor), EPOCH_US, &us)) {
        cursor->failed = true;
    }
    return us;
}

/* A string that ends with NUL; "" after a failure. */
static const char *take_text(struct cursor *cursor)
{
    const char *text = (const char *)cursor->at;
    const void *end = cursor->left == 0 ? NULL : memchr(text, '\0', cursor->left);
    if (end == NULL) {
        cursor->failed = true;
        return "";
    }
    return take(cursor, (size_t)((const char *)end - text) + 1) ? text : "";
}

/* Makes room for "needed" elements and keeps the contents. False when memory is out. */
static bool reserve(void **space, size_t *room, size_t needed, size_t element_bytes)
{
    if (needed <= *room && *space != NULL) {
        return true;
    }
    size_t more = needed < 16 ? 16 : needed;
    void *grown = reallocarray(*space, more, element_bytes);
    if (grown == NULL) {
        return false;
    }
    *space = grown;
    *room = more;
    return true;
}

/* ---- the parts of messages: 0, or -1 when memory is out; what is malformed fails the cursor -------------
 */

static void read_value(struct cursor *cursor, struct pgoutput_value *value)
{
    *value = (struct pgoutput_value){.kind = PGOUTPUT_NULL};
    uint8_t tag = take_u8(cursor);
    switch (tag) {
    case 'n':
        break;
    case 'u':
        value->kind = PGOUTPUT_UNCHANGED;
        break;
    case 't':
    case 'b':
        value->kind = tag == 't' ? PGOUTPUT_TEXT : PGOUTPUT_BINARY;
        value->len = take_u32(cursor);
        value->text = (const char *)cursor->at;
        take(cursor, value->len);
        break;
    default:
        cursor->failed = true;
    }
}

/* Reads a tuple behind the values that are already in use ("used"). */
static int read_tuple(struct cursor *cursor, struct pgoutput_message *message, size_t used, size_t *ret_count)
{
    size_t count = take_u16(cursor);
    if (count > PGOUTPUT_COLUMNS_MAX) {
        cursor->failed = true;
    }
    if (cursor->failed) {
        return 0;
    }
    void *space = message->value_space;
    if (!reserve(&space, &message->value_room, used + count, sizeof(*message->value_space))) {
        return -1;
    }
    message->value_space = space;
    for (size_t i = 0; i < count && !cursor->failed; i++) {
        read_value(cursor, &message->value_space[used + i]);
    }
    *ret_count = count;
    return 0;
}

static int read_insert(struct cursor *cursor, struct pgoutput_message *message)
{
    message->relation = take_u32(cursor);
    if (take_u8(cursor) != 'N') {
        cursor->failed = true;
        return 0;
    }
    int result = read_tuple(cursor, message, 0, &message->fresh.count);
    message->fresh.values = message->value_space;
    return result;
}

static int read_update(struct cursor *cursor, struct pgoutput_message *message)
{
    message->relation = take_u32(cursor);
    uint8_t part = take_u8(cursor);
    bool has_old = part == 'K' || part == 'O';
    if (has_old) {
        message->old_full = part == 'O';
        if (read_tuple(cursor, message, 0, &message->old.count) != 0) {
            return -1;
        }
        part = take_u8(cursor);
    }
    if (part != 'N') {
        cursor->failed = true;
        return 0;
    }
    int result = read_tuple(cursor, message, message->old.count, &message->fresh.count);
    message->old.values = has_old ? message->value_space : NULL;
    message->fresh.values = cursor->failed ? NULL : message->value_space + message->old.count;
    return result;
}

static int read_delete(struct cursor *cursor, struct pgoutput_message *message)
{
    message->relation = take_u32(cursor);
    uint8_t part = take_u8(cursor);
    if (part != 'K' && part != 'O') {
        cursor->failed = true;
        return 0;
    }
    message->old_full = part == 'O';
    int result = read_tuple(cursor, message, 0, &message->old.count);
    message->old.values = message->value_space;
    return result;
}

static int read_relation(struct cursor *cursor, struct pgoutput_message *message)
{
    message->relation = take_u32(cursor);
    message->schema = take_text(cursor);
    message->name = take_text(cursor);
    message->identity = (char)take_u8(cursor);
    size_t count = take_u16(cursor);
    if (count > PGOUTPUT_COLUMNS_MAX || message->identity == '\0' ||
        strchr("dnfi", message->identity) == NULL) {
        cursor->failed = true;
    }
    if (cursor->failed) {
        return 0;
    }
    void *space = message->column_space;
    if (!reserve(&space, &message->column_room, count, sizeof(*message->column_space))) {
        return -1;
    }
    message->column_space = space;
    for (size_t i = 0; i < count && !cursor->failed; i++) {
        struct pgoutput_column *column = &message->column_space[i];
        column->key = (take_u8(cursor) & COLUMN_IS_KEY) != 0;
        column->name = take_text(cursor);
        column->type = take_u32(cursor);
        column->modifier = (int32_t)take_u32(cursor);
    }
    message->columns = message->column_space;
    message->column_count = count;
    return 0;
}

static int read_truncate(struct cursor *cursor, struct pgoutput_message *message)
{
    size_t count = take_u32(cursor);
    uint8_t options = take_u8(cursor);
    if (cursor->failed || count != cursor->left / sizeof(uint32_t)) {
        cursor->failed = true;
        return 0;
    }
    void *space = message->relation_space;
    if (!reserve(&space, &message->relation_room, count, sizeof(*message->relation_space))) {
        return -1;
    }
    message->relation_space = space;
    for (size_t i = 0; i < count; i++) {
        message->relation_space[i] = take_u32(cursor);
    }
    message->relations = message->relation_space;
    message->relation_count = count;
    message->cascade = (options & TRUNCATE_CASCADE) != 0;
    message->restart_identity = (options & TRUNCATE_RESTART_IDENTITY) != 0;
    return 0;
}

static int read_begin(struct cursor *cursor, struct pgoutput_message *message)
{
    message->commit_position = take_u64(cursor);
    message->commit_us = take_time(cursor);
    message->transaction = take_u32(cursor);
    return 0;
}

static int read_commit(struct cursor *cursor, struct pgoutput_message *message)
{
    take_u8(cursor); /* flags: none are defined */
    message->commit_position = take_u64(cursor);
    message->end_position = take_u64(cursor);
    message->commit_us = take_time(cursor);
    return 0;
}

static int pass_origin(struct cursor *cursor, struct pgoutput_message *message maybe_unused)
{
    take_u64(cursor);
    take_text(cursor);
    return 0;
}

static int pass_type(struct cursor *cursor, struct pgoutput_message *message maybe_unused)
{
    take_u32(cursor);
    take_text(cursor);
    take_text(cursor);
    return 0;
}

static int pass_logical_message(struct cursor *cursor, struct pgoutput_message *message maybe_unused)
{
    take_u8(cursor);
    take_u64(cursor);
    take_text(cursor);
    take(cursor, take_u32(cursor));
    return 0;
}

/* ---- messages --------------------------------------------------------------------------------------------
 */

struct form {
    char tag;
    enum pgoutput_kind kind;
    int (*read)(struct cursor *cursor, struct pgoutput_message *message);
};

static const struct form forms[] = {
    {'B', PGOUTPUT_BEGIN, read_begin},       {'C', PGOUTPUT_COMMIT, read_commit},
    {'R', PGOUTPUT_RELATION, read_relation}, {'I', PGOUTPUT_INSERT, read_insert},
    {'U', PGOUTPUT_UPDATE, read_update},     {'D', PGOUTPUT_DELETE, read_delete},
    {'T', PGOUTPUT_TRUNCATE, read_truncate}, {'O', PGOUTPUT_IGNORED, pass_origin},
    {'Y', PGOUTPUT_IGNORED, pass_type},      {'M', PGOUTPUT_IGNORED, pass_logical_message},
};

static const struct form *find_form(unsigned char tag)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if ((unsigned char)forms[i].tag == tag) {
            return &forms[i];
        }
    }
    return NULL;
}

/* Clears the message but keeps its memory. */
static void reset(struct pgoutput_message *message)
{
    *message = (struct pgoutput_message){
        .schema = "",
        .name = "",
        .value_space = message->value_space,
        .column_space = message->column_space,
        .relation_space = message->relation_space,
        .value_room = message->value_room,
        .column_room = message->column_room,
        .relation_room = message->relation_room,
    };
}

int pgoutput_parse(const char *bytes, size_t len, struct pgoutput_message *message, struct err *err)
{
    struct cursor cursor = {.at = (const unsigned char *)bytes, .left = len};
    reset(message);
    unsigned char tag = take_u8(&cursor);
    const struct form *form = cursor.failed ? NULL : find_form(tag);
    if (form == NULL) {
        err_set(err, ERR_INTERNAL,
                "The source's change stream holds a message of an unknown kind (0x%02x, %zu bytes).",
                (unsigned)tag, len);
        err->lasting = true;
        return -1;
    }
    message->kind = form->kind;
    if (form->read(&cursor, message) != 0) {
        reset(message);
        return err_no_memory(err);
    }
    if (cursor.failed || cursor.left != 0) {
        reset(message);
        err_set(err, ERR_INTERNAL,
                "The source's change stream holds a malformed message (kind '%c', %zu bytes, %s).", form->tag,
                len, cursor.failed ? "cut off or with an impossible length" : "with bytes left over");
        err->lasting = true;
        return -1;
    }
    return 0;
}

void pgoutput_message_done(struct pgoutput_message *message)
{
    free(message->value_space);
    free(message->column_space);
    free(message->relation_space);
    *message = (struct pgoutput_message){0};
}

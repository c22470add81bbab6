/* SPDX-License-Identifier: MIT */
/* One message of each kind that pgoutput sends, for tests. */
#ifndef TESTS_UNIT_PGOUTPUT_MESSAGES_H
#define TESTS_UNIT_PGOUTPUT_MESSAGES_H

#include <string.h>

struct bytes {
    char data[256];
    size_t len;
};

static inline void put(struct bytes *bytes, uint64_t number, size_t len)
{
    for (size_t i = len; i-- > 0;) {
        assert_true(bytes->len < sizeof(bytes->data));
        bytes->data[bytes->len++] = (char)(number >> (8 * i));
    }
}

static inline void put_text(struct bytes *bytes, const char *text)
{
    for (const char *at = text;; at++) {
        put(bytes, (unsigned char)*at, 1);
        if (*at == '\0') {
            break;
        }
    }
}

/* A column of a tuple: kind, and text when it is 't'. */
static inline void put_value(struct bytes *bytes, char kind, const char *text)
{
    put(bytes, (unsigned char)kind, 1);
    if (kind == 't') {
        put(bytes, strlen(text), 4);
        for (const char *at = text; *at != '\0'; at++) {
            put(bytes, (unsigned char)*at, 1);
        }
    }
}

/* ---- one of each -----------------------------------------------------------------------------------------
 */

static inline struct bytes begin_message(void)
{
    struct bytes bytes = {0};
    put(&bytes, 'B', 1);
    put(&bytes, 0x16B374D848, 8);
    put(&bytes, 1000000, 8); /* a second after 2000-01-01 */
    put(&bytes, 4711, 4);
    return bytes;
}

static inline struct bytes commit_message(void)
{
    struct bytes bytes = {0};
    put(&bytes, 'C', 1);
    put(&bytes, 0, 1);
    put(&bytes, 0x16B374D848, 8);
    put(&bytes, 0x16B374D900, 8);
    put(&bytes, 0, 8);
    return bytes;
}

static inline struct bytes relation_message(void)
{
    struct bytes bytes = {0};
    put(&bytes, 'R', 1);
    put(&bytes, 16385, 4);
    put_text(&bytes, "public");
    put_text(&bytes, "a table");
    put(&bytes, 'd', 1);
    put(&bytes, 2, 2);
    put(&bytes, 1, 1);
    put_text(&bytes, "id");
    put(&bytes, 23, 4);
    put(&bytes, UINT32_MAX, 4);
    put(&bytes, 0, 1);
    put_text(&bytes, "");
    put(&bytes, 1043, 4);
    put(&bytes, 14, 4);
    return bytes;
}

static inline struct bytes insert_message(void)
{
    struct bytes bytes = {0};
    put(&bytes, 'I', 1);
    put(&bytes, 16385, 4);
    put(&bytes, 'N', 1);
    put(&bytes, 3, 2);
    put_value(&bytes, 't', "42");
    put_value(&bytes, 'n', NULL);
    put_value(&bytes, 't', "");
    return bytes;
}

/* part: 'K', 'O' or 0. */
static inline struct bytes update_message(char part)
{
    struct bytes bytes = {0};
    put(&bytes, 'U', 1);
    put(&bytes, 16385, 4);
    if (part != 0) {
        put(&bytes, (unsigned char)part, 1);
        put(&bytes, 2, 2);
        put_value(&bytes, 't', "old");
        put_value(&bytes, 'n', NULL);
    }
    put(&bytes, 'N', 1);
    put(&bytes, 2, 2);
    put_value(&bytes, 't', "new");
    put_value(&bytes, 'u', NULL);
    return bytes;
}

static inline struct bytes delete_message(char part)
{
    struct bytes bytes = {0};
    put(&bytes, 'D', 1);
    put(&bytes, 16385, 4);
    put(&bytes, (unsigned char)part, 1);
    put(&bytes, 1, 2);
    put_value(&bytes, 't', "gone");
    return bytes;
}

static inline struct bytes truncate_message(void)
{
    struct bytes bytes = {0};
    put(&bytes, 'T', 1);
    put(&bytes, 2, 4);
    put(&bytes, 2, 1);
    put(&bytes, 16385, 4);
    put(&bytes, 16390, 4);
    return bytes;
}

static inline struct bytes origin_message(void)
{
    struct bytes bytes = {0};
    put(&bytes, 'O', 1);
    put(&bytes, 7, 8);
    put_text(&bytes, "elsewhere");
    return bytes;
}

static inline struct bytes type_message(void)
{
    struct bytes bytes = {0};
    put(&bytes, 'Y', 1);
    put(&bytes, 16400, 4);
    put_text(&bytes, "public");
    put_text(&bytes, "mood");
    return bytes;
}

static inline struct bytes logical_message(void)
{
    struct bytes bytes = {0};
    put(&bytes, 'M', 1);
    put(&bytes, 1, 1);
    put(&bytes, 7, 8);
    put_text(&bytes, "malachite");
    put(&bytes, 3, 4);
    put(&bytes, 0x616263, 3);
    return bytes;
}

enum { MESSAGES = 13 };

static inline void make_messages(struct bytes messages[static MESSAGES])
{
    const struct bytes all[MESSAGES] = {
        begin_message(),     commit_message(),    relation_message(),  insert_message(),
        update_message(0),   update_message('K'), update_message('O'), delete_message('K'),
        delete_message('O'), truncate_message(),  origin_message(),    type_message(),
        logical_message(),
    };
    memcpy(messages, all, sizeof(all));
}

#endif

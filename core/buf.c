/* SPDX-License-Identifier: MIT */
#include "core/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum { BUF_FIRST_ALLOCATION = 128, BUF_GROWTH_LIMIT = 1 << 30 };

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

/* The buffer may contain passwords and keys. */
static void wipe(struct buf *buf)
{
    if (buf->data != NULL) {
        explicit_bzero(buf->data, buf->len);
    }
}

void buf_done(struct buf *buf)
{
    wipe(buf);
    free(buf->data);
    *buf = (struct buf){.max = buf->max};
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->data != NULL) {
        buf->data[0] = '\0';
    }
}

/* Makes room for more bytes and the terminating NUL. */
static bool reserve(struct buf *buf, size_t more)
{
    if (buf->failed || more > buf->max - buf->len || more >= SIZE_MAX - buf->len) {
        buf->failed = true;
        return false;
    }
    size_t needed = buf->len + more + 1;
    if (needed <= buf->allocated) {
        return true;
    }
    size_t allocated = buf->allocated == 0 ? BUF_FIRST_ALLOCATION : buf->allocated;
    while (allocated < needed) {
        allocated = allocated < BUF_GROWTH_LIMIT ? allocated * 2 : needed;
    }
    char *data = memory_checked(malloc(allocated));
    if (data == NULL) {
        buf->failed = true;
        return false;
    }
    memcpy(data, buf_text(buf), buf->len + 1);
    wipe(buf); /* realloc() would leave a copy behind */
    free(buf->data);
    buf->data = data;
    buf->allocated = allocated;
    return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (!reserve(buf, len)) {
        return;
    }
    if (len > 0) {
        memcpy(buf->data + buf->len, bytes, len);
    }
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void buf_adds(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_addc(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_vaddf(struct buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0 || !reserve(buf, (size_t)len)) {
        buf->failed = true;
        return;
    }
    vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
    buf->len += (size_t)len;
}

void buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vaddf(buf, format, args);
    va_end(args);
}

bool buf_failed(const struct buf *buf)
{
    return buf->failed;
}

const char *buf_text(const struct buf *buf)
{
    return buf->data == NULL ? "" : buf->data;
}

char *buf_take(struct buf *buf)
{
    if (buf->failed || !reserve(buf, 0)) {
        return NULL;
    }
    char *text = buf->data;
    text[buf->len] = '\0';
    *buf = (struct buf){.max = buf->max};
    return text;
}

void buf_add_encoded(struct buf *buf, const char *text, const char *also)
{
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
                     strchr("-._~", c) != NULL || strchr(also, c) != NULL;
        if (plain) {
            buf_addc(buf, *at);
        } else {
            buf_addf(buf, "%%%02X", c);
        }
    }
}

/* SPDX-License-Identifier: MIT */
/*
 * A growable byte string with a mandatory maximum, which limits the memory that a client or a server can
 * use. Errors stick: after one failed append all later ones fail, so a series of appends needs only one
 * check, at its end, with buf_failed().
 */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/attr.h"

struct buf {
    char *data; /* NUL-terminated when not NULL */
    size_t len;
    size_t allocated;
    size_t max; /* largest len */
    bool failed;
};

#define BUF_MAX(bytes)                                                                                       \
    {                                                                                                        \
        .max = (bytes)                                                                                       \
    }

void buf_init(struct buf *buf, size_t max);
/* Releases the memory; the buffer is empty and usable afterwards. */
void buf_done(struct buf *buf);
/* Empties the buffer, keeps its memory, clears the failure. */
void buf_reset(struct buf *buf);

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_adds(struct buf *buf, const char *text);
void buf_addc(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *format, ...) printf_like(2, 3);
/* Appends text for a URL: percent-encodes all characters except letters, digits, "-._~" and those in also. */
void buf_add_encoded(struct buf *buf, const char *text, const char *also);
void buf_vaddf(struct buf *buf, const char *format, va_list args) printf_like(2, 0);

/* True if an append exceeded the maximum or memory ran out. */
bool buf_failed(const struct buf *buf);
/* The text, never NULL; owned by the buffer, valid until the next append. */
const char *buf_text(const struct buf *buf);
/* Hands the text over to the caller, who frees it; the buffer is empty afterwards. NULL after a failure. */
char *buf_take(struct buf *buf);

#define auto_buf __attribute__((cleanup(buf_done)))

#endif

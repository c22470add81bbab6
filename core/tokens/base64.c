/* SPDX-License-Identifier: MIT */
#include "core/tokens/base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/memory.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *base64url_encode(const void *bytes, size_t len)
{
    const unsigned char *from = bytes;
    char *text = memory_checked(malloc(len / 3 * 4 + 5));
    if (text == NULL) {
        return NULL;
    }
    size_t used = 0;
    uint32_t bits = 0;
    unsigned pending = 0; /* bits not written yet */
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | from[i];
        for (pending += 8; pending >= 6; pending -= 6) {
            text[used++] = alphabet[bits >> (pending - 6) & 63];
        }
    }
    if (pending > 0) {
        text[used++] = alphabet[bits << (6 - pending) & 63];
    }
    text[used] = '\0';
    return text;
}

char *base64url_decode(const char *text, size_t len, size_t *ret_len)
{
    auto_free char *bytes = len % 4 == 1 ? NULL : memory_checked(malloc(len / 4 * 3 + 3));
    if (bytes == NULL) {
        return NULL;
    }
    size_t used = 0;
    uint32_t bits = 0;
    unsigned pending = 0;
    for (size_t i = 0; i < len; i++) {
        const char *at = text[i] == '\0' ? NULL : strchr(alphabet, text[i]);
        if (at == NULL) {
            return NULL;
        }
        bits = bits << 6 | (uint32_t)(at - alphabet);
        pending += 6;
        if (pending >= 8) {
            pending -= 8;
            bytes[used++] = (char)(bits >> pending & 0xFF);
        }
    }
    bytes[used] = '\0';
    *ret_len = used;
    return TAKE(bytes);
}

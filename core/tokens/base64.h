/* SPDX-License-Identifier: MIT */
/* Base64 with the alphabet for URLs and without padding (RFC 4648 section 5), as used in tokens. */
#ifndef CORE_TOKENS_BASE64_H
#define CORE_TOKENS_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* New memory that the caller frees; NULL when memory is out. */
char *base64url_encode(const void *bytes, size_t len);
/*
 * Decodes len characters. The result is new memory, which the caller frees, with a terminating NUL that
 * ret_len does not count. NULL if the text is not in this alphabet or is padded, or memory is out.
 */
char *base64url_decode(const char *text, size_t len, size_t *ret_len);

#endif

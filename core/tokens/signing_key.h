/* SPDX-License-Identifier: MIT */
/*
 * The RSA key that signs Malachite's tokens, kept in a file. Making one takes a few hundred milliseconds, so
 * a thread of its own reads or makes it; callers that need the key earlier wait.
 */
#ifndef CORE_TOKENS_SIGNING_KEY_H
#define CORE_TOKENS_SIGNING_KEY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct signing_key;

/*
 * Begins to read the key from a PEM file, or to make one and write it there (mode 0600) when the file is
 * missing or holds no RSA key. A file that cannot be written is logged; the key is then good until the
 * process ends.
 */
int signing_key_open(const char *path, struct err *err, struct signing_key **ret_key);
/* Waits for the thread. NULL is fine. */
void signing_key_close(struct signing_key *key);

/* The functions below may be called by any thread and wait until the key is there; they fail permanently if
 * OpenSSL could not make one. */

/* RSASSA-PKCS1-v1_5 with SHA-256, in base64url: new memory that the caller frees, or NULL. */
char *signing_key_sign(struct signing_key *key, const char *text, size_t len);
bool signing_key_verify(struct signing_key *key, const char *text, size_t len, const void *signature,
                        size_t signature_len);
/* The public half as a JSON Web Key, with its kid. New reference, or NULL. */
json_t *signing_key_public(struct signing_key *key);
/* The name of the key in the header of tokens, owned by the key; "" when there is no key. */
const char *signing_key_id(struct signing_key *key);

#endif

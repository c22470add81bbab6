/* SPDX-License-Identifier: MIT */
/*
 * The RSA key that signs Malachite's tokens, stored in a file. Creating it takes a few hundred
 * milliseconds, so a separate thread reads or creates it; callers that need the key earlier wait.
 */
#ifndef CORE_TOKENS_SIGNING_KEY_H
#define CORE_TOKENS_SIGNING_KEY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct signing_key;

/*
 * Reads the key from a PEM file, or starts creating one and writing it there (mode 0600) if there is no
 * file. ERR_BAD_INPUT if the file cannot be read, can be read by others, or contains no RSA key: it is never
 * replaced. A new file that cannot be written is logged; the key is then valid until the process ends.
 */
int signing_key_open(const char *path, struct err *err, struct signing_key **ret_key);
/* Waits for the thread. NULL is fine. */
void signing_key_close(struct signing_key *key);

/* Any thread may call the functions below. They wait until the key is ready, and fail permanently if
 * OpenSSL could not create one. */

/* RSASSA-PKCS1-v1_5 with SHA-256, in base64url: new memory, which the caller frees, or NULL. */
char *signing_key_sign(struct signing_key *key, const char *text, size_t len);
bool signing_key_verify(struct signing_key *key, const char *text, size_t len, const void *signature,
                        size_t signature_len);
/* The public half as a JSON Web Key, with its kid. New reference, or NULL. */
json_t *signing_key_public(struct signing_key *key);
/* The key's id in the header of tokens, owned by the key; "" if there is no key. */
const char *signing_key_id(struct signing_key *key);

#endif

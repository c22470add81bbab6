/* SPDX-License-Identifier: MIT */
/*
 * Secrets at rest: AES-256-GCM with a random nonce per value and a key in a separate file, so that a copy
 * of the database alone reveals no password. Each value is bound to its context ("server/shop/password"):
 * a sealed value copied to another row cannot be opened.
 *
 * Format of a sealed value: one byte 1 (this format), 12 bytes nonce, the ciphertext, 16 bytes tag.
 */
#ifndef STORE_SESSION_SEAL_PRIVATE_H
#define STORE_SESSION_SEAL_PRIVATE_H

#include <stddef.h>

#include "core/err.h"

enum { SEAL_KEY_SIZE = 32 };

struct seal_key {
    unsigned char bytes[SEAL_KEY_SIZE];
};

/* Reads the key file. 1 and the key; 0 if the file does not exist; -1 if it is not a regular file of 32
 * bytes that only its owner can read. */
int seal_key_load(const char *path, struct err *err, struct seal_key *ret_key);
/* Creates a new key file (mode 0600), complete or not at all. Fails if one exists. */
int seal_key_create(const char *path, struct err *err, struct seal_key *ret_key);

/* The ciphers with their key, ready for use. Belongs to one thread. */
struct sealer;
int sealer_new(const struct seal_key *key, struct err *err, struct sealer **ret_sealer);
void sealer_free(struct sealer *sealer);

struct sealed {
    unsigned char *bytes;
    size_t len;
};
void sealed_done(struct sealed *sealed);
#define auto_sealed __attribute__((cleanup(sealed_done)))

int sealer_seal(struct sealer *sealer, const char *belongs_to, const void *plain, size_t len, struct err *err,
                struct sealed *ret_sealed);
/* The plain bytes followed by a NUL, newly allocated; the caller wipes and frees them. Fails if the value
 * was changed, belongs to another row, or was sealed with another key. */
int sealer_unseal(struct sealer *sealer, const char *belongs_to, const void *sealed, size_t sealed_len,
                  struct err *err, char **ret_plain, size_t *ret_len);

#endif

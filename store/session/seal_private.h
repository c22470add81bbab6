/* SPDX-License-Identifier: MIT */
/*
 * Secrets at rest: AES-256-GCM with a random nonce per value and a key that lies in a file of its own, so
 * that a copy of the database alone reveals no password. Each value is bound to what it belongs to
 * ("server/shop/password"): a sealed value copied to another row does not open.
 *
 * Layout of a sealed value: one byte 1 (this layout), 12 bytes nonce, the ciphertext, 16 bytes tag.
 */
#ifndef STORE_SESSION_SEAL_PRIVATE_H
#define STORE_SESSION_SEAL_PRIVATE_H

#include <stddef.h>

#include "core/err.h"

enum { SEAL_KEY_SIZE = 32 };

struct seal_key {
    unsigned char bytes[SEAL_KEY_SIZE];
};

/* Reads the key file. 1 and the key; 0 when there is no such file; -1 when it is not a regular file of 32
 * bytes that only its owner can read. */
int seal_key_load(const char *path, struct err *err, struct seal_key *ret_key);
/* Makes a new key file (mode 0600), complete or not at all. Fails when there is one. */
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
/* The plain bytes with a NUL behind them, in new memory that the caller wipes and frees. Fails when the value
 * was changed, is another row's, or was sealed with another key. */
int sealer_unseal(struct sealer *sealer, const char *belongs_to, const void *sealed, size_t sealed_len,
                  struct err *err, char **ret_plain, size_t *ret_len);

#endif

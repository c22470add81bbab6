/* SPDX-License-Identifier: MIT */
#include "store/session/seal_private.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "store/session/memory_error.h"

enum { LAYOUT = 1, NONCE_SIZE = 12, TAG_SIZE = 16, HEAD_SIZE = 1 + NONCE_SIZE, PLAIN_MAX = 1 << 24 };

/* The contexts keep the cipher and its key schedule, because setting those up costs more than a short
 * value. */
struct sealer {
    EVP_CIPHER_CTX *encrypt;
    EVP_CIPHER_CTX *decrypt;
};

static int cipher_failed(struct err *err)
{
    return err_set(err, ERR_INTERNAL, "OpenSSL's AES-256-GCM failed.");
}

int sealer_new(const struct seal_key *key, struct err *err, struct sealer **ret_sealer)
{
    struct sealer *sealer = calloc(1, sizeof(*sealer));
    if (sealer == NULL) {
        return memory_error(err);
    }
    sealer->encrypt = EVP_CIPHER_CTX_new();
    sealer->decrypt = EVP_CIPHER_CTX_new();
    if (sealer->encrypt == NULL || sealer->decrypt == NULL ||
        EVP_EncryptInit_ex(sealer->encrypt, EVP_aes_256_gcm(), NULL, key->bytes, NULL) != 1 ||
        EVP_DecryptInit_ex(sealer->decrypt, EVP_aes_256_gcm(), NULL, key->bytes, NULL) != 1) {
        sealer_free(sealer);
        return cipher_failed(err);
    }
    *ret_sealer = sealer;
    return 0;
}

void sealer_free(struct sealer *sealer)
{
    if (sealer != NULL) {
        EVP_CIPHER_CTX_free(sealer->encrypt);
        EVP_CIPHER_CTX_free(sealer->decrypt);
        free(sealer);
    }
}

void sealed_done(struct sealed *sealed)
{
    free(sealed->bytes);
    *sealed = (struct sealed){0};
}

int sealer_seal(struct sealer *sealer, const char *belongs_to, const void *plain, size_t len, struct err *err,
                struct sealed *ret_sealed)
{
    if (len > PLAIN_MAX) {
        return err_set(err, ERR_BAD_REQUEST, "A secret is too long to be stored.");
    }
    size_t size = HEAD_SIZE + len + TAG_SIZE;
    auto_free unsigned char *bytes = malloc(size);
    if (bytes == NULL) {
        return memory_error(err);
    }
    unsigned char *body = bytes + HEAD_SIZE;
    int written = 0;
    int rest = 0;
    bytes[0] = LAYOUT;
    if (RAND_bytes(bytes + 1, NONCE_SIZE) != 1 ||
        EVP_EncryptInit_ex(sealer->encrypt, NULL, NULL, NULL, bytes + 1) != 1 ||
        EVP_EncryptUpdate(sealer->encrypt, NULL, &written, (const unsigned char *)belongs_to,
                          (int)strlen(belongs_to)) != 1 ||
        EVP_EncryptUpdate(sealer->encrypt, body, &written, plain, (int)len) != 1 ||
        EVP_EncryptFinal_ex(sealer->encrypt, body + written, &rest) != 1 ||
        EVP_CIPHER_CTX_ctrl(sealer->encrypt, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, body + len) != 1) {
        return cipher_failed(err);
    }
    *ret_sealed = (struct sealed){.bytes = TAKE(bytes), .len = size};
    return 0;
}

static int does_not_open(const char *belongs_to, struct err *err)
{
    return err_set(
        err, ERR_INTERNAL,
        "The stored secret %s cannot be decrypted: it was changed, or sealed with another malachite.key.",
        belongs_to);
}

int sealer_unseal(struct sealer *sealer, const char *belongs_to, const void *sealed, size_t sealed_len,
                  struct err *err, char **ret_plain, size_t *ret_len)
{
    const unsigned char *bytes = sealed;
    if (sealed_len < HEAD_SIZE + TAG_SIZE || sealed_len > PLAIN_MAX + HEAD_SIZE + TAG_SIZE ||
        bytes[0] != LAYOUT) {
        return does_not_open(belongs_to, err);
    }
    size_t len = sealed_len - HEAD_SIZE - TAG_SIZE;
    const unsigned char *body = bytes + HEAD_SIZE;
    unsigned char tag[TAG_SIZE];
    memcpy(tag, body + len, TAG_SIZE);
    auto_free unsigned char *plain = malloc(len + 1);
    if (plain == NULL) {
        return memory_error(err);
    }
    int written = 0;
    int rest = 0;
    if (EVP_DecryptInit_ex(sealer->decrypt, NULL, NULL, NULL, bytes + 1) != 1 ||
        EVP_DecryptUpdate(sealer->decrypt, NULL, &written, (const unsigned char *)belongs_to,
                          (int)strlen(belongs_to)) != 1 ||
        EVP_DecryptUpdate(sealer->decrypt, plain, &written, body, (int)len) != 1 ||
        EVP_CIPHER_CTX_ctrl(sealer->decrypt, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) != 1) {
        OPENSSL_cleanse(plain, len);
        return cipher_failed(err);
    }
    if (EVP_DecryptFinal_ex(sealer->decrypt, plain + written, &rest) != 1) {
        OPENSSL_cleanse(plain, len);
        return does_not_open(belongs_to, err);
    }
    plain[len] = '\0';
    *ret_plain = (char *)TAKE(plain);
    *ret_len = len;
    return 0;
}

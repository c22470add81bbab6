/* SPDX-License-Identifier: MIT */
#include "core/tokens/signing_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/log.h"
#include "core/str.h"
#include "core/tokens/base64.h"

enum { KEY_BITS = 2048, NUMBER_BYTES_MAX = 1024 };

struct signing_key {
    char *path;
    EVP_PKEY *found; /* in the file; the thread's. NULL: there was no file */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t ready;
    bool is_ready;
    /* Written by the thread before is_ready, then never changed. */
    EVP_PKEY *pkey; /* NULL: it could not be created */
    char *id;
};

static int refuse_to_read(const char *path, const char *reason, struct err *err)
{
    return err_set(
        err, ERR_BAD_INPUT,
        "The key file for tokens %s %s. Restore it from a copy, or delete it to get a new key; all "
        "tokens then expire.",
        path, reason);
}

static int check_file(const char *path, int fd, struct err *err)
{
    struct stat info;
    if (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode)) {
        return refuse_to_read(path, "is not a regular file", err);
    }
    if ((info.st_mode & 077) != 0) {
        return err_set(err, ERR_BAD_INPUT,
                       "The key file for tokens %s can be read by others (mode %03o): it signs tokens. Run "
                       "'chmod 600 %s', or delete it to get a new key; all tokens then expire.",
                       path, (unsigned)(info.st_mode & 0777), path);
    }
    return 0;
}

/* 1: *ret_pkey is set; 0: there is no file. */
static int read_key(const char *path, struct err *err, EVP_PKEY **ret_pkey)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        return 0;
    }
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (file == NULL) {
        refuse_to_read(path, "cannot be opened", err);
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    if (check_file(path, fd, err) < 0) {
        fclose(file);
        return -1;
    }
    EVP_PKEY *pkey = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    bool usable = pkey != NULL && EVP_PKEY_is_a(pkey, "RSA") && EVP_PKEY_get_bits(pkey) >= KEY_BITS;
    ERR_clear_error();
    if (!usable) {
        EVP_PKEY_free(pkey);
        return refuse_to_read(path, "contains no whole RSA key of 2048 bits", err);
    }
    *ret_pkey = pkey;
    return 1;
}

/* Written to a draft first, so that a crash leaves no incomplete key. */
static bool write_key(const char *path, EVP_PKEY *pkey)
{
    auto_free char *draft = str_format("%s.new", path);
    if (draft == NULL) {
        return false;
    }
    unlink(draft);
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    bool written = PEM_write_PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL) == 1 && fflush(file) == 0 &&
                   fsync(fd) == 0;
    written = fclose(file) == 0 && written;
    if (!written || rename(draft, path) < 0) {
        unlink(draft);
        return false;
    }
    return fd_sync_directory_of(path);
}

static EVP_PKEY *make_key(const char *path)
{
    EVP_PKEY *pkey = EVP_RSA_gen(KEY_BITS);
    if (pkey == NULL) {
        char reason[256];
        ERR_error_string_n(ERR_get_error(), reason, sizeof(reason));
        log_event(LOG_ERROR, "cannot create the key for tokens", "reason", reason, NULL);
    } else if (write_key(path, pkey)) {
        log_event(LOG_INFO, "created a key for tokens", "file", path, NULL);
    } else {
        log_event(LOG_WARNING, "cannot store the key for tokens: all tokens expire when this process ends",
                  "file", path, "reason", strerror(errno), NULL);
    }
    return pkey;
}

/* One number of the public key, big-endian in base64url. */
static char *number_text(const EVP_PKEY *pkey, const char *name)
{
    BIGNUM *number = NULL;
    unsigned char bytes[NUMBER_BYTES_MAX];
    if (EVP_PKEY_get_bn_param(pkey, name, &number) != 1) {
        return NULL;
    }
    int len = BN_num_bytes(number) > NUMBER_BYTES_MAX ? 0 : BN_bn2bin(number, bytes);
    BN_free(number);
    return len > 0 ? base64url_encode(bytes, (size_t)len) : NULL;
}

/* The thumbprint of RFC 7638: members in alphabetical order, hashed. */
static char *thumbprint(const EVP_PKEY *pkey)
{
    auto_free char *exponent = number_text(pkey, OSSL_PKEY_PARAM_RSA_E);
    auto_free char *modulus = number_text(pkey, OSSL_PKEY_PARAM_RSA_N);
    auto_free char *text = exponent == NULL || modulus == NULL
                               ? NULL
                               : str_format("{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", exponent, modulus);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (text == NULL || EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL) != 1) {
        return NULL;
    }
    return base64url_encode(digest, len);
}

static void *get_ready(void *arg)
{
    struct signing_key *key = arg;
    EVP_PKEY *pkey = key->found != NULL ? key->found : make_key(key->path);
    char *id = pkey == NULL ? NULL : thumbprint(pkey);
    pthread_mutex_lock(&key->mutex);
    key->pkey = pkey;
    key->id = id;
    key->is_ready = true;
    pthread_cond_broadcast(&key->ready);
    pthread_mutex_unlock(&key->mutex);
    return NULL;
}

int signing_key_open(const char *path, struct err *err, struct signing_key **ret_key)
{
    struct signing_key *key = calloc(1, sizeof(*key));
    char *copy = str_dup(path);
    if (key == NULL || copy == NULL || read_key(path, err, &key->found) < 0) {
        int result = key == NULL || copy == NULL ? err_no_memory(err) : -1;
        free(key);
        free(copy);
        return result;
    }
    key->path = copy;
    pthread_mutex_init(&key->mutex, NULL);
    pthread_cond_init(&key->ready, NULL);
    int failure = pthread_create(&key->thread, NULL, get_ready, key);
    if (failure != 0) {
        EVP_PKEY_free(key->found);
        free(copy);
        free(key);
        return err_set(err, ERR_UNAVAILABLE, "cannot start a thread: %s", strerror(failure));
    }
    *ret_key = key;
    return 0;
}

void signing_key_close(struct signing_key *key)
{
    if (key == NULL) {
        return;
    }
    pthread_join(key->thread, NULL);
    pthread_cond_destroy(&key->ready);
    pthread_mutex_destroy(&key->mutex);
    EVP_PKEY_free(key->pkey);
    free(key->id);
    free(key->path);
    free(key);
}

/* NULL if it could not be created. */
static EVP_PKEY *wait_for_key(struct signing_key *key)
{
    pthread_mutex_lock(&key->mutex);
    while (!key->is_ready) {
        pthread_cond_wait(&key->ready, &key->mutex);
    }
    pthread_mutex_unlock(&key->mutex);
    return key->pkey;
}

char *signing_key_sign(struct signing_key *key, const char *text, size_t len)
{
    EVP_PKEY *pkey = wait_for_key(key);
    EVP_MD_CTX *context = pkey == NULL ? NULL : EVP_MD_CTX_new();
    unsigned char signature[NUMBER_BYTES_MAX];
    size_t signature_len = sizeof(signature);
    bool is_signed =
        context != NULL && EVP_PKEY_get_size(pkey) <= NUMBER_BYTES_MAX &&
        EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pkey) == 1 &&
        EVP_DigestSign(context, signature, &signature_len, (const unsigned char *)text, len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return is_signed ? base64url_encode(signature, signature_len) : NULL;
}

bool signing_key_verify(struct signing_key *key, const char *text, size_t len, const void *signature,
                        size_t signature_len)
{
    EVP_PKEY *pkey = wait_for_key(key);
    EVP_MD_CTX *context = pkey == NULL ? NULL : EVP_MD_CTX_new();
    bool good = context != NULL && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, pkey) == 1 &&
                EVP_DigestVerify(context, signature, signature_len, (const unsigned char *)text, len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

json_t *signing_key_public(struct signing_key *key)
{
    const EVP_PKEY *pkey = wait_for_key(key);
    auto_free char *exponent = pkey == NULL ? NULL : number_text(pkey, OSSL_PKEY_PARAM_RSA_E);
    auto_free char *modulus = pkey == NULL ? NULL : number_text(pkey, OSSL_PKEY_PARAM_RSA_N);
    if (exponent == NULL || modulus == NULL || key->id == NULL) {
        return NULL;
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "kty", "RSA", "use", "sig", "alg", "RS256", "kid",
                     key->id, "n", modulus, "e", exponent);
}

const char *signing_key_id(struct signing_key *key)
{
    wait_for_key(key);
    return key->id == NULL ? "" : key->id;
}

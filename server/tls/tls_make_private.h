/* SPDX-License-Identifier: MIT */
/* Creates and checks X.509 certificates with OpenSSL; server/tls/tls.c decides which ones, and where they
 * are stored. */
#ifndef SERVER_TLS_TLS_MAKE_PRIVATE_H
#define SERVER_TLS_TLS_MAKE_PRIVATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "core/err.h"

struct tls_pair {
    X509 *certificate;
    EVP_PKEY *key;
};
void tls_pair_done(struct tls_pair *pair);
#define auto_tls_pair __attribute__((cleanup(tls_pair_done)))

/* A new authority (P-256, one year) that is valid only for loopback addresses and these names and
 * addresses. */
int tls_make_authority(const char *const *names, size_t count, struct err *err, struct tls_pair *ret_pair);
/* A new server certificate for these names and addresses, signed by the authority: 90 days, or as long as
 * the authority is valid. */
int tls_make_server(const struct tls_pair *authority, const char *const *names, size_t count, struct err *err,
                    struct tls_pair *ret_pair);

/* The pair from two PEM texts; false if they are not a certificate and its key. */
bool tls_pair_parse(const char *certificate_pem, const char *key_pem, struct tls_pair *ret_pair);
/* PEM texts in new memory, which the caller frees; NULL when memory is out. */
char *tls_certificate_pem(const struct tls_pair *pair);
char *tls_key_pem(const struct tls_pair *pair);

/* 30 days before it expires. */
time_t tls_renew_at(const struct tls_pair *pair);
/* Valid for at least 30 more days. */
bool tls_is_lasting(const struct tls_pair *pair);
bool tls_has_constraints(const struct tls_pair *authority);
/* Valid for all these names, and for a client that trusts this authority. */
bool tls_serves(const struct tls_pair *pair, const struct tls_pair *authority, const char *const *names,
                size_t count);

#endif

/* SPDX-License-Identifier: MIT */
#include "server/tls/tls_make_private.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

enum {
    DAY_SECONDS = 24 * 3600,
    AUTHORITY_DAYS = 365,
    SERVER_DAYS = 90,
    RENEW_DAYS = 30,
    SERIAL_BITS = 127,
    NAMES_MAX = 16 * 1024,
};

void tls_pair_done(struct tls_pair *pair)
{
    X509_free(pair->certificate);
    EVP_PKEY_free(pair->key);
    *pair = (struct tls_pair){0};
}

/* Moves the pair out of an auto_tls_pair variable. */
static void hand_over(struct tls_pair *from, struct tls_pair *to)
{
    *to = *from;
    *from = (struct tls_pair){0};
}

static int fail(struct err *err, const char *what)
{
    char reason[256];
    ERR_error_string_n(ERR_get_error(), reason, sizeof(reason));
    return err_set(err, ERR_INTERNAL, "cannot create %s: %s", what, reason);
}

static bool add_extension(X509 *certificate, X509V3_CTX *context, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, context, nid, value);
    bool added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool set_random_serial(X509 *certificate)
{
    BIGNUM *number = BN_new();
    bool set = number != NULL && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
               BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return set;
}

/* Sets everything except extensions and signature. A start in the past allows for clocks that differ. */
static bool set_basics(const struct tls_pair *pair, const char *common_name, const X509_NAME *issuer,
                       int days)
{
    X509 *certificate = pair->certificate;
    X509_NAME *subject = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_random_serial(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_SECONDS) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), (long)days * DAY_SECONDS) != NULL &&
           X509_set_pubkey(certificate, pair->key) == 1 &&
           X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, (const unsigned char *)"Malachite", -1, -1,
                                      0) == 1 &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(certificate, issuer == NULL ? subject : issuer) == 1;
}

static bool new_pair(struct tls_pair *pair)
{
    pair->certificate = X509_new();
    pair->key = EVP_EC_gen("P-256");
    return pair->certificate != NULL && pair->key != NULL;
}

static bool is_address(const char *name)
{
    unsigned char binary[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, name, binary) == 1 || inet_pton(AF_INET6, name, binary) == 1;
}

/* Loopback as a whole, and each name individually. */
static void add_constraints(const char *const *names, size_t count, struct buf *text)
{
    buf_adds(text, "critical,permitted;IP:127.0.0.0/255.0.0.0");
    for (size_t i = 0; i < count; i++) {
        const char *mask =
            strchr(names[i], ':') != NULL ? "FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF" : "255.255.255.255";
        if (is_address(names[i])) {
            buf_addf(text, ",permitted;IP:%s/%s", names[i], mask);
        } else {
            buf_addf(text, ",permitted;DNS:%s", names[i]);
        }
    }
}

int tls_make_authority(const char *const *names, size_t count, struct err *err, struct tls_pair *ret_pair)
{
    auto_tls_pair struct tls_pair pair = {0};
    auto_buf struct buf constraints = BUF_MAX(NAMES_MAX);
    add_constraints(names, count, &constraints);
    X509V3_CTX context;
    if (buf_failed(&constraints) || !new_pair(&pair) ||
        !set_basics(&pair, "Malachite local CA", NULL, AUTHORITY_DAYS)) {
        return fail(err, "the certificate authority");
    }
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, pair.certificate, pair.certificate, NULL, NULL, 0);
    if (!add_extension(pair.certificate, &context, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
        !add_extension(pair.certificate, &context, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        !add_extension(pair.certificate, &context, NID_subject_key_identifier, "hash") ||
        !add_extension(pair.certificate, &context, NID_name_constraints, buf_text(&constraints)) ||
        X509_sign(pair.certificate, pair.key, EVP_sha256()) == 0) {
        return fail(err, "the certificate authority");
    }
    hand_over(&pair, ret_pair);
    return 0;
}

/* A certificate is useless after its authority has expired. */
static bool clip_to_authority(X509 *certificate, const X509 *authority)
{
    const ASN1_TIME *end = X509_get0_notAfter(authority);
    return ASN1_TIME_compare(X509_get0_notAfter(certificate), end) <= 0 ||
           X509_set1_notAfter(certificate, end) == 1;
}

int tls_make_server(const struct tls_pair *authority, const char *const *names, size_t count, struct err *err,
                    struct tls_pair *ret_pair)
{
    auto_tls_pair struct tls_pair pair = {0};
    auto_buf struct buf san = BUF_MAX(NAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        buf_addf(&san, "%s%s:%s", i == 0 ? "" : ",", is_address(names[i]) ? "IP" : "DNS", names[i]);
    }
    const X509_NAME *issuer = X509_get_subject_name(authority->certificate);
    if (buf_failed(&san) || !new_pair(&pair) || !set_basics(&pair, "Malachite", issuer, SERVER_DAYS) ||
        !clip_to_authority(pair.certificate, authority->certificate)) {
        return fail(err, "the server certificate");
    }
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, authority->certificate, pair.certificate, NULL, NULL, 0);
    if (!add_extension(pair.certificate, &context, NID_basic_constraints, "critical,CA:FALSE") ||
        !add_extension(pair.certificate, &context, NID_key_usage, "critical,digitalSignature") ||
        !add_extension(pair.certificate, &context, NID_ext_key_usage, "serverAuth") ||
        !add_extension(pair.certificate, &context, NID_subject_key_identifier, "hash") ||
        !add_extension(pair.certificate, &context, NID_authority_key_identifier, "keyid:always") ||
        !add_extension(pair.certificate, &context, NID_subject_alt_name, buf_text(&san)) ||
        X509_sign(pair.certificate, authority->key, EVP_sha256()) == 0) {
        return fail(err, "the server certificate");
    }
    hand_over(&pair, ret_pair);
    return 0;
}

bool tls_pair_parse(const char *certificate_pem, const char *key_pem, struct tls_pair *ret_pair)
{
    auto_tls_pair struct tls_pair pair = {0};
    BIO *certificate = BIO_new_mem_buf(certificate_pem, -1);
    BIO *key = BIO_new_mem_buf(key_pem, -1);
    if (certificate != NULL && key != NULL) {
        pair.certificate = PEM_read_bio_X509(certificate, NULL, NULL, NULL);
        pair.key = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
    }
    BIO_free(certificate);
    BIO_free(key);
    bool good = pair.certificate != NULL && pair.key != NULL &&
                X509_check_private_key(pair.certificate, pair.key) == 1;
    ERR_clear_error();
    if (good) {
        hand_over(&pair, ret_pair);
    }
    return good;
}

static char *text_of(BIO *bio, bool written)
{
    char *bytes = NULL;
    long len = bio == NULL ? 0 : BIO_get_mem_data(bio, &bytes);
    char *text = written && len > 0 ? strndup(bytes, (size_t)len) : NULL;
    BIO_free(bio);
    return text;
}

char *tls_certificate_pem(const struct tls_pair *pair)
{
    BIO *bio = BIO_new(BIO_s_mem());
    return text_of(bio, bio != NULL && PEM_write_bio_X509(bio, pair->certificate) == 1);
}

char *tls_key_pem(const struct tls_pair *pair)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    return text_of(bio,
                   bio != NULL && PEM_write_bio_PrivateKey(bio, pair->key, NULL, NULL, 0, NULL, NULL) == 1);
}

time_t tls_renew_at(const struct tls_pair *pair)
{
    struct tm end = {0};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(pair->certificate), &end) != 1) {
        return 0;
    }
    return timegm(&end) - (time_t)RENEW_DAYS * DAY_SECONDS;
}

bool tls_is_lasting(const struct tls_pair *pair)
{
    return X509_cmp_current_time(X509_get0_notBefore(pair->certificate)) < 0 &&
           tls_renew_at(pair) > time(NULL);
}

/* Checks like a client that trusts the authority: signature, dates and the authority's constraints. */
static bool is_trusted(const struct tls_pair *pair, const struct tls_pair *authority)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool trusted =
        store != NULL && context != NULL && X509_STORE_add_cert(store, authority->certificate) == 1 &&
        X509_STORE_CTX_init(context, store, pair->certificate, NULL) == 1 && X509_verify_cert(context) == 1;
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    ERR_clear_error();
    return trusted;
}

bool tls_has_constraints(const struct tls_pair *authority)
{
    return X509_get_ext_by_NID(authority->certificate, NID_name_constraints, -1) >= 0;
}

bool tls_serves(const struct tls_pair *pair, const struct tls_pair *authority, const char *const *names,
                size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int good = is_address(names[i]) ? X509_check_ip_asc(pair->certificate, names[i], 0)
                                        : X509_check_host(pair->certificate, names[i], 0, 0, NULL);
        if (good != 1) {
            return false;
        }
    }
    return is_trusted(pair, authority);
}

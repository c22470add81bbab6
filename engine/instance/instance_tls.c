/* SPDX-License-Identifier: MIT */
/* TLS of provisioned servers: a certificate that the server signs itself, and rules that ask for TLS. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fd.h"
#include "core/str.h"
#include "engine/instance/instance_private.h"
#include "engine/pg/pg.h"

enum { DAY_SECONDS = 24 * 3600, CERTIFICATE_DAYS = 3650, RELOAD_TIMEOUT_MS = 5000, RELOAD_PAUSE_MS = 10 };
enum { CONF_MAX_BYTES = 65536 };

static const char switch_line[] = "ssl = on\n";

/* ---- files of the data directory -------------------------------------------------------------------------
 */

int data_file_replace(const struct instance_host *host, const char *data_dir, const char *name,
                      const char *text, size_t len, struct err *err)
{
    auto_free char *path = str_format("%s/%s", data_dir, name);
    auto_free char *fresh = str_format("%s/%s.new", data_dir, name);
    if (path == NULL || fresh == NULL) {
        return err_no_memory(err);
    }
    (void)unlink(fresh);
    auto_fd int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || (host->user.change && fchown(fd, host->user.uid, host->user.gid) != 0) ||
        write(fd, text, len) != (ssize_t)len || fsync(fd) != 0 || rename(fresh, path) != 0) {
        return err_set(err, ERR_INTERNAL, "cannot write '%s': %s", path, strerrordesc_np(errno));
    }
    return 0;
}

int data_file_read(const char *data_dir, const char *name, struct err *err, char **ret_text)
{
    auto_free char *path = str_format("%s/%s", data_dir, name);
    auto_free char *text = calloc(CONF_MAX_BYTES, 1);
    auto_fd int fd = path == NULL ? -1 : open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t len = fd < 0 || text == NULL ? -1 : read(fd, text, CONF_MAX_BYTES);
    if (len < 0 || len == CONF_MAX_BYTES) {
        err_set(err, ERR_INTERNAL, "cannot read '%s/%s': %s", data_dir, name,
                len < 0 ? strerrordesc_np(errno) : "it is too large");
        return -1;
    }
    *ret_text = TAKE(text);
    return 0;
}

/* postgresql.conf turns TLS on from now on; ALTER SYSTEM could be undone by a restart that fails. */
static int switch_on(const struct instance_host *host, const char *data_dir, struct err *err)
{
    auto_free char *text = NULL;
    if (data_file_read(data_dir, "postgresql.conf", err, &text) != 0) {
        return -1;
    }
    if (strstr(text, switch_line) != NULL) {
        return 0;
    }
    auto_free char *changed = str_format("%s%s", text, switch_line);
    return changed == NULL
               ? err_no_memory(err)
               : data_file_replace(host, data_dir, "postgresql.conf", changed, strlen(changed), err);
}

/* ---- the certificate -------------------------------------------------------------------------------------
 */

struct pair {
    X509 *certificate;
    EVP_PKEY *key;
    BIO *text;
};

static void pair_done(struct pair *pair)
{
    X509_free(pair->certificate);
    EVP_PKEY_free(pair->key);
    BIO_free(pair->text);
}
#define auto_pair __attribute__((cleanup(pair_done)))

static bool sign(const struct pair *pair, const char *common_name)
{
    X509 *certificate = pair->certificate;
    X509_NAME *subject = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), (long)clock_now_us()) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_SECONDS) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), (long)CERTIFICATE_DAYS * DAY_SECONDS) != NULL &&
           X509_set_pubkey(certificate, pair->key) == 1 &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1 &&
           X509_sign(certificate, pair->key, EVP_sha256()) != 0;
}

static int write_pem(const struct instance_host *host, const char *data_dir, const char *name, BIO *text,
                     struct err *err)
{
    char *pem = NULL;
    long len = BIO_get_mem_data(text, &pem);
    return data_file_replace(host, data_dir, name, pem, (size_t)len, err);
}

static int make_certificate(const struct instance_host *host, const struct instance_spec *spec,
                            const char *data_dir, struct err *err)
{
    auto_free char *path = str_format("%s/server.crt", data_dir);
    if (path != NULL && access(path, F_OK) == 0) {
        return 0;
    }
    auto_pair struct pair pair = {
        .certificate = X509_new(), .key = EVP_EC_gen("P-256"), .text = BIO_new(BIO_s_mem())};
    if (path == NULL || pair.certificate == NULL || pair.key == NULL || pair.text == NULL ||
        !sign(&pair, spec->address) ||
        PEM_write_bio_PrivateKey(pair.text, pair.key, NULL, NULL, 0, NULL, NULL) != 1) {
        return err_set(err, ERR_INTERNAL, "cannot create a certificate for the server '%s'", spec->name);
    }
    if (write_pem(host, data_dir, "server.key", pair.text, err) != 0) {
        return -1;
    }
    (void)BIO_reset(pair.text);
    return PEM_write_bio_X509(pair.text, pair.certificate) == 1
               ? write_pem(host, data_dir, "server.crt", pair.text, err)
               : err_set(err, ERR_INTERNAL, "cannot create a certificate for the server '%s'", spec->name);
}

/* ---- both ------------------------------------------------------------------------------------------------
 */

static int load_time(const struct endpoint *endpoint, const struct stop *stop, bool reload, struct err *err,
                     char **ret_time)
{
    auto_pg struct pg pg = {0};
    auto_free char *reloaded = NULL;
    return pg_open(endpoint, "postgres", PG_ADMIN, stop, err, &pg) != 0 ||
                   pg_value(&pg, err, ret_time, "SELECT pg_catalog.pg_conf_load_time()", 0, NULL) != 0 ||
                   (reload &&
                    pg_value(&pg, err, &reloaded, "SELECT pg_catalog.pg_reload_conf()", 0, NULL) != 0)
               ? -1
               : 0;
}

/* New sessions inherit the rules from the postmaster, and with them the time it read them. */
int instance_reload(const struct instance_host *host, const struct instance_spec *spec,
                    const struct stop *stop, struct err *err)
{
    auto_endpoint struct endpoint endpoint = {0};
    auto_free char *before = NULL;
    int64_t deadline_ms = clock_monotonic_ms() + RELOAD_TIMEOUT_MS;
    if (instance_superuser_endpoint(host, spec, spec->name, err, &endpoint) != 0 ||
        load_time(&endpoint, stop, true, err, &before) != 0) {
        return -1;
    }
    for (;;) {
        auto_free char *now = NULL;
        if (load_time(&endpoint, stop, false, err, &now) != 0) {
            return -1;
        }
        if (!str_equals(now, before)) {
            return 0;
        }
        if (clock_ms_left(deadline_ms) == 0) {
            return err_set(err, ERR_SERVER_UNREACHABLE,
                           "The server '%s' did not read its configuration again.", spec->name);
        }
        clock_sleep_ms(RELOAD_PAUSE_MS);
    }
}

int instance_require_tls(const struct instance_host *host, const struct instance_spec *spec, bool required,
                         const struct stop *stop, struct err *err)
{
    auto_free char *dir = NULL;
    auto_instance_lock pthread_mutex_t *lock = NULL;
    if (instance_lock(spec->name, stop, err, &lock) != 0 || instance_dir(host, spec->name, err, &dir) != 0) {
        return -1;
    }
    auto_free char *data_dir = str_format("%s/data", dir);
    if (data_dir == NULL) {
        return err_no_memory(err);
    }
    if (required &&
        (make_certificate(host, spec, data_dir, err) != 0 || switch_on(host, data_dir, err) != 0)) {
        return -1;
    }
    const char *rules = required ? HBA_RULES("hostssl") : HBA_RULES("host");
    if (data_file_replace(host, data_dir, "pg_hba.conf", rules, strlen(rules), err) != 0) {
        return -1;
    }
    return instance_reload(host, spec, stop, err);
}

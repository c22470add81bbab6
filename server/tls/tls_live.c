/* SPDX-License-Identifier: MIT */
#include "server/tls/tls_live.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/log.h"

enum { RETRY_SECONDS = 60 };

/* Connections may still use an old one, so all stay until the end: a few per year. */
struct loaded {
    gnutls_pcert_st certificate;
    gnutls_privkey_t key;
    struct loaded *older;
};

static struct {
    pthread_mutex_t mutex;
    const struct options *options;
    struct loaded *newest;
    time_t renew_at;
} live = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void free_loaded(struct loaded *loaded)
{
    gnutls_pcert_deinit(&loaded->certificate);
    gnutls_privkey_deinit(loaded->key);
    free(loaded);
}

static gnutls_datum_t datum_of(char *text)
{
    return (gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned)strlen(text)};
}

/* Call it with the mutex held, or before other threads start. */
static int load(const struct tls_material *tls, struct err *err)
{
    struct loaded *loaded = calloc(1, sizeof(*loaded));
    if (loaded == NULL) {
        return err_no_memory(err);
    }
    gnutls_datum_t certificate = datum_of(tls->certificate_pem);
    gnutls_datum_t key = datum_of(tls->key_pem);
    int failure = gnutls_privkey_init(&loaded->key);
    if (failure == 0) {
        failure = gnutls_privkey_import_x509_raw(loaded->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
    }
    if (failure == 0) {
        failure = gnutls_pcert_import_x509_raw(&loaded->certificate, &certificate, GNUTLS_X509_FMT_PEM, 0);
    }
    if (failure != 0) {
        free_loaded(loaded);
        return err_set(err, ERR_INTERNAL, "cannot load the server certificate: %s", gnutls_strerror(failure));
    }
    loaded->older = live.newest;
    live.newest = loaded;
    live.renew_at = tls->renew_at;
    return 0;
}

int tls_live_start(const struct options *options, const struct tls_material *tls, struct err *err)
{
    live.options = options;
    return load(tls, err);
}

void tls_live_stop(void)
{
    while (live.newest != NULL) {
        struct loaded *loaded = live.newest;
        live.newest = loaded->older;
        free_loaded(loaded);
    }
}

/* The mutex is held. */
static void renew(time_t now)
{
    struct err err = {0};
    struct tls_material tls = {0};
    const struct options *options = live.options;
    if (tls_prepare(options->data_dir, options->listen, options->tls_names, &err, &tls) < 0 ||
        load(&tls, &err) < 0) {
        log_event(LOG_ERROR, "cannot renew the server certificate", "reason", err.message, NULL);
        live.renew_at = now + RETRY_SECONDS;
    }
    tls_done(&tls);
}

/* The parameters are the library's choice. NOLINTNEXTLINE(readability-function-size) */
int tls_live_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                      const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                      gnutls_pcert_st **certificates, unsigned *certificate_count, gnutls_privkey_t *key)
{
    (void)session;
    (void)authorities;
    (void)authority_count;
    (void)algorithms;
    (void)algorithm_count;
    time_t now = time(NULL);
    pthread_mutex_lock(&live.mutex);
    if (now >= live.renew_at) {
        renew(now);
    }
    struct loaded *loaded = live.newest;
    pthread_mutex_unlock(&live.mutex);
    if (loaded == NULL) {
        return -1;
    }
    *certificates = &loaded->certificate;
    *certificate_count = 1;
    *key = loaded->key;
    return 0;
}

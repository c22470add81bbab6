/* SPDX-License-Identifier: MIT */
/* The certificate for new connections, which is renewed while Malachite runs. */
#ifndef SERVER_TLS_TLS_LIVE_H
#define SERVER_TLS_TLS_LIVE_H

#include <gnutls/abstract.h>

#include "core/options/options.h"
#include "server/tls/tls.h"

/* Starts with this certificate. One per process; options outlive it. */
int tls_live_start(const struct options *options, const struct tls_material *tls, struct err *err);
/* Call it after the last connection. */
void tls_live_stop(void);

/* GnuTLS' callback (gnutls_certificate_retrieve_function2), which has no closure. On an event loop; if the
 * certificate must be renewed, it creates a new one, which takes milliseconds and a few writes. */
int tls_live_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                      const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                      gnutls_pcert_st **certificates, unsigned *certificate_count, gnutls_privkey_t *key);

#endif

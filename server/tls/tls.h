/* SPDX-License-Identifier: MIT */
/*
 * Malachite's own certificate authority and the certificate of its HTTPS port. Both are created at first
 * start, stored in <data-dir>/tls (ca.pem, ca.key, server.pem, server.key) and renewed 30 days before they
 * expire.
 */
#ifndef SERVER_TLS_TLS_H
#define SERVER_TLS_TLS_H

#include <stdbool.h>
#include <time.h>

#include "core/err.h"
#include "core/str_list.h"

struct tls_material {
    char *ca_file;         /* path of ca.pem, which clients must trust */
    char *certificate_pem; /* of the HTTPS port */
    char *key_pem;         /* secret */
    struct str_list names; /* the certificate's names */
    time_t renew_at;       /* 30 days before it expires */
};

/*
 * Loads the certificates from data_dir, and creates those that are missing, expire within 30 days, or do
 * not cover one of the names: localhost, 127.0.0.1, ::1, the Azure hosts that clients have hard-coded,
 * listen_addresses, and further_names ("a,b"; ERR_BAD_INPUT for an invalid host name or address). An
 * existing authority that cannot be read is ERR_BAD_INPUT. Release with tls_done().
 */
int tls_prepare(const char *data_dir, const char *listen_addresses, const char *further_names,
                struct err *err, struct tls_material *ret_tls);
void tls_done(struct tls_material *tls);

#endif

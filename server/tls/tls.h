/* SPDX-License-Identifier: MIT */
/*
 * Malachite's own certificate authority and the certificate of its HTTPS port. Both are made at first start,
 * kept in <data-dir>/tls (ca.pem, ca.key, server.pem, server.key) and renewed when 30 days are left.
 */
#ifndef SERVER_TLS_TLS_H
#define SERVER_TLS_TLS_H

#include <stdbool.h>
#include <time.h>

#include "core/err.h"
#include "core/str_list.h"

struct tls_material {
    char *ca_file;         /* path of ca.pem: what clients shall trust */
    char *certificate_pem; /* of the HTTPS port */
    char *key_pem;         /* secret */
    struct str_list names; /* what the certificate is for */
    time_t renew_at;       /* when 30 days are left of it */
};

/*
 * Takes the certificates from data_dir, making those that are missing, about to expire within 30 days, or not
 * good for one of the names: localhost, 127.0.0.1, ::1, the Azure hosts that clients have hard-coded,
 * listen_addresses, and further_names ("a,b"; ERR_BAD_INPUT for what is no host name and no address). An
 * authority that is there and cannot be read is ERR_BAD_INPUT. Release with tls_done().
 */
int tls_prepare(const char *data_dir, const char *listen_addresses, const char *further_names,
                struct err *err, struct tls_material *ret_tls);
void tls_done(struct tls_material *tls);

#endif

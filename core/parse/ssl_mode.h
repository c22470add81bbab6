/* SPDX-License-Identifier: MIT */
/* The TLS mode of a connection, as the service spells it ("VerifyFull") and as libpq does ("verify-full"). */
#ifndef CORE_PARSE_SSL_MODE_H
#define CORE_PARSE_SSL_MODE_H

/* Static text; NULL for any other text, and for NULL. The service's spelling is compared without case. */
const char *ssl_mode_to_libpq(const char *ssl_mode);
const char *ssl_mode_of_libpq(const char *sslmode);

#endif

/* SPDX-License-Identifier: MIT */
/* Responses as text, for places where no event loop can send one. */
#ifndef SERVER_CONNECTIONS_REFUSAL_H
#define SERVER_CONNECTIONS_REFUSAL_H

#include <stddef.h>

#include "core/err.h"

enum { REFUSAL_SIZE = 1024 };

/* Formats an error in Resource Manager's format that closes the connection. message: text that needs no
 * JSON escapes. Returns the length. */
size_t refusal_format(enum err_code code, const char *message, char text[static REFUSAL_SIZE]);
/* Sends it, as far as the socket accepts it without waiting. */
void refusal_send(int fd, enum err_code code, const char *message);

#endif

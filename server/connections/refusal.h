/* SPDX-License-Identifier: MIT */
/* Answers as text, for where no event loop can give one. */
#ifndef SERVER_CONNECTIONS_REFUSAL_H
#define SERVER_CONNECTIONS_REFUSAL_H

#include <stddef.h>

#include "core/err.h"

enum { REFUSAL_SIZE = 1024 };

/* An error in Resource Manager's shape that closes the connection. message: text that JSON takes as it is.
 * Returns the length. */
size_t refusal_format(enum err_code code, const char *message, char text[static REFUSAL_SIZE]);
/* Sends it, as far as the socket takes it without waiting. */
void refusal_send(int fd, enum err_code code, const char *message);

#endif

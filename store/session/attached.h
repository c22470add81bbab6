/* SPDX-License-Identifier: MIT */
/* A second file beside the store, for copies of rows, and SQL that is made from the names of its tables. */
#ifndef STORE_SESSION_ATTACHED_H
#define STORE_SESSION_ATTACHED_H

#include "core/err.h"
#include "store/session/session.h"

/* Attaches the file under the name "beside" to the calling thread's handle; creates it if it does not exist.
 * Not within a transaction. Detach it before anything else is attached. */
int attached_open(struct store *store, const char *path, struct err *err);
/* Rolls back a transaction that is open. */
void attached_close(struct store *store);
/* Runs one statement to its end, with text for its parameter ?1 (NULL: it has none). *ret_text (may be NULL)
 * is the first column of the last row, which the caller frees, or NULL. */
int attached_run(struct store *store, const char *sql, const char *param, struct err *err, char **ret_text);

#endif

/* SPDX-License-Identifier: MIT */
/* Messages of a PostgreSQL server in version 3 of its protocol; only for engine/dump/dump_relay.c. Each
 * function adds one message to a buffer; the buffer's failure flag reports that memory is out. */
#ifndef ENGINE_DUMP_SERVER_MESSAGE_PRIVATE_H
#define ENGINE_DUMP_SERVER_MESSAGE_PRIVATE_H

#include <libpq-fe.h>

#include "core/buf.h"

/* AuthenticationOk: the client is authenticated. */
void server_message_welcome(struct buf *out);
void server_message_parameter(struct buf *out, const char *name, const char *value);
/* ReadyForQuery: the client may send the next statement. */
void server_message_ready(struct buf *out, PGTransactionStatusType status);
/* CommandComplete, for example "SELECT 3". */
void server_message_done(struct buf *out, const char *tag);
void server_message_empty(struct buf *out);
/* ErrorResponse for a failed statement, from PostgreSQL's result. */
void server_message_failure(struct buf *out, const PGresult *result);
/* Columns and rows. */
void server_message_rows(struct buf *out, const PGresult *result);

#endif

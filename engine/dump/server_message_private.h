/* SPDX-License-Identifier: MIT */
/* Messages that a PostgreSQL server sends, version 3 of its protocol; for engine/dump/dump_relay.c only. Each
 * function adds one to a buffer, whose failure tells when memory is out. */
#ifndef ENGINE_DUMP_SERVER_MESSAGE_PRIVATE_H
#define ENGINE_DUMP_SERVER_MESSAGE_PRIVATE_H

#include <libpq-fe.h>

#include "core/buf.h"

/* The client is who it says it is. */
void server_message_welcome(struct buf *out);
void server_message_parameter(struct buf *out, const char *name, const char *value);
/* The next statement may come. */
void server_message_ready(struct buf *out, PGTransactionStatusType status);
/* The end of a statement; "SELECT 3". */
void server_message_done(struct buf *out, const char *tag);
void server_message_empty(struct buf *out);
/* A statement has failed: the result is PostgreSQL's error. */
void server_message_failure(struct buf *out, const PGresult *result);
/* Columns and rows. */
void server_message_rows(struct buf *out, const PGresult *result);

#endif

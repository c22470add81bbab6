/* SPDX-License-Identifier: MIT */
/* One COPY from server to server, which passes the source's data on unchanged. */
#ifndef ENGINE_COPY_COPY_H
#define ENGINE_COPY_COPY_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/err.h"
#include "engine/pg/pg.h"

struct copy_stream {
    struct pg *source;
    struct pg *target;
    const char *out_sql;    /* ends with COPY ... TO STDOUT */
    const char *in_sql;     /* ends with COPY ... FROM STDIN */
    _Atomic int64_t *bytes; /* grows while rows are copied; may be NULL */
    const char *schema;     /* of the table, for points; may be NULL */
    const char *table;
    _Atomic int64_t *rows; /* the number of rows, likewise; it is exact only at the end */
};

/* Runs it to the end; ret_rows is the count of both servers (a difference is an error). After a failure
 * nothing is running on either side; the transactions there are aborted, and a connection may be lost. */
int copy_run(const struct copy_stream *stream, struct err *err, int64_t *ret_rows);

/* Bytes that all calls of copy_run() in this process have sent to targets. Any thread. */
uint64_t copy_sent_bytes(void);

/* Makes libpq read rows from this connection in large pieces. */
int copy_prepare_source(struct pg *source, struct err *err);

#endif

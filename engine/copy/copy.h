/* SPDX-License-Identifier: MIT */
/* One COPY from server to server: what the source sends is passed on as it is. */
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
    _Atomic int64_t *bytes; /* grows while rows pass; may be NULL */
    _Atomic int64_t *rows;  /* the same for their number, which is known exactly only at the end */
};

/*
 * Runs it to the end; ret_rows as both servers count them (a difference is an error). After a failure nothing
 * runs any more on either side; the transactions there are aborted, and a connection may be lost.
 */
int copy_run(const struct copy_stream *stream, struct err *err, int64_t *ret_rows);

/* Makes libpq read the rows of this connection in large pieces. */
int copy_prepare_source(struct pg *source, struct err *err);

#endif

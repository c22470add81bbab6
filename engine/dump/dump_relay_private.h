/* SPDX-License-Identifier: MIT */
/*
 * Lets pg_dump work inside a session of ours: it connects to a socket of ours, and its statements run in that
 * session's transaction, with its snapshot and behind its locks. A session of its own would need the locks a
 * second time, and would queue for them behind everybody who waits for ours. It needs no password either.
 *
 * Speaks as much of PostgreSQL's protocol as pg_dump uses: simple queries. Belongs to one thread.
 */
#ifndef ENGINE_DUMP_DUMP_RELAY_PRIVATE_H
#define ENGINE_DUMP_DUMP_RELAY_PRIVATE_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"
#include "engine/pg/pg.h"

enum { DUMP_RELAY_PARAMETERS = 10, DUMP_RELAY_PORT = 5432 };

struct dump_relay {
    struct pg *session;                /* not owned */
    char *directory;                   /* of the socket, for nobody but us */
    int fd;                            /* listens, then is the one connection; -1: that has ended */
    bool connected;                    /* fd is the connection, */
    bool greeted;                      /* and its session has begun */
    struct buf in;                     /* of it, not yet looked at */
    struct buf out;                    /* for it, not yet sent */
    char *told[DUMP_RELAY_PARAMETERS]; /* values of parameters that it knows */
    bool failed;                       /* a statement has, or the session is lost: */
    struct err failure;
};

/* Makes the directory under "parent" and listens. pg_dump connects with its directory as current directory,
 * PGHOST=/proc/self/cwd (a path of our own may be too long for a socket) and that port. */
int dump_relay_open(struct pg *session, const char *parent, struct err *err, struct dump_relay *ret_relay);
/* Takes the connection, or runs the statements that have arrived: when "fd" is readable. */
void dump_relay_serve(struct dump_relay *relay);
void dump_relay_close(struct dump_relay *relay);
#define auto_dump_relay __attribute__((cleanup(dump_relay_close)))

#endif

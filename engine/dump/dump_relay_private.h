/* SPDX-License-Identifier: MIT */
/*
 * Lets pg_dump work inside a session of Malachite: it connects to a socket of Malachite's, and its
 * statements run in that session's transaction, with its snapshot and its locks. A separate session would
 * need the locks again, and would queue for them behind everyone who waits for these. It needs no password
 * either.
 *
 * Implements the part of PostgreSQL's protocol that pg_dump uses: simple queries. Belongs to one thread.
 */
#ifndef ENGINE_DUMP_DUMP_RELAY_PRIVATE_H
#define ENGINE_DUMP_DUMP_RELAY_PRIVATE_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/err.h"
#include "engine/pg/pg.h"

enum { DUMP_RELAY_PARAMETERS = 10, DUMP_RELAY_PORT = 5432 };

struct dump_relay {
    struct pg *session; /* not owned */
    char *directory;    /* of the socket, accessible to this user only */
    int fd;             /* the listening socket, then the only connection; -1: closed */
    bool connected;     /* fd is the connection, */
    bool greeted;       /* pg_dump's session has begun */
    struct buf in;      /* received, not processed yet */
    struct buf out;     /* for it, not yet sent */
    char *sent_parameters[DUMP_RELAY_PARAMETERS]; /* parameter values that pg_dump knows */
    bool failed;                                  /* a statement failed, or the session is lost: */
    struct err failure;
};

/* Creates the directory under "parent" and listens. pg_dump connects with that directory as its current
 * directory, PGHOST=/proc/self/cwd (an absolute path may be too long for a socket) and that port. */
int dump_relay_open(struct pg *session, const char *parent, struct err *err, struct dump_relay *ret_relay);
/* Accepts the connection, or runs the statements that have arrived. Call it when "fd" is readable. */
void dump_relay_serve(struct dump_relay *relay);
void dump_relay_close(struct dump_relay *relay);
#define auto_dump_relay __attribute__((cleanup(dump_relay_close)))

#endif

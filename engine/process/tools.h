/* SPDX-License-Identifier: MIT */
/*
 * The PostgreSQL programs on this machine: which majors can be provisioned, and which pg_dump can read
 * which source. Searches --postgres-dir, Debian's /usr/lib/postgresql/N/bin and the caches that `make
 * postgres` and `make pgclient` fill; the first one found wins for each major.
 */
#ifndef ENGINE_PROCESS_TOOLS_H
#define ENGINE_PROCESS_TOOLS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

enum { TOOLS_MAJORS_MAX = 16, TOOLS_ADVICE_SIZE = 256 };

struct tools_major {
    int major;
    char *server_bin; /* directory with initdb and postgres, absolute; NULL if none was found */
    char *client_bin; /* directory with pg_dump and pg_restore, absolute; NULL if none was found */
};

struct tools {
    struct tools_major majors[TOOLS_MAJORS_MAX]; /* ascending */
    size_t count;
};

/*
 * Searches once, at start; dirs is the value of --postgres-dir ("a:b", may be NULL or empty). Runs no
 * program. Each entry contains bin/, N/bin/, N/client/bin/ or is itself a directory of programs; any other
 * entry is an error. Finding nothing at all is not an error.
 */
int tools_find(const char *dirs, struct err *err, struct tools *ret_tools);
void tools_done(struct tools *tools);

/* The row of a major whose server can be started, or NULL. */
const struct tools_major *tools_server(const struct tools *tools, int major);
/* The oldest client that can dump a server of this major, or NULL (a client refuses newer servers). */
const struct tools_major *tools_client(const struct tools *tools, int source_major);
/*
 * A sentence on how to get a client that can dump a server of this major: the oldest suitable one of
 * Debian 12 (15) or `make pgclient` (17, 18). For a newer source it says where Malachite searches for
 * programs.
 */
void tools_client_advice(int source_major, char *text, size_t size);
/* "12, 15, 16" for messages, or "none". */
void tools_describe_servers(const struct tools *tools, char *text, size_t size);

#endif

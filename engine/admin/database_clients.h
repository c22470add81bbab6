/* SPDX-License-Identifier: MIT */
/* Who is connected to the databases of a server. */
#ifndef ENGINE_ADMIN_DATABASE_CLIENTS_H
#define ENGINE_ADMIN_DATABASE_CLIENTS_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/pg/endpoint.h"

enum { DATABASE_CLIENTS_MAX = 1000 };

/* Sessions of one user and application in one database. */
struct database_client {
    char *database;
    char *user;
    char *application; /* may be empty */
    int64_t sessions;
};

/* The largest DATABASE_CLIENTS_MAX, without Malachite's own sessions, and the server's clock. Needs no
 * privilege. */
int database_clients(const struct endpoint *endpoint, const struct stop *stop, struct err *err,
                     struct database_client **ret_clients, size_t *ret_count, int64_t *ret_now_us);
void database_clients_free(struct database_client *clients, size_t count);

#endif

/* SPDX-License-Identifier: MIT */
/* Databases of a live server: list, look, create, drop. For the REST calls on databases and for the executor.
 */
#ifndef ENGINE_ADMIN_DATABASES_H
#define ENGINE_ADMIN_DATABASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "core/str_list.h"
#include "engine/pg/endpoint.h"

struct database_info {
    char *name;
    char *encoding; /* "UTF8" */
    char *collation;
    char *ctype;
    char *owner;
    int64_t size_bytes; /* -1 when the user may not see it */
};

struct server_info {
    int version; /* server_version_num: 150018 */
    char *version_text;
    bool superuser;
    bool read_only; /* in recovery, or default_transaction_read_only */
    int64_t databases_bytes;
};

/* All databases that users can have: not template0, template1, azure_sys, azure_maintenance. Ordered by name.
 */
int databases_list(const struct endpoint *endpoint, const struct stop *stop, struct err *err,
                   struct database_info **ret_databases, size_t *ret_count);
void databases_free(struct database_info *databases, size_t count);

/* Returns 1 and the row, 0 when there is no such database. */
int database_get(const struct endpoint *endpoint, const char *name, const struct stop *stop, struct err *err,
                 struct database_info *ret_database);
void database_info_done(struct database_info *database);

/* charset and collation may be NULL: the server's defaults; en_US.utf8, the service's own default, means that
 * too on machines without it. An existing database of that name is fine. */
int database_create(const struct endpoint *endpoint, const char *name, const char *charset,
                    const char *collation, const struct stop *stop, struct err *err);
/* Ends its sessions, drops its subscriptions, drops it. Not there is fine. Works for postgres too. */
int database_drop(const struct endpoint *endpoint, const char *name, const struct stop *stop,
                  struct err *err);

/* Ends the sessions that an earlier, killed Malachite may have left working in a database. */
int database_end_own_sessions(const struct endpoint *endpoint, const char *name, const struct stop *stop,
                              struct err *err);

/* Which of "wanted" exist on the server and hold at least one user object (relation, function, type, schema
 * beyond the initial ones, extension beyond plpgsql, large object). Databases that cannot be looked into
 * count as holding. */
int databases_in_use(const struct endpoint *endpoint, const struct str_list *wanted, const struct stop *stop,
                     struct err *err, struct str_list *ret_in_use);

/* Version and state of a server, through any database that lets the user in. */
int server_look(const struct endpoint *endpoint, const struct stop *stop, struct err *err,
                struct server_info *ret_info);
void server_info_done(struct server_info *info);

#endif

/* SPDX-License-Identifier: MIT */
/* Databases of a running server: list, inspect, create, drop. For the REST calls on databases and for the
 * executor. */
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

/* All databases that users can have, ordered by name: not template0, template1, azure_sys,
 * azure_maintenance. */
int databases_list(const struct endpoint *endpoint, const struct stop *stop, struct err *err,
                   struct database_info **ret_databases, size_t *ret_count);
void databases_free(struct database_info *databases, size_t count);

/* Returns 1 and the row, 0 if the database does not exist. */
int database_get(const struct endpoint *endpoint, const char *name, const struct stop *stop, struct err *err,
                 struct database_info *ret_database);
void database_info_done(struct database_info *database);

/* A charset or collation of NULL means the server's default; so does en_US.utf8, the service's own
 * default, on machines without it. It is no error if the database exists. */
int database_create(const struct endpoint *endpoint, const char *name, const char *charset,
                    const char *collation, const struct stop *stop, struct err *err);
/* Ends the database's sessions, drops its subscriptions and then the database, even postgres. It is no
 * error if it does not exist. */
int database_drop(const struct endpoint *endpoint, const char *name, const struct stop *stop,
                  struct err *err);

/* Ends sessions that an earlier, killed Malachite may have left running in a database. */
int database_end_own_sessions(const struct endpoint *endpoint, const char *name, const struct stop *stop,
                              struct err *err);

/* Reports which of "wanted" exist on the server and hold at least one user object (relation, function,
 * type, schema beyond the initial ones, extension beyond plpgsql, large object). Databases that cannot be
 * inspected count as in use. */
int databases_in_use(const struct endpoint *endpoint, const struct str_list *wanted, const struct stop *stop,
                     struct err *err, struct str_list *ret_in_use);

/* Reads the server's version and state through any database that admits the user. */
int server_inspect(const struct endpoint *endpoint, const struct stop *stop, struct err *err,
                   struct server_info *ret_info);
void server_info_done(struct server_info *info);

#endif

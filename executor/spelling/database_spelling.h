/* SPDX-License-Identifier: MIT */
/*
 * PostgreSQL displays the charset and the collation of a database in its own spelling ("utf8" as "UTF8",
 * "POSIX" as "C"), and a machine without the service's default collation uses another one. A client that
 * compares its request with the response would replace the database. So the requested values are stored
 * together with the actual ones, and returned while the database still has those.
 */
#ifndef EXECUTOR_SPELLING_DATABASE_SPELLING_H
#define EXECUTOR_SPELLING_DATABASE_SPELLING_H

#include <jansson.h>

#include "engine/admin/databases.h"
#include "store/store.h"

/* After the PUT of a database: either may be NULL. ERR_CONFLICT when the database has another collation than
 * the client asks for. */
int database_spelling_keep(struct store *store, const struct server *server,
                           const struct database_info *database, const char *charset, const char *collation,
                           struct err *err);
int database_spelling_forget(struct store *store, const struct server *server, const char *name,
                             struct err *err);

/* {name, charset, collation} in the asked spelling, with a "warning" when another collation is really used.
 * New reference; NULL with err. */
json_t *database_describe(struct store *store, const struct server *server,
                          const struct database_info *database, struct err *err);

#endif

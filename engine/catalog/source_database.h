/* SPDX-License-Identifier: MIT */
/* The properties of a database that pg_dump leaves out. */
#ifndef ENGINE_CATALOG_SOURCE_DATABASE_H
#define ENGINE_CATALOG_SOURCE_DATABASE_H

#include <stdbool.h>

#include "core/err.h"
#include "engine/pg/pg.h"

struct source_database {
    PGresult *row;      /* one row, see source_database_get() */
    PGresult *settings; /* role (or NULL), "name=value" */
    PGresult *acl;      /* grantor, grantee (NULL: PUBLIC), privilege, "t" with grant option; see has_acl */
};

enum source_property {
    DATABASE_ENCODING,
    DATABASE_COLLATION,
    DATABASE_CTYPE,
    DATABASE_PROVIDER, /* "c" libc, "i" ICU, "b" builtin */
    DATABASE_LOCALE,   /* of ICU or builtin, or NULL */
    DATABASE_ICU_RULES,
    DATABASE_OWNER,
    DATABASE_CONNECTION_LIMIT,
    DATABASE_COMMENT,
    DATABASE_IS_TEMPLATE,
    DATABASE_HAS_ACL,
    DATABASE_HAS_PUBLIC,  /* schema public */
    DATABASE_HAS_PLPGSQL, /* extension plpgsql */
    DATABASE_PROPERTIES,
};

/* Reads the properties of the database that pg is connected to. */
int source_database_read(struct pg *pg, struct err *err, struct source_database *ret_database);
void source_database_done(struct source_database *database);
/* NULL for SQL NULL. Owned by the database. */
const char *source_database_get(const struct source_database *database, enum source_property property);
bool source_database_has(const struct source_database *database, enum source_property property);

/* The encoding of statements and names for sessions of a database in "encoding": UTF8, except for
 * encodings without a conversion to it, whose bytes are passed on unchanged. */
const char *source_database_session_encoding(const char *encoding);

#endif

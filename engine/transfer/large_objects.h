/* SPDX-License-Identifier: MIT */
/* Copies single large objects; only for engine/transfer/large_objects.c and
 * engine/cutover/cutover_large_objects.c. */
#ifndef ENGINE_TRANSFER_LARGE_OBJECTS_H
#define ENGINE_TRANSFER_LARGE_OBJECTS_H

#include <stddef.h>

#include "core/err.h"
#include "engine/dump/restore.h"
#include "engine/pg/pg.h"

enum { OID_TEXT_BYTES = 16 };

/* The columns of pg_largeobject_metadata l that large_objects_describe_page() needs. */
#define LARGE_OBJECT_DESCRIPTION                                                                             \
    "l.oid, pg_get_userbyid(l.lomowner), obj_description(l.oid, 'pg_largeobject'), l.lomacl IS NOT NULL"

/* Both sessions, and the rules for owners on the target. */
struct large_objects {
    struct pg *source;
    struct pg *target;
    const struct restore *restore;
};

/* Copies all of them: contents, then owners, privileges and comments. */
int large_objects_copy(const struct large_objects *objects, struct err *err);
int large_objects_describe(const struct large_objects *objects, struct err *err);

/* Objects whose owner, privileges and comment could not be set, for one warning. */
struct undescribed {
    size_t count;
    char first[OID_TEXT_BYTES];
    struct err reason;
};

/* Copies the contents into an empty object on the target. */
int large_object_copy_contents(const struct large_objects *objects, const char *oid, struct err *err);
/* Copies the pages that match "where" (SQL, or ""), including holes. Superusers only. */
int large_objects_copy_pages(const struct large_objects *objects, const char *where, struct err *err);
/* Sets the source's owners, privileges and comments on objects that have no privileges yet. */
int large_objects_describe_page(const struct large_objects *objects, const PGresult *page,
                                struct undescribed *undescribed, struct err *err);
void large_objects_report(const struct large_objects *objects, const struct undescribed *undescribed);

#endif

/* SPDX-License-Identifier: MIT */
/* Single large objects; for engine/transfer/large_objects.c and engine/cutover/cutover_large_objects.c only.
 */
#ifndef ENGINE_TRANSFER_LARGE_OBJECTS_H
#define ENGINE_TRANSFER_LARGE_OBJECTS_H

#include <stddef.h>

#include "core/err.h"
#include "engine/dump/restore.h"
#include "engine/pg/pg.h"

enum { OID_TEXT_BYTES = 16 };

/* What large_objects_describe_page() wants to know of pg_largeobject_metadata l. */
#define LARGE_OBJECT_DESCRIPTION                                                                             \
    "l.oid, pg_get_userbyid(l.lomowner), obj_description(l.oid, 'pg_largeobject'), l.lomacl IS NOT NULL"

/* Both sessions, and who is to own what on the target. */
struct large_objects {
    struct pg *source;
    struct pg *target;
    const struct restore *restore;
};

/* All of them: contents; then owners, privileges and comments. */
int large_objects_copy(const struct large_objects *objects, struct err *err);
int large_objects_describe(const struct large_objects *objects, struct err *err);

/* Those that could not be given owner, privileges and comment, for one warning. */
struct undescribed {
    size_t count;
    char first[OID_TEXT_BYTES];
    struct err reason;
};

/* Copies the bytes into an object that is empty on the target. */
int large_object_copy_contents(const struct large_objects *objects, const char *oid, struct err *err);
/* Copies the pages that "where" (SQL, or "") chooses, holes included. Superusers
 * only. */
int large_objects_copy_pages(const struct large_objects *objects, const char *where, struct err *err);
/* Gives objects without privileges of their own the source's owners, privileges and comments. */
int large_objects_describe_page(const struct large_objects *objects, const PGresult *page,
                                struct undescribed *undescribed, struct err *err);
void large_objects_report(const struct large_objects *objects, const struct undescribed *undescribed);

#endif

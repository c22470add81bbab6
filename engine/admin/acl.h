/* SPDX-License-Identifier: MIT */
/* Privileges of objects that are not in pg_dump's archive: databases and large objects. */
#ifndef ENGINE_ADMIN_ACL_H
#define ENGINE_ADMIN_ACL_H

#include "core/buf.h"
#include "core/str_list.h"
#include "engine/pg/pg.h"
#include "engine/pg/report.h"

struct acl_object {
    const char *name;  /* SQL: DATABASE "shop" */
    const char *owner; /* role on the target that owns the object there */
    const char *source_owner;
};

/* One row of aclexplode(). */
struct acl_grant {
    const char *grantor;
    const char *grantee; /* NULL: PUBLIC */
    const char *privilege;
    bool grantable;
};

/* Adds the SQL that revokes every privilege, so that the grants start from a clean state. */
void acl_add_revokes(struct pg *target, struct buf *sql, const struct acl_object *object);
/* Adds one grant, by its grantor unless that is the owner. Grants to roles that the target lacks are
 * reported. */
void acl_add_grant(struct pg *target, struct buf *sql, const struct acl_object *object,
                   const struct acl_grant *grant, const struct str_list *roles, struct report *report);

#endif

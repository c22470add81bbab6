/* SPDX-License-Identifier: MIT */
#include "engine/admin/acl.h"

#include <string.h>

void acl_add_revokes(struct pg *target, struct buf *sql, const struct acl_object *object)
{
    buf_addf(sql, "REVOKE ALL ON %s FROM PUBLIC; REVOKE ALL ON %s FROM ", object->name, object->name);
    pg_add_identifier(target, sql, object->owner);
    buf_adds(sql, "; ");
}

void acl_add_grant(struct pg *target, struct buf *sql, const struct acl_object *object,
                   const struct acl_grant *grant, const struct str_list *roles, struct report *report)
{
    bool to_owner = grant->grantee != NULL && strcmp(grant->grantee, object->source_owner) == 0;
    const char *grantee = to_owner ? object->owner : grant->grantee;
    if (grantee != NULL && !str_list_has(roles, grantee)) {
        report_missing_grantee(report, grantee);
        return;
    }
    /* Only a superuser can act as the grantor; for others the owner grants. */
    bool by_other = target->superuser && strcmp(grant->grantor, object->source_owner) != 0 &&
                    str_list_has(roles, grant->grantor);
    if (by_other) {
        buf_adds(sql, "SET SESSION AUTHORIZATION ");
        pg_add_identifier(target, sql, grant->grantor);
        buf_adds(sql, "; ");
    }
    buf_addf(sql, "GRANT %s ON %s TO ", grant->privilege, object->name);
    if (grantee == NULL) {
        buf_adds(sql, "PUBLIC");
    } else {
        pg_add_identifier(target, sql, grantee);
    }
    buf_adds(sql, grant->grantable ? " WITH GRANT OPTION; " : "; ");
    if (by_other) {
        buf_adds(sql, "RESET SESSION AUTHORIZATION; ");
    }
}

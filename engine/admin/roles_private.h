/* SPDX-License-Identifier: MIT */
/* Shared by engine/admin/roles*.c only. */
#ifndef ENGINE_ADMIN_ROLES_PRIVATE_H
#define ENGINE_ADMIN_ROLES_PRIVATE_H

#include "engine/admin/roles.h"
#include "engine/pg/pg.h"

enum { ROLES_SQL_MAX_BYTES = 64 * 1024 };

/* The migration service's codes for the steps of copying roles. */
enum {
    ROLES_CREATE = 603701,
    ROLES_READ = 603702,
    ROLES_MEMBERSHIP = 603704,
    ROLES_PRIVILEGES = 603705,
    ROLES_SETUP = 603709,
};

struct roles_job {
    struct pg source;
    struct pg target; /* in a transaction */
    struct err *err;
    int step; /* the code of the step in progress, for errors and warnings */
    struct str_list *warnings;
    struct str_list there;   /* roles that the target already had */
    struct str_list created; /* by Malachite */
};

/* Formats and appends a warning with the code of the step. 0, or -1 when memory is out. */
int roles_warn(struct roles_job *job, const char *format, ...) printf_like(2, 3);
/* Runs a statement on the target inside a savepoint. 0: done, 1: the target rejected it (job->err says
 * why, the transaction continues), -1: connection lost or stopped. */
int roles_try(struct roles_job *job, const struct buf *sql);

int roles_copy_settings(struct roles_job *job);
int roles_copy_comments(struct roles_job *job);
int roles_copy_memberships(struct roles_job *job);
int roles_copy_parameter_privileges(struct roles_job *job);

#endif

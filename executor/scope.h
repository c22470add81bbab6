/* SPDX-License-Identifier: MIT */
/* Which migration the calling thread works for, as testers' rules see it (core/points/points.h). */
#ifndef EXECUTOR_SCOPE_H
#define EXECUTOR_SCOPE_H

#include "core/points/points.h"
#include "executor/executor_parts.h"

struct scope {
    struct point_subject subject;
    char *subscription, *migration, *migration_id, *source, *target;
};

/* Begins a scope of this thread; end it on the same thread before scope goes out of scope. Names that cannot
 * be read match nothing. stop may be NULL. */
void scope_begin(struct scope *scope, const struct executor *executor, const struct migration *migration,
                 const struct stop *stop);
void scope_end(struct scope *scope);

#endif

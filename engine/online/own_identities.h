/* SPDX-License-Identifier: MIT */
/*
 * Tables that are published with REPLICA IDENTITY FULL only for the time of the migration come to the target
 * with their own identity. What that is, the publication's comment says (engine/replication/replication.h).
 */
#ifndef ENGINE_ONLINE_OWN_IDENTITIES_H
#define ENGINE_ONLINE_OWN_IDENTITIES_H

#include "core/err.h"
#include "engine/pg/pg.h"
#include "engine/pg/report.h"

/* Of the publication with that name; the caller clears the result. */
int own_identities_read(struct pg *source, const char *name, struct err *err, PGresult **ret_identities);
/* What cannot be set becomes a warning. */
int own_identities_apply(struct pg *target, const PGresult *identities, struct report *report,
                         struct err *err);

#endif

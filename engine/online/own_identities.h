/* SPDX-License-Identifier: MIT */
/*
 * Tables that have REPLICA IDENTITY FULL only during the migration get their original identity on the
 * target. The publication's comment records it (engine/replication/replication.h).
 */
#ifndef ENGINE_ONLINE_OWN_IDENTITIES_H
#define ENGINE_ONLINE_OWN_IDENTITIES_H

#include "core/err.h"
#include "engine/pg/pg.h"
#include "engine/pg/report.h"

/* Reads them from the publication with that name; the caller clears the result. */
int own_identities_read(struct pg *source, const char *name, struct err *err, PGresult **ret_identities);
/* An identity that cannot be set becomes a warning. */
int own_identities_apply(struct pg *target, const PGresult *identities, struct report *report,
                         struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Tables whose rows on the target do not fit the others until the cutover recopies them: the stream does not
 * carry their changes, or no longer (engine/replication/tables/stale.h). Old rows of such a table may refer
 * to rows that the source has deleted, and rows of others to new ones that the target does not have.
 */
#ifndef ENGINE_ONLINE_UNCARRIED_H
#define ENGINE_ONLINE_UNCARRIED_H

#include "core/err.h"
#include "core/stop.h"
#include "engine/pg/endpoint.h"
#include "engine/pg/pg.h"

/*
 * Finds them in the catalogs and makes the target's helper remember them, durably: the next session that
 * applies sets their foreign keys aside (replica_renew()). "source" is any session on the source's database;
 * "name" is that of publication and helper schema. Nobody applies in the meantime.
 */
int uncarried_note(struct pg *source, const struct endpoint *target, const char *database, const char *name,
                   const struct stop *stop, struct err *err);

#endif

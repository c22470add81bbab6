/* SPDX-License-Identifier: MIT */
/*
 * Tables whose rows on the target are inconsistent with others until the cutover recopies them, because
 * the stream does not carry their changes, or no longer does (engine/replication/tables/stale.h). Old rows
 * of such a table may reference rows that the source has deleted, and rows of other tables may reference
 * new ones that the target lacks.
 */
#ifndef ENGINE_ONLINE_UNCARRIED_H
#define ENGINE_ONLINE_UNCARRIED_H

#include "core/err.h"
#include "core/stop.h"
#include "engine/pg/endpoint.h"
#include "engine/pg/pg.h"

/*
 * Finds them in the catalogs and records them durably in the target's helper schema: the next session that
 * applies sets their foreign keys aside (replica_renew()). "source" is any session on the source's
 * database; "name" is that of publication and helper schema. No session may apply concurrently.
 */
int uncarried_note(struct pg *source, const struct endpoint *target, const char *database, const char *name,
                   const struct stop *stop, struct err *err);

#endif

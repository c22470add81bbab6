/* SPDX-License-Identifier: MIT */
/* Settings as stored in pg_db_role_setting. */
#ifndef ENGINE_PG_SETTING_H
#define ENGINE_PG_SETTING_H

#include "core/buf.h"
#include "engine/pg/pg.h"

/* Adds " SET name TO value" of an ALTER ROLE or ALTER DATABASE. The parts of a name, as in "shop.tenant",
 * are separate identifiers; the members of a list, as in search_path, are separate literals. */
void pg_add_setting(struct pg *pg, struct buf *sql, const char *name, const char *value);

#endif

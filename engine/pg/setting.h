/* SPDX-License-Identifier: MIT */
/* Settings as pg_db_role_setting keeps them. */
#ifndef ENGINE_PG_SETTING_H
#define ENGINE_PG_SETTING_H

#include "core/buf.h"
#include "engine/pg/pg.h"

/* Adds " SET name TO value" of an ALTER ROLE or ALTER DATABASE. Parts of a name, as in "shop.tenant", are
 * names of their own; the members of a list, as in search_path, are literals of their own. */
void pg_add_setting(struct pg *pg, struct buf *sql, const char *name, const char *value);

#endif

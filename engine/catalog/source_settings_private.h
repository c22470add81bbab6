/* SPDX-License-Identifier: MIT */
/* What reading the settings and using them share; for engine/source_settings*.c only. */
#ifndef ENGINE_CATALOG_SOURCE_SETTINGS_PRIVATE_H
#define ENGINE_CATALOG_SOURCE_SETTINGS_PRIVATE_H

#include "engine/catalog/source_settings.h"

/* Whether it is one of PostgreSQL's own that expressions depend on; search_path is none of them. */
bool source_setting_is_known(const char *name);
/* How a server writes some amounts of money, to be freed; NULL also when it refuses the locale or cannot read
 * what it has written. Changes the session's lc_monetary. */
int source_settings_write_money(struct pg *pg, const char *locale, struct err *err, char **ret_text);

#endif

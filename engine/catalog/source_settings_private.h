/* SPDX-License-Identifier: MIT */
/* Shared by engine/catalog/source_settings*.c only. */
#ifndef ENGINE_CATALOG_SOURCE_SETTINGS_PRIVATE_H
#define ENGINE_CATALOG_SOURCE_SETTINGS_PRIVATE_H

#include "engine/catalog/source_settings.h"

/* Whether it is one of PostgreSQL's own settings that expressions depend on; search_path is not one of
 * them. */
bool source_setting_is_known(const char *name);
/* Writes sample amounts of money in a locale; the caller frees. NULL also if the server rejects the locale
 * or cannot read its own output. Changes the session's lc_monetary. */
int source_settings_write_money(struct pg *pg, const char *locale, struct err *err, char **ret_text);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What a PUT or PATCH makes of the tags, the sku and the settings that a server has. All take and give JSON
 * texts as the row keeps them; the caller frees. NULL: memory is out, unless it says otherwise.
 */
#ifndef HANDLERS_SERVERS_VALUES_SERVER_MERGE_H
#define HANDLERS_SERVERS_VALUES_SERVER_MERGE_H

#include <jansson.h>
#include <stdbool.h>

#include "core/err.h"
#include "store/rows/rows.h"

/* Replaces the tags, except those that attach a server: only a new value changes these. given and before
 * may be NULL. *ret_tags is NULL if no tag is left and none was given. */
int tags_merge(const char *given, const char *before, struct err *err, char **ret_tags);
/* A PATCH keeps the members that it does not give; a PUT without a tier gets the one of the size. given and
 * before may be NULL. */
json_t *sku_merge(enum server_kind kind, json_t *given, const char *before, bool patch);
/* Merges settings, of which null removes one; a PUT replaces the identity. The identity gets its ids. */
json_t *settings_merge(json_t *given, const char *before, bool patch, const char *tenant_id);

#endif

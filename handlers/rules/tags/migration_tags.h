/* SPDX-License-Identifier: MIT */
/* Tags of a migration that make testers' rules, for clients that cannot call /_malachite/: malachite.hold,
 * malachite.fail, malachite.pace. */
#ifndef HANDLERS_RULES_TAGS_MIGRATION_TAGS_H
#define HANDLERS_RULES_TAGS_MIGRATION_TAGS_H

#include "core/err.h"
#include "store/rows/rows.h"

/* 400 that lists what exists, for a value that means nothing. tags: JSON, or NULL. */
int migration_tags_check(const char *tags, struct err *err);
/* Makes the rules of a stored migration as its tags say; those whose tag is gone or changed release what
 * they hold. */
void migration_tags_apply(const struct migration *migration);

#endif

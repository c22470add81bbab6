/* SPDX-License-Identifier: MIT */
/* Which names resources may have; each rule also in words, for messages. */
#ifndef HANDLERS_ARM_NAMES_H
#define HANDLERS_ARM_NAMES_H

#include <stdbool.h>

enum { MIGRATION_NAME_MAX = 63 };

/* ^[A-Za-z0-9][A-Za-z0-9-]{0,62}$ */
bool migration_name_is_valid(const char *name);
extern const char migration_name_rule[];

/* 3 to 63 letters, digits and hyphens, no hyphen at either end. */
bool server_name_is_valid(const char *name);
extern const char server_name_rule[];

#endif

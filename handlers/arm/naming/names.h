/* SPDX-License-Identifier: MIT */
/* The rules for names of resources and their error messages, in one table. Any thread. */
#ifndef HANDLERS_ARM_NAMING_NAMES_H
#define HANDLERS_ARM_NAMING_NAMES_H

#include <stdbool.h>

#include "core/err.h"

enum name_kind {
    NAME_GROUP,
    NAME_DEPLOYMENT,
    NAME_SERVER,
    NAME_LOGIN, /* of a server's administrator */
    NAME_DATABASE,
    NAME_RULE,
    NAME_MIGRATION,
    NAME_NETWORK, /* of virtual networks, subnets, private endpoints and DNS zones */
    NAME_KIND_COUNT
};

bool name_is_valid(enum name_kind kind, const char *name);
/* The rule as a sentence. Static. */
const char *name_rule(enum name_kind kind);
/* The error for a name that breaks its rule; err has no target. */
int name_check(enum name_kind kind, const char *name, struct err *err);

/* Databases of PostgreSQL and Azure, which migrations never touch. */
bool database_name_is_reserved(const char *name);

#endif

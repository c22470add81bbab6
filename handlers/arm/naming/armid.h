/* SPDX-License-Identifier: MIT */
/* Azure resource ids:
 * /subscriptions/{s}/resourceGroups/{g}/providers/{namespace}/{type}/{name}[/{type}/{name}]. */
#ifndef HANDLERS_ARM_NAMING_ARMID_H
#define HANDLERS_ARM_NAMING_ARMID_H

#include <stdbool.h>

enum { ARMID_TYPES_MAX = 3 };

struct armid {
    char *subscription_id;
    char *group;                  /* NULL for subscription-level ids */
    char *provider;               /* namespace, NULL for ids of groups and subscriptions */
    char *types[ARMID_TYPES_MAX]; /* "flexibleServers", "migrations" */
    char *names[ARMID_TYPES_MAX];
    int depth; /* the number of types and names */
};

/* Parses an id; literals compare without case. The leading slash may be missing (real clients omit it),
 * and a trailing one is accepted. False if it is malformed. Release with armid_done(). */
bool armid_parse(const char *text, struct armid *ret_id);
void armid_done(struct armid *id);
#define auto_armid __attribute__((cleanup(armid_done)))

/* Formats into new memory, which the caller frees; NULL when memory is out. */
char *armid_group(const char *subscription_id, const char *group);
char *armid_resource(const char *subscription_id, const char *group, const char *provider, const char *type,
                     const char *name);
char *armid_child(const char *parent_id, const char *type, const char *name);

#endif

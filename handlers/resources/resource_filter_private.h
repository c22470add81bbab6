/* SPDX-License-Identifier: MIT */
/*
 * The $filter of generic resource lists: comparisons of resourceType, name, location, resourceGroup,
 * tagName and tagValue with eq and ne, substringof() and startswith(), combined by and, or and
 * parentheses.
 */
#ifndef HANDLERS_RESOURCES_RESOURCE_FILTER_PRIVATE_H
#define HANDLERS_RESOURCES_RESOURCE_FILTER_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>

#include "core/err.h"

/* The fields that a filter may use; borrowed, each may be NULL. */
struct filter_item {
    const char *type;
    const char *name;
    const char *location;
    const char *group;
    json_t *tags;
};

/* Whether the item matches; NULL or empty text matches everything. ERR_BAD_REQUEST for an invalid filter,
 * regardless of the item. */
int resource_filter_match(const char *filter, const struct filter_item *item, struct err *err,
                          bool *ret_passes);

#endif

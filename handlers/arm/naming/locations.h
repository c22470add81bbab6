/* SPDX-License-Identifier: MIT */
/* The regions of Azure. Static data, any thread. */
#ifndef HANDLERS_ARM_NAMING_LOCATIONS_H
#define HANDLERS_ARM_NAMING_LOCATIONS_H

#include <stdbool.h>
#include <stddef.h>

struct location {
    const char *name;         /* "canadacentral" */
    const char *display_name; /* "Canada Central" */
    const char *geography;    /* "Canada" */
    const char *city;
    const char *paired; /* name of the paired region, or NULL */
    const char *latitude;
    const char *longitude;
};

extern const struct location locations[];
extern const size_t location_count;

/* The row for a name or a display name ("Canada Central", "canadacentral"), or NULL. */
const struct location *location_find(const char *text);
/* Letters, digits, blanks, at most 60. Regions that are not in the table are accepted, because Azure adds
 * some every year. */
bool location_is_valid(const char *text);
/* The short name in new memory: lower case without blanks, as resources store it. NULL when memory is out. */
char *location_name(const char *text);
/* The display name of a known region, otherwise the text itself. */
const char *location_display_name(const char *text);

#endif

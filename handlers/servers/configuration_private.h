/* SPDX-License-Identifier: MIT */
/* Server parameters as clients see and write them. */
#ifndef HANDLERS_SERVERS_CONFIGURATION_PRIVATE_H
#define HANDLERS_SERVERS_CONFIGURATION_PRIVATE_H

#include <jansson.h>

#include "core/err.h"
#include "store/rows/rows.h"

/* The resource of a parameter from the executor's description; takes over the reference. New reference,
 * NULL when memory is out. */
json_t *configuration_write(const struct server *server, json_t *configuration);

/*
 * Checks a value against the executor's description of the parameter. *ret_value is a copy of the value,
 * which the caller frees, or NULL for the default.
 */
int configuration_check(json_t *configuration, const char *value, struct err *err, char **ret_value);

#endif

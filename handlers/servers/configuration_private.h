/* SPDX-License-Identifier: MIT */
/* Server parameters as the client sees and writes them. */
#ifndef HANDLERS_SERVERS_CONFIGURATION_PRIVATE_H
#define HANDLERS_SERVERS_CONFIGURATION_PRIVATE_H

#include <jansson.h>

#include "core/err.h"
#include "store/rows/rows.h"

/* The resource of a parameter as the executor describes it; takes the reference. New reference, NULL when
 * memory is out. */
json_t *configuration_write(const struct server *server, json_t *configuration);

/*
 * Checks a value against what the executor says of the parameter. *ret_value is a copy of the value that
 * the caller frees, or NULL for the default.
 */
int configuration_check(json_t *configuration, const char *value, struct err *err, char **ret_value);

#endif

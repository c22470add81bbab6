/* SPDX-License-Identifier: MIT */
/*
 * Server parameters of the service that PostgreSQL lacks: of its pooler, its query store, its migration
 * service and its extensions. Malachite lists them, checks their values and stores them; docs/servers.md
 * says which have an effect here. A parameter that the running server knows (because the extension is
 * loaded) is the server's. Static data, any thread.
 */
#ifndef EXECUTOR_SPELLING_SERVICE_PARAMETERS_H
#define EXECUTOR_SPELLING_SERVICE_PARAMETERS_H

#include <stddef.h>

#include "store/rows/rows.h"

enum parameter_change {
    CHANGE_DYNAMIC,  /* takes effect at once */
    CHANGE_STATIC,   /* takes effect at the next restart */
    CHANGE_READ_ONLY /* never changes */
};

struct service_parameter {
    const char *name;
    const char *type; /* as in dataType: "Boolean", "Integer", "Numeric", "Enumeration", "Set", "String" */
    const char *standard; /* the default; "" for none */
    const char *allowed;  /* "on,off", "1-30", "a,b,c", or a regular expression for a String */
    enum parameter_change change;
    unsigned kinds; /* of servers that have it: 1 << enum server_kind */
    const char *text;
};

extern const struct service_parameter service_parameters[]; /* ordered by name, as strcmp() orders */
extern const size_t service_parameter_count;

/* NULL when servers of this kind have no such parameter; names are compared without case. */
const struct service_parameter *service_parameter_find(enum server_kind kind, const char *name);

#endif

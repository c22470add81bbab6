/* SPDX-License-Identifier: MIT */
/* Server parameters of a live server: what pg_settings and the configuration files say, and ALTER SYSTEM. */
#ifndef ENGINE_ADMIN_SETTINGS_H
#define ENGINE_ADMIN_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/pg/endpoint.h"

struct server_setting {
    char *name;
    char *value;         /* for new sessions; after a change that waits for a restart: the new one */
    char *default_value; /* PostgreSQL's own */
    char *description;
    char *type;    /* "bool", "integer", "real", "enum", "string" */
    char *unit;    /* "8kB", "ms"; empty when there is none */
    char *minimum; /* of numbers; empty otherwise */
    char *maximum;
    char *choices;        /* of enums, separated by commas; empty otherwise */
    bool dynamic;         /* a change takes effect without a restart */
    bool fixed;           /* cannot be changed, or must not: file names, commands, addresses */
    bool altered;         /* by ALTER SYSTEM; always false when the login may not see that */
    bool pending_restart; /* the value takes effect at the next start */
};

/* name NULL: all, ordered by name; else that one (compared without case) or none. What sessions of ours pin
 * does not show. */
int settings_list(const struct endpoint *endpoint, const char *name, const struct stop *stop, struct err *err,
                  struct server_setting **ret_settings, size_t *ret_count);
void settings_free(struct server_setting *settings, size_t count);

struct setting_change {
    const char *name;
    const char *value; /* NULL: back to the default */
};
/*
 * ALTER SYSTEM for each, then a reload that has happened when this returns: all changes, or none. Refused are
 * lists that do not parse, libraries that the server lacks, and whatever PostgreSQL refuses; an empty list is
 * a RESET. Afterwards a plain session proves that clients can still log in; otherwise the old values come
 * back and err says why.
 */
int settings_change(const struct endpoint *endpoint, const struct setting_change *changes, size_t count,
                    const struct stop *stop, struct err *err);

/* Names of the extensions that can be created, in order, separated by commas; the caller frees. */
int settings_available_extensions(const struct endpoint *endpoint, const struct stop *stop, struct err *err,
                                  char **ret_names);

#endif

/* SPDX-License-Identifier: MIT */
/* Server parameters of a running server, from pg_settings and the configuration files, and ALTER SYSTEM. */
#ifndef ENGINE_ADMIN_SETTINGS_H
#define ENGINE_ADMIN_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/pg/endpoint.h"

struct server_setting {
    char *name;
    char *value;         /* for new sessions; if a change waits for a restart, the new one */
    char *default_value; /* PostgreSQL's own */
    char *description;
    char *type;    /* "bool", "integer", "real", "enum", "string" */
    char *unit;    /* "8kB", "ms"; empty if there is none */
    char *minimum; /* of numbers; empty otherwise */
    char *maximum;
    char *choices;        /* of enums, separated by commas; empty otherwise */
    bool dynamic;         /* a change takes effect without a restart */
    bool fixed;           /* cannot or must not be changed: file names, commands, addresses */
    bool altered;         /* by ALTER SYSTEM; always false if the login may not see that */
    bool pending_restart; /* the value takes effect at the next start */
};

/* name NULL: all, ordered by name; otherwise that one (compared without case) or none. Values that
 * Malachite's own session has set are not shown. */
int settings_list(const struct endpoint *endpoint, const char *name, const struct stop *stop, struct err *err,
                  struct server_setting **ret_settings, size_t *ret_count);
void settings_free(struct server_setting *settings, size_t count);

struct setting_change {
    const char *name;
    const char *value; /* NULL: reset to the default */
};
/* Runs ALTER SYSTEM for each change, then reloads and waits for the reload: all changes or none. Rejects
 * lists that do not parse, libraries that the server lacks, and whatever PostgreSQL rejects; an empty list
 * is a RESET. Afterwards an ordinary session verifies that clients can still log in; otherwise the old
 * values are restored and err says why. */
int settings_change(const struct endpoint *endpoint, const struct setting_change *changes, size_t count,
                    const struct stop *stop, struct err *err);

/* Names of the extensions that can be created, in order, separated by commas; the caller frees. */
int settings_available_extensions(const struct endpoint *endpoint, const struct stop *stop, struct err *err,
                                  char **ret_names);

#endif

/* SPDX-License-Identifier: MIT */
/* Common parts of this room's descriptions: how settings are stored, and how resources are shown. Static
 * data, any thread. */
#ifndef HANDLERS_SERVERS_VALUES_RESOURCE_VIEW_H
#define HANDLERS_SERVERS_VALUES_RESOURCE_VIEW_H

#include "handlers/arm/property.h"
#include "store/rows/rows.h"

/* The subject of properties_write(). */
struct resource_view {
    const struct description *description;
    unsigned version;
    const struct server *server; /* the shown server, or the parent of the shown child */
    const char *child_type;      /* "databases" */
    const char *child_name;
    json_t *connections; /* private endpoint connections of the server, or NULL */
    json_t *
        values; /* by the last part of their paths: settings of a client, or values from the running server */
};

/* A string; the record has a const char *, which belongs to the body. */
extern const struct property_type type_string;
/*
 * Settings, which are checked by their rows and stored: the record has a json_t *, an object to which they
 * are added under their own names (null: remove). Shown are the defaults of the row and of the rows below
 * it, overridden by the given values.
 */
extern const struct property_type type_setting_text, type_setting_object;

/* Adds a setting to the record's object. Returns 0, or -1 with err when memory is out. */
int setting_keep(const struct property *row, json_t *value, struct err *err, void *record);

/* Shows the value unchanged, or the row's default. */
json_t *write_known(const struct property *row, const void *subject);
json_t *write_child_id(const struct property *row, const void *subject);
json_t *write_child_name(const struct property *row, const void *subject);
json_t *write_child_type(const struct property *row, const void *subject);

/* The last rows of the description of each child. */
#define CHILD_ROWS                                                                                           \
    {"id", "string", ACCESS_SHOWN, "Resource id.", .write = write_child_id},                                 \
        {"name", "string", ACCESS_SHOWN, NULL, .write = write_child_name},                                   \
    {                                                                                                        \
        "type", "string", ACCESS_SHOWN, NULL, .write = write_child_type                                      \
    }

/* A child of a server, of this type ("firewallRules"); takes over the reference to values. New reference,
 * NULL when memory is out. */
json_t *server_child_write(const struct description *description, const struct server *server,
                           const char *type, const char *name, json_t *values);

#endif

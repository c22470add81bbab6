/* SPDX-License-Identifier: MIT */
#include "handlers/servers/values/server_values.h"

#include <string.h>

#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/naming/locations.h"
#include "handlers/arm/resource.h"
#include "handlers/servers/values/resource_view.h"
#include "handlers/servers/values/storage_size.h"

enum { POSTGRESQL_PORT = 5432 };

/* ---- what the row knows ----------------------------------------------------------------------------------
 */

static const struct server *server_of(const void *subject)
{
    return ((const struct resource_view *)subject)->server;
}

json_t *server_write_id(const struct property *row, const void *subject)
{
    (void)row;
    auto_free char *id = server_resource_id(server_of(subject));
    return json_string(id);
}

json_t *server_write_name(const struct property *row, const void *subject)
{
    (void)row;
    return json_string(server_of(subject)->name);
}

json_t *server_write_type(const struct property *row, const void *subject)
{
    (void)row;
    auto_free char *type =
        str_format("%s/%s", POSTGRESQL_NAMESPACE, word_of(WORDS_SERVER_KIND, (int)server_of(subject)->kind));
    return json_string(type);
}

/* In the spelling that it was asked for, or NULL. New reference. */
static json_t *asked_location(const struct property *row, const void *subject)
{
    json_t *asked = json_object_get(((const struct resource_view *)subject)->values, property_name(row));
    auto_free char *name = asked == NULL ? NULL : location_name(json_string_value(asked));
    return name != NULL && str_equals(name, server_of(subject)->location) ? json_incref(asked) : NULL;
}

json_t *server_write_location(const struct property *row, const void *subject)
{
    json_t *asked = asked_location(row, subject);
    return asked != NULL ? asked : json_string(server_of(subject)->location);
}

json_t *server_write_display_location(const struct property *row, const void *subject)
{
    json_t *asked = asked_location(row, subject);
    return asked != NULL ? asked : json_string(location_display_name(server_of(subject)->location));
}

json_t *server_write_tags(const struct property *row, const void *subject)
{
    (void)row;
    return json_from_text(server_of(subject)->tags);
}

json_t *server_write_sku(const struct property *row, const void *subject)
{
    (void)row;
    return json_from_text(server_of(subject)->sku);
}

json_t *server_write_created_at(const struct property *row, const void *subject)
{
    (void)row;
    char text[CLOCK_TEXT_SIZE];
    int64_t at_us = server_of(subject)->created_us;
    return at_us == 0 ? NULL : json_string(clock_format(at_us, text));
}

json_t *server_write_host(const struct property *row, const void *subject)
{
    (void)row;
    const struct server *server = server_of(subject);
    return json_string(server->host);
}

json_t *server_write_port(const struct property *row, const void *subject)
{
    (void)row;
    const struct server *server = server_of(subject);
    return server->port == POSTGRESQL_PORT ? NULL : json_integer(server->port);
}

static json_t *write_number_text(int number)
{
    auto_free char *text = str_format("%d", number);
    return json_string(text);
}

int server_version_major(const char *version)
{
    size_t digits = strspn(version, "0123456789");
    size_t len = strlen(version);
    bool with_minor = version[digits] == '.' &&
                      strspn(version + digits + 1, "0123456789") == len - digits - 1 && len > digits + 1;
    if (digits == 0 || digits > 3 || (digits != len && !with_minor)) {
        return 0;
    }
    return (int)strtol(version, NULL, 10);
}

/* In the spelling that it was asked for, if it is that version. */
json_t *server_write_version(const struct property *row, const void *subject)
{
    const struct server *server = server_of(subject);
    json_t *asked = json_object_get(((const struct resource_view *)subject)->values, property_name(row));
    const char *text = json_string_value(asked);
    if (text != NULL && (server->major == 0 || server_version_major(text) == server->major)) {
        return json_incref(asked);
    }
    return server->major == 0 ? NULL : write_number_text(server->major);
}

json_t *server_write_minor(const struct property *row, const void *subject)
{
    (void)row;
    const struct server *server = server_of(subject);
    return server->major == 0 || server->minor == 0 ? NULL : write_number_text(server->minor);
}

json_t *server_write_login(const struct property *row, const void *subject)
{
    (void)row;
    const struct server *server = server_of(subject);
    return json_string(server->administrator);
}

json_t *server_write_message(const struct property *row, const void *subject)
{
    (void)row;
    const struct server *server = server_of(subject);
    return json_string(server->message);
}

json_t *server_write_created(const struct property *row, const void *subject)
{
    (void)row;
    const struct server *server = server_of(subject);
    char text[CLOCK_TEXT_SIZE];
    return json_string(clock_format(server->created_us, text));
}

json_t *server_write_state(const struct property *row, const void *subject)
{
    (void)row;
    const struct server *server = server_of(subject);
    return json_string(word_of(WORDS_SERVER_STATE, (int)server->state));
}

/* Single servers have only four states. */
json_t *server_write_visible_state(const struct property *row, const void *subject)
{
    (void)row;
    const struct server *server = server_of(subject);
    switch (server->state) {
    case SERVER_STATE_READY:
    case SERVER_STATE_UPDATING:
        return json_string("Ready");
    case SERVER_STATE_DROPPING:
        return json_string("Dropping");
    case SERVER_STATE_STOPPED:
    case SERVER_STATE_STOPPING:
        return json_string("Disabled");
    case SERVER_STATE_PROVISIONING:
    case SERVER_STATE_STARTING:
    case SERVER_STATE_INACCESSIBLE:
    case SERVER_STATE_COUNT:
        break;
    }
    return json_string("Inaccessible");
}

json_t *server_write_connections(const struct property *row, const void *subject)
{
    const struct resource_view *view = subject;
    (void)row;
    return view->connections != NULL ? json_incref(view->connections) : json_array();
}

json_t *server_write_zero(const struct property *row, const void *subject)
{
    (void)row;
    (void)subject;
    return json_integer(0);
}

/* Malachite has no standby servers. */
json_t *server_write_standby_state(const struct property *row, const void *subject)
{
    (void)row;
    (void)subject;
    return json_string("NotEnabled");
}

/* ---- storage: the performance that goes with the size, unless the client has chosen one ------------------
 */

static json_t *given_storage(const void *subject, const char *member)
{
    const struct resource_view *view = subject;
    return json_object_get(json_object_get(view->values, "storage"), member);
}

static const struct storage_size *size_of(const void *subject)
{
    json_t *size = given_storage(subject, "storageSizeGB");
    return storage_size_for(size == NULL ? SERVER_STORAGE_GB : (int64_t)json_integer_value(size));
}

json_t *server_write_storage_tier(const struct property *row, const void *subject)
{
    json_t *given = given_storage(subject, property_name(row));
    return json_string_length(given) > 0 ? json_incref(given) : json_string(size_of(subject)->tier);
}

json_t *server_write_storage_iops(const struct property *row, const void *subject)
{
    json_t *given = given_storage(subject, property_name(row));
    return json_integer_value(given) != 0 ? json_incref(given) : json_integer(size_of(subject)->iops);
}

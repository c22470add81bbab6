/* SPDX-License-Identifier: MIT */
/*
 * What is true of the server comes from its row; what a client may configure on the real service is shown as
 * it was given, or with the service's defaults.
 */
#include "handlers/server_view.h"

#include "core/attr.h"
#include "core/clock.h"
#include "core/str.h"
#include "handlers/fields.h"
#include "handlers/locations.h"
#include "handlers/resource.h"

enum { POSTGRESQL_PORT = 5432 };

/* A property that a client may set; value is its default as JSON, or NULL for none. */
struct setting {
    const char *name;
    const char *value;
};

/* clang-format off */
static const struct setting flexible_settings[] = {
    {"storage", "{\"storageSizeGB\":128,\"autoGrow\":\"Disabled\"}"},
    {"backup", "{\"backupRetentionDays\":7,\"geoRedundantBackup\":\"Disabled\"}"},
    {"dataEncryption", "{\"type\":\"SystemManaged\"}"},
    {"network", "{\"publicNetworkAccess\":\"Enabled\"}"},
    {"authConfig", "{\"activeDirectoryAuth\":\"Disabled\",\"passwordAuth\":\"Enabled\"}"},
    {"availabilityZone", NULL},
    {"highAvailability", "{\"mode\":\"Disabled\",\"state\":\"NotEnabled\"}"},
    {"maintenanceWindow", "{\"customWindow\":\"Disabled\",\"dayOfWeek\":0,\"startHour\":0,\"startMinute\":0}"},
    {"replicationRole", "\"Primary\""},
    {"cluster", NULL},
};
static const struct setting single_settings[] = {
    {"storageProfile", "{\"storageMB\":131072,\"backupRetentionDays\":7,\"geoRedundantBackup\":\"Disabled\","
                       "\"storageAutogrow\":\"Disabled\"}"},
    {"sslEnforcement", "\"Disabled\""},
    {"minimalTlsVersion", NULL},
    {"infrastructureEncryption", NULL},
    {"publicNetworkAccess", "\"Enabled\""},
    {"replicationRole", NULL},
};
/* clang-format on */

static const struct setting *settings_of(enum server_kind kind, size_t *ret_count)
{
    *ret_count = kind == SERVER_FLEXIBLE ? ARRAY_LEN(flexible_settings) : ARRAY_LEN(single_settings);
    return kind == SERVER_FLEXIBLE ? flexible_settings : single_settings;
}

char *server_properties_to_keep(enum server_kind kind, json_t *properties, const char *kept_before)
{
    size_t count;
    const struct setting *settings = settings_of(kind, &count);
    json_t *before = json_from_text(kept_before);
    json_auto_t *kept = before == NULL ? json_object() : before;
    for (size_t i = 0; i < count; i++) {
        json_t *value = properties == NULL ? NULL : field_get(properties, settings[i].name);
        if (value != NULL && json_object_set(kept, settings[i].name, value) < 0) {
            return NULL;
        }
    }
    return json_dumps(kept, JSON_COMPACT);
}

/* Defaults first, so that a client that gives only some members of an object sees the others too. */
static int write_settings(const struct server *server, json_t *properties)
{
    size_t count;
    const struct setting *settings = settings_of(server->kind, &count);
    json_auto_t *given = json_from_text(server->properties);
    int failed = 0;
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_from_text(settings[i].value);
        json_t *wish = given == NULL ? NULL : json_object_get(given, settings[i].name);
        if (json_is_object(value) && json_is_object(wish)) {
            failed |= json_object_update(value, wish);
        } else if (wish != NULL) {
            json_decref(value);
            value = json_incref(wish);
        }
        failed |= value == NULL ? 0 : json_object_set_new_nocheck(properties, settings[i].name, value);
    }
    json_t *availability = json_object_get(properties, "highAvailability");
    failed |= availability == NULL
                  ? 0
                  : json_set_text(availability, "state", "NotEnabled"); /* there is no standby */
    return failed;
}

/* Single servers know four words only. */
static const char *user_visible_state(enum server_state state)
{
    switch (state) {
    case SERVER_STATE_READY:
    case SERVER_STATE_UPDATING:
        return "Ready";
    case SERVER_STATE_DROPPING:
        return "Dropping";
    case SERVER_STATE_STOPPED:
    case SERVER_STATE_STOPPING:
        return "Disabled";
    case SERVER_STATE_PROVISIONING:
    case SERVER_STATE_STARTING:
    case SERVER_STATE_INACCESSIBLE:
    case SERVER_STATE_COUNT:
        break;
    }
    return "Inaccessible";
}

static json_t *write_properties(const struct server *server)
{
    json_auto_t *properties = json_object();
    int failed = json_set_text(properties, "fullyQualifiedDomainName", server->host);
    if (server->port != POSTGRESQL_PORT) {
        failed |= json_object_set_new_nocheck(properties, "port", json_integer(server->port));
    }
    if (server->major > 0) {
        auto_free char *version = str_format("%d", server->major);
        failed |= version == NULL ? -1 : json_set_text(properties, "version", version);
    }
    failed |= json_set_text(properties, "administratorLogin", server->administrator);
    if (server->kind == SERVER_FLEXIBLE) {
        failed |= json_set_text(properties, "state", word_of(WORDS_SERVER_STATE, (int)server->state));
    } else {
        failed |= json_set_text(properties, "userVisibleState", user_visible_state(server->state));
    }
    failed |= json_set_text(properties, "stateMessage", server->message);
    failed |= write_settings(server, properties);
    failed |= json_object_set_new_nocheck(properties, "privateEndpointConnections", json_array());
    return failed != 0 ? NULL : TAKE(properties);
}

static int set_parsed(json_t *object, const char *name, const char *text)
{
    json_t *value = json_from_text(text);
    return value == NULL ? 0 : json_object_set_new_nocheck(object, name, value);
}

json_t *server_write(const struct server *server)
{
    const char *kind = word_of(WORDS_SERVER_KIND, (int)server->kind);
    auto_free char *id = server_resource_id(server);
    auto_free char *type = str_format("%s/%s", POSTGRESQL_NAMESPACE, kind);
    char created[CLOCK_TEXT_SIZE];
    json_auto_t *object = json_object();
    int failed = id == NULL || type == NULL;
    failed |= set_parsed(object, "sku", server->sku);
    if (server->kind == SERVER_FLEXIBLE && server->created_us != 0) {
        json_t *data = json_object();
        failed |= json_set_text(data, "createdAt", clock_format(server->created_us, created));
        failed |= json_object_set_new_nocheck(object, "systemData", data);
    }
    failed |= json_object_set_new_nocheck(object, "properties", write_properties(server));
    failed |= set_parsed(object, "tags", server->tags);
    failed |= json_set_text(object, "location",
                            server->kind == SERVER_FLEXIBLE ? location_display_name(server->location)
                                                            : server->location);
    failed |= json_set_text(object, "id", id);
    failed |= json_set_text(object, "name", server->name);
    failed |= json_set_text(object, "type", type);
    return failed != 0 ? NULL : TAKE(object);
}

json_t *database_write(const struct server *server, json_t *database)
{
    const char *kind = word_of(WORDS_SERVER_KIND, (int)server->kind);
    const char *name = json_string_value(json_object_get(database, "name"));
    auto_free char *parent = server_resource_id(server);
    auto_free char *id = parent == NULL || name == NULL ? NULL : armid_child(parent, "databases", name);
    auto_free char *type = str_format("%s/%s/databases", POSTGRESQL_NAMESPACE, kind);
    json_t *object =
        id == NULL || type == NULL
            ? NULL
            : json_pack("{s:{s:O?, s:O?}, s:s, s:s, s:s}", "properties", "charset",
                        json_object_get(database, "charset"), "collation",
                        json_object_get(database, "collation"), "id", id, "name", name, "type", type);
    json_decref(database);
    return object;
}

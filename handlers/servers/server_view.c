/* SPDX-License-Identifier: MIT */
/*
 * What is true of the server comes from its row; what a client may configure on the real service is shown as
 * it was given, or with the service's defaults. One row per property, in the order of recorded answers.
 */
#include "handlers/servers/server_view_private.h"

#include <string.h>

#include "core/attr.h"
#include "core/clock.h"
#include "core/str.h"
#include "handlers/arm/fields.h"
#include "handlers/arm/locations.h"
#include "handlers/arm/resource.h"
#include "handlers/servers/storage_size_private.h"

enum { POSTGRESQL_PORT = 5432 };

struct property {
    const char *name;
    const char *since;    /* api-version, or NULL: in all */
    const char *standard; /* JSON: shown unless the client has set another; or NULL */
    json_t *(*write)(const struct server *server); /* for what a client cannot set; NULL result: left out */
};

/* ---- what the row knows ----------------------------------------------------------------------------------
 */

static json_t *text_or_nothing(const char *text)
{
    return text == NULL ? NULL : json_string(text);
}

static json_t *write_host(const struct server *server)
{
    return text_or_nothing(server->host);
}

static json_t *write_port(const struct server *server)
{
    return server->port == POSTGRESQL_PORT ? NULL : json_integer(server->port);
}

static json_t *write_number_text(int number)
{
    auto_free char *text = str_format("%d", number);
    return text_or_nothing(text);
}

static json_t *write_version(const struct server *server)
{
    return server->major == 0 ? NULL : write_number_text(server->major);
}

static json_t *write_minor(const struct server *server)
{
    return server->major == 0 || server->minor == 0 ? NULL : write_number_text(server->minor);
}

static json_t *write_login(const struct server *server)
{
    return text_or_nothing(server->administrator);
}

static json_t *write_message(const struct server *server)
{
    return text_or_nothing(server->message);
}

static json_t *write_created(const struct server *server)
{
    char text[CLOCK_TEXT_SIZE];
    return json_string(clock_format(server->created_us, text));
}

static json_t *write_state(const struct server *server)
{
    return text_or_nothing(word_of(WORDS_SERVER_STATE, (int)server->state));
}

/* Single servers know four words only. */
static json_t *write_visible_state(const struct server *server)
{
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

/* There are neither replicas nor private endpoints. */
static json_t *write_replica(const struct server *server)
{
    (void)server;
    return json_pack("{s:s, s:i}", "role", "Primary", "capacity", 0);
}

static json_t *write_nothing_listed(const struct server *server)
{
    (void)server;
    return json_array();
}

static json_t *write_zero(const struct server *server)
{
    (void)server;
    return json_integer(0);
}

/* ---- the properties --------------------------------------------------------------------------------------
 */

/* clang-format off */
static const struct property flexible_properties[] = {
    {"storage", NULL, "{\"type\":\"Premium_LRS\",\"iops\":0,\"tier\":\"\",\"storageSizeGB\":128,\"autoGrow\":\"Disabled\"}", NULL},
    {"backup", NULL, "{\"immutableBackup\":\"Disabled\",\"backupRetentionDays\":7,\"geoRedundantBackup\":\"Disabled\"}", NULL},
    {"fipsMode", "2026-07-01", "\"Disabled\"", NULL},
    {"dataEncryption", "2022-03-08", "{\"type\":\"SystemManaged\"}", NULL},
    {"replica", "2023-06-01", NULL, write_replica},
    {"network", NULL, "{\"publicNetworkAccess\":\"Enabled\"}", NULL},
    {"privateEndpointConnections", "2023-06-01", NULL, write_nothing_listed},
    {"authConfig", "2022-03-08", "{\"activeDirectoryAuth\":\"Disabled\",\"passwordAuth\":\"Enabled\"}", NULL},
    {"fullyQualifiedDomainName", NULL, NULL, write_host},
    {"port", NULL, NULL, write_port},
    {"version", NULL, NULL, write_version},
    {"minorVersion", NULL, NULL, write_minor},
    {"administratorLogin", NULL, NULL, write_login},
    {"state", NULL, NULL, write_state},
    {"stateMessage", NULL, NULL, write_message},
    {"availabilityZone", NULL, "\"1\"", NULL},
    {"highAvailability", NULL, "{\"mode\":\"Disabled\",\"state\":\"NotEnabled\"}", NULL},
    {"maintenanceWindow", NULL, "{\"customWindow\":\"Disabled\",\"dayOfWeek\":0,\"startHour\":0,\"startMinute\":0}", NULL},
    {"replicationRole", "2022-03-08", "\"Primary\"", NULL},
    {"replicaCapacity", "2022-03-08", NULL, write_zero},
    {"cluster", "2024-11-01", NULL, NULL},
};
static const struct property single_properties[] = {
    {"administratorLogin", NULL, NULL, write_login},
    {"storageProfile", NULL, "{\"storageMB\":131072,\"backupRetentionDays\":7,\"geoRedundantBackup\":\"Disabled\","
                       "\"storageAutogrow\":\"Disabled\"}", NULL},
    {"version", NULL, NULL, write_version},
    {"sslEnforcement", NULL, "\"Disabled\"", NULL},
    {"minimalTlsVersion", NULL, "\"TLSEnforcementDisabled\"", NULL},
    {"userVisibleState", NULL, NULL, write_visible_state},
    {"stateMessage", NULL, NULL, write_message},
    {"fullyQualifiedDomainName", NULL, NULL, write_host},
    {"port", NULL, NULL, write_port},
    {"earliestRestoreDate", NULL, NULL, write_created},
    {"replicationRole", NULL, "\"None\"", NULL},
    {"masterServerId", NULL, "\"\"", NULL},
    {"replicaCapacity", NULL, NULL, write_zero},
    {"byokEnforcement", NULL, "\"Disabled\"", NULL},
    {"infrastructureEncryption", NULL, "\"Disabled\"", NULL},
    {"publicNetworkAccess", NULL, "\"Enabled\"", NULL},
    {"privateEndpointConnections", NULL, NULL, write_nothing_listed},
};

/* Members that objects above have got later. */
static const struct {
    const char *object;
    const char *name;
    const char *since;
} members[] = {
    {"storage", "type", "2023-06-01"},     {"storage", "throughput", "2023-06-01"}, {"storage", "autoGrow", "2023-03-01"},
    {"storage", "tier", "2023-03-01"},     {"storage", "iops", "2023-03-01"},       {"backup", "immutableBackup", "2026-07-01"},
};
/* clang-format on */

static const struct property *properties_of(enum server_kind kind, size_t *ret_count)
{
    *ret_count = kind == SERVER_FLEXIBLE ? ARRAY_LEN(flexible_properties) : ARRAY_LEN(single_properties);
    return kind == SERVER_FLEXIBLE ? flexible_properties : single_properties;
}

/* ---- what the client sets --------------------------------------------------------------------------------
 */

int server_properties_check(enum server_kind kind, json_t *properties, struct err *err)
{
    size_t count;
    const struct property *rows = properties_of(kind, &count);
    for (size_t i = 0; properties != NULL && i < count; i++) {
        json_t *value = rows[i].write != NULL ? NULL : field_get(properties, rows[i].name);
        json_auto_t *standard = json_from_text(rows[i].standard);
        bool fits = value == NULL || standard == NULL || json_typeof(value) == json_typeof(standard);
        if (!fits) {
            auto_free char *path = str_format("properties.%s", rows[i].name);
            return field_wrong_type(value, path == NULL ? rows[i].name : path,
                                    json_is_object(standard) ? "an object" : "a string", err);
        }
    }
    return 0;
}

/* Members that a client leaves out stay as they are. */
static int keep_property(json_t *kept, const char *name, json_t *value)
{
    json_t *before = json_object_get(kept, name);
    return json_is_object(before) && json_is_object(value) ? json_object_update(before, value)
                                                           : json_object_set(kept, name, value);
}

char *server_properties_to_keep(enum server_kind kind, json_t *properties, const char *kept_before)
{
    size_t count;
    const struct property *rows = properties_of(kind, &count);
    json_t *before = json_from_text(kept_before);
    json_auto_t *kept = before == NULL ? json_object() : before;
    for (size_t i = 0; i < count; i++) {
        json_t *value =
            properties == NULL || rows[i].write != NULL ? NULL : field_get(properties, rows[i].name);
        if (value != NULL && keep_property(kept, rows[i].name, value) < 0) {
            return NULL;
        }
    }
    return json_dumps(kept, JSON_COMPACT);
}

/* ---- to the client ---------------------------------------------------------------------------------------
 */

/* Versions are compared by their date. */
static bool is_in(const char *since, const char *api_version)
{
    return since == NULL || api_version == NULL || strncmp(api_version, since, strlen("2020-02-14")) >= 0;
}

static void drop_later_members(json_t *object, const char *name, const char *api_version)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (str_equals(members[i].object, name) && !is_in(members[i].since, api_version)) {
            json_object_del(object, members[i].name);
        }
    }
}

/* The performance that goes with the size, unless the client has chosen one. */
static void complete_storage(json_t *storage)
{
    const struct storage_size *size =
        storage_size_for((int64_t)json_integer_value(json_object_get(storage, "storageSizeGB")));
    if (json_string_length(json_object_get(storage, "tier")) == 0) {
        json_object_set_new(storage, "tier", json_string(size->tier));
    }
    if (json_integer_value(json_object_get(storage, "iops")) == 0) {
        json_object_set_new(storage, "iops", json_integer(size->iops));
    }
}

/* Defaults first, so that a client that gives only some members of an object sees the others too. */
static json_t *write_setting(const struct property *row, json_t *given, const char *api_version)
{
    json_t *value = json_from_text(row->standard);
    json_t *wish = json_object_get(given, row->name);
    if (json_is_object(value) && json_is_object(wish)) {
        (void)json_object_update(value, wish);
    } else if (wish != NULL) {
        json_decref(value);
        value = json_incref(wish);
    }
    if (json_is_object(value)) {
        if (str_equals(row->name, "storage")) {
            complete_storage(value);
        } else if (str_equals(row->name, "highAvailability")) { /* there is no standby */
            (void)json_set_text(value, "state", "NotEnabled");
        }
        drop_later_members(value, row->name, api_version);
    }
    return value;
}

static json_t *write_properties(const struct server *server, const char *api_version)
{
    size_t count;
    const struct property *rows = properties_of(server->kind, &count);
    json_auto_t *given = json_from_text(server->properties);
    json_auto_t *properties = json_object();
    int failed = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_in(rows[i].since, api_version)) {
            continue;
        }
        json_t *value =
            rows[i].write != NULL ? rows[i].write(server) : write_setting(&rows[i], given, api_version);
        failed |= value == NULL ? 0 : json_object_set_new_nocheck(properties, rows[i].name, value);
    }
    return failed != 0 ? NULL : TAKE(properties);
}

static int set_parsed(json_t *object, const char *name, const char *text)
{
    json_t *value = json_from_text(text);
    return value == NULL ? 0 : json_object_set_new_nocheck(object, name, value);
}

json_t *server_write(const struct server *server, const char *api_version)
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
    failed |= json_object_set_new_nocheck(object, "properties", write_properties(server, api_version));
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

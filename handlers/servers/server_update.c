/* SPDX-License-Identifier: MIT */
/*
 * The changes of PUT and PATCH to an existing server: tags, sku, settings, the administrator's password,
 * and the address and credentials of attached ones, which are then checked again.
 */
#include "handlers/servers/server_update_private.h"

#include "core/parse/id.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/naming/locations.h"
#include "handlers/arm/subnet.h"
#include "handlers/servers/values/server_merge.h"
#include "handlers/servers/values/server_rules.h"
#include "handlers/servers/values/server_values.h"

static int keep_json(char **text, const json_t *value, struct err *err)
{
    char *dumped = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);
    if (dumped == NULL) {
        return err_no_memory(err);
    }
    free_at_scope_end(text);
    *text = dumped;
    return 0;
}

/* A PUT without tags removes them; a PATCH without tags leaves them. */
static int apply_tags(const struct server_request *wanted, struct server *server, struct err *err)
{
    char *tags = NULL;
    if (wanted->tags == NULL && wanted->patch) {
        return 0;
    }
    if (tags_merge(wanted->tags, server->tags, err, &tags) < 0) {
        return -1;
    }
    free_at_scope_end(&server->tags);
    server->tags = tags;
    return 0;
}

/* The zone need not exist: it resolves nothing here. */
static int check_zone(const char *text, struct err *err)
{
    static const char path[] = "properties.network.privateDnsZoneArmResourceId";
    auto_armid struct armid id = {0};
    if (text == NULL || text[0] == '\0' ||
        (armid_parse(text, &id) && id.depth == 1 && str_iequals(id.provider, NETWORK_NAMESPACE) &&
         str_iequals(id.types[0], "privateDnsZones"))) {
        return 0;
    }
    err_set(err, ERR_BAD_PARAMETER,
            "The property '%s' is not the resource id of a private DNS zone "
            "('/subscriptions/.../providers/" NETWORK_NAMESPACE "/privateDnsZones/NAME').",
            path);
    return err_target(err, "%s", path);
}

int server_check_network(const struct app *app, const struct server_request *wanted, struct err *err)
{
    json_t *network = wanted->settings == NULL ? NULL : json_object_get(wanted->settings, "network");
    const char *subnet =
        network == NULL ? NULL : json_string_value(field_get(network, "delegatedSubnetResourceId"));
    const char *zone =
        network == NULL ? NULL : json_string_value(field_get(network, "privateDnsZoneArmResourceId"));
    if (check_zone(zone, err) < 0) {
        return -1;
    }
    return subnet == NULL || subnet[0] == '\0'
               ? 0
               : subnet_check(app, subnet, "properties.network.delegatedSubnetResourceId", err);
}

int server_apply_settings(const struct server_request *wanted, struct server *server, struct err *err)
{
    json_auto_t *before = json_from_text(server->properties);
    json_auto_t *sku = sku_merge(wanted->kind, wanted->sku, server->sku, wanted->patch);
    json_auto_t *settings =
        settings_merge(wanted->settings, server->properties, wanted->patch, wanted->tenant_id);
    if (sku == NULL || settings == NULL) {
        return err_no_memory(err);
    }
    /* Both read back in the spelling in which they were asked for. */
    if (json_set_text(settings, "version", wanted->version) < 0 ||
        json_set_text(settings, "location", wanted->location) < 0) {
        return err_no_memory(err);
    }
    return server_rules_check(wanted->kind, sku, settings, before, wanted->settings, err) < 0 ||
                   apply_tags(wanted, server, err) < 0 || keep_json(&server->sku, sku, err) < 0 ||
                   keep_json(&server->properties, settings, err) < 0
               ? -1
               : 0;
}

int server_apply_attachment(const struct server_request *wanted, struct server *server, struct err *err)
{
    if (wanted->host != NULL) {
        server->port = wanted->port;
    }
    bool copied = (wanted->host == NULL || str_replace(&server->host, wanted->host)) &&
                  (wanted->login == NULL || str_replace(&server->administrator, wanted->login)) &&
                  (wanted->password == NULL || str_replace(&server->password, wanted->password));
    return copied ? 0 : err_no_memory(err);
}

static int check_location(const struct server *server, const struct server_request *wanted, struct err *err)
{
    auto_free char *location = wanted->location == NULL ? NULL : location_name(wanted->location);
    if (location == NULL || str_equals(location, server->location)) {
        return 0;
    }
    err_set(err, ERR_RESOURCE_LOCATION,
            "The resource '%s' already exists in location '%s' in resource group '%s'. A resource with the "
            "same name "
            "cannot be created in location '%s'. Please select a new resource name.",
            server->name, server->location, server->group, location);
    return err_target(err, "location");
}

static int refuse_change(const struct server *server, const char *property, const char *now, struct err *err)
{
    err_set(err, ERR_CONFLICT,
            "The server '%s' exists with another value of 'properties.%s' ('%s'), which cannot be changed. "
            "Delete the "
            "server first, or choose another name.",
            server->name, property, now);
    return err_target(err, "properties.%s", property);
}

static int check_provisioned(const struct server *server, const struct server_request *wanted,
                             struct err *err)
{
    if (wanted->host != NULL) {
        err_set(err, ERR_CONFLICT,
                "The server '%s' was provisioned by Malachite; it cannot be attached to another PostgreSQL.",
                server->name);
        return err_target(err, "tags.malachite.host");
    }
    if (wanted->version != NULL && server_version_major(wanted->version) != server->major) {
        auto_free char *now = str_format("%d", server->major);
        return refuse_change(server, "version", now == NULL ? "" : now, err);
    }
    if (wanted->login != NULL && !str_equals(wanted->login, server->administrator)) {
        return refuse_change(server, "administratorLogin", server->administrator, err);
    }
    return 0;
}

static int check_not_busy(const struct server *server, struct err *err)
{
    bool busy = server->state == SERVER_STATE_PROVISIONING || server->state == SERVER_STATE_STARTING ||
                server->state == SERVER_STATE_STOPPING || server->state == SERVER_STATE_DROPPING;
    return !busy ? 0
                 : err_set(err, ERR_SERVER_BUSY,
                           "The server '%s' is busy (state %s). Retry when that operation has ended.",
                           server->name, word_of(WORDS_SERVER_STATE, (int)server->state));
}

/* The executor changes the role's password, for which the server must be running or starting. */
static int apply_password(const struct server_request *wanted, struct server *server, struct err *err,
                          bool *ret_work)
{
    bool again = server->state == SERVER_STATE_INACCESSIBLE; /* retry its start */
    bool same = wanted->password == NULL || str_equals(wanted->password, server->password);
    if (same && !again) {
        return 0;
    }
    if (server->state != SERVER_STATE_READY && !again) {
        return err_set(
            err, ERR_SERVER_NOT_READY,
            "The administrator's password can only be changed on started servers. Server Name = %s, "
            "Current Server State = %s",
            server->name, word_of(WORDS_SERVER_STATE, (int)server->state));
    }
    if (!same && server_password_check(server->administrator, wanted->password, err) < 0) {
        return -1;
    }
    if (!same && !str_replace(&server->password, wanted->password)) {
        return err_no_memory(err);
    }
    server->state = SERVER_STATE_UPDATING;
    *ret_work = true;
    return 0;
}

int server_update(struct store *store, const struct server_request *wanted, struct server *server,
                  struct err *err, bool *ret_work)
{
    bool work = server->attached;
    if (check_not_busy(server, err) < 0 || check_location(server, wanted, err) < 0 ||
        (!server->attached && check_provisioned(server, wanted, err) < 0) ||
        server_apply_settings(wanted, server, err) < 0 ||
        (!server->attached && apply_password(wanted, server, err, &work) < 0)) {
        return -1;
    }
    if (server->attached) {
        if (server_apply_attachment(wanted, server, err) < 0) {
            return -1;
        }
        server->state =
            server->state == SERVER_STATE_READY ? SERVER_STATE_UPDATING : SERVER_STATE_PROVISIONING;
    }
    if (store_server_update(store, server, err) < 0) {
        return -1;
    }
    *ret_work = work;
    return 0;
}

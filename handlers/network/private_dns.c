/* SPDX-License-Identifier: MIT */
/*
 * Private DNS zones with their links to virtual networks. They answer no name: tools declare them in front
 * of a private server, read them back and delete them. Links are rows of their own, named ZONE/LINK.
 */
#include <string.h>

#include "core/parse/id.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/page.h"
#include "handlers/network/network.h"
#include "handlers/network/network_resource_private.h"

#define LINKS "privateDnsZones/virtualNetworkLinks"

static const char zone_parameter[] = "privateZoneName";
static const char link_parameter[] = "virtualNetworkLinkName";

/* ---- showing ---------------------------------------------------------------------------------------------
 */

/* The link's own part of a row's name; NULL for the links of other zones. */
static const char *link_name(const struct network_resource *zone, const struct network_resource *row)
{
    const char *name = row->name;
    size_t len = strlen(zone->name);
    return name != NULL && str_istarts(name, zone->name) && name[len] == '/' ? name + len + 1 : NULL;
}

/* Counts the zone's links, and those of them with registration. Returns 0, or -1 with err. */
static int count_links(struct store *store, const struct network_resource *zone, struct err *err,
                       int *ret_links, int *ret_registering)
{
    struct network_resource *rows = NULL;
    size_t count = 0;
    *ret_links = *ret_registering = 0;
    if (store_network_list(store, zone->subscription_id, zone->group, LINKS, err, &rows, &count) < 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        json_auto_t *properties = json_from_text(rows[i].properties);
        if (link_name(zone, &rows[i]) != NULL) {
            (*ret_links)++;
            *ret_registering += json_is_true(json_object_get(properties, "registrationEnabled"));
        }
    }
    network_resources_free(rows, count);
    return 0;
}

static json_t *write_zone(struct request *request, const struct network_resource *row)
{
    struct err err = {0};
    int links = 0;
    int registering = 0;
    if (count_links(request->app->store, row, &err, &links, &registering) < 0) {
        return NULL;
    }
    return network_write(row, json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "maxNumberOfRecordSets", 25000,
                                        "maxNumberOfVirtualNetworkLinks", 1000,
                                        "maxNumberOfVirtualNetworkLinksWithRegistration", 100,
                                        "numberOfRecordSets", 1, "numberOfVirtualNetworkLinks", links,
                                        "numberOfVirtualNetworkLinksWithRegistration", registering));
}

static json_t *write_link(const struct network_resource *zone, const struct network_resource *row)
{
    const char *name = link_name(zone, row);
    auto_free char *zone_id = network_id(zone);
    auto_free char *id = zone_id == NULL ? NULL : armid_child(zone_id, "virtualNetworkLinks", name);
    json_t *properties = json_from_text(row->properties);
    if (id == NULL || properties == NULL) {
        json_decref(properties);
        return NULL;
    }
    json_object_set_new(properties, "virtualNetworkLinkState", json_string("Completed"));
    json_t *link = network_write(row, properties);
    if (json_set_text(link, "id", id) < 0 || json_set_text(link, "name", name) < 0) {
        json_decref(link);
        return NULL;
    }
    return link;
}

/* ---- zones -----------------------------------------------------------------------------------------------
 */

static int check_global(const struct network_resource *row, struct err *err)
{
    if (str_equals(row->location, "global")) {
        return 0;
    }
    err_set(err, ERR_BAD_PARAMETER,
            "The location '%s' is not available for private DNS zones and their links. Use 'global'.",
            row->location);
    return err_target(err, "location");
}

/* 1: replaced; 0: new. */
static int store_put(struct store *store, struct network_resource *row, struct err *err)
{
    auto_network_resource struct network_resource before = {0};
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0) {
        return -1;
    }
    int found = network_adopt(store, row, err, &before);
    return found < 0 || store_network_put(store, row, err) < 0 || store_commit(&tx, err) < 0 ? -1 : found;
}

void private_zone_put(struct request *request)
{
    struct err err = {0};
    json_t *body = NULL;
    json_t *properties = NULL;
    auto_network_resource struct network_resource row = {0};
    if (!network_read(request, NETWORK_ZONE, zone_parameter, &row, &body)) {
        return;
    }
    row.properties = str_dup("{}");
    int found = row.properties == NULL                                        ? err_no_memory(&err)
                : field_object(body, "", "properties", &err, &properties) < 0 ? -1
                : check_global(&row, &err) < 0                                ? -1
                                               : store_put(request->app->store, &row, &err);
    if (found < 0) {
        reply_error(request, &err);
    } else {
        reply_json(request, found > 0 ? 200 : 201, write_zone(request, &row));
    }
}

void private_zone_get(struct request *request)
{
    auto_network_resource struct network_resource row = {0};
    if (network_find(request, NETWORK_ZONE, zone_parameter, &row)) {
        reply_json(request, 200, write_zone(request, &row));
    }
}

static int delete_zone(struct store *store, const struct network_resource *row, struct err *err)
{
    int links = 0;
    int registering = 0;
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0 || count_links(store, row, err, &links, &registering) < 0) {
        return -1;
    }
    if (links > 0) {
        return err_set(err, ERR_CONFLICT,
                       "Cannot delete the private DNS zone '%s' while it has %d virtual network link(s). "
                       "Delete its links first.",
                       row->name, links);
    }
    return store_network_delete(store, row, err) < 0 ? -1 : store_commit(&tx, err);
}

void private_zone_delete(struct request *request)
{
    struct err err = {0};
    auto_resource_group struct resource_group group = {0};
    auto_network_resource struct network_resource row = {0};
    if (!find_group(request, &group)) {
        return;
    }
    int found = store_network_get(request->app->store, group.subscription_id, group.name, NETWORK_ZONE,
                                  request_param(request, zone_parameter), &err, &row);
    if (found < 0 || (found > 0 && delete_zone(request->app->store, &row, &err) < 0)) {
        reply_error(request, &err);
    } else {
        reply_empty(request, found > 0 ? 200 : 204);
    }
}

void private_zone_list(struct request *request)
{
    network_reply_list(request, NULL, NETWORK_ZONE, write_zone);
}

void private_zone_list_of_group(struct request *request)
{
    auto_resource_group struct resource_group group = {0};
    if (find_group(request, &group)) {
        network_reply_list(request, group.name, NETWORK_ZONE, write_zone);
    }
}

/* The only record set of a zone: tools read the zone's start of authority together with it. */
void private_zone_soa_get(struct request *request)
{
    auto_network_resource struct network_resource row = {0};
    if (!network_find(request, NETWORK_ZONE, zone_parameter, &row)) {
        return;
    }
    auto_free char *zone_id = network_id(&row);
    auto_free char *id = zone_id == NULL ? NULL : armid_child(zone_id, "SOA", "@");
    if (!str_equals(request_param(request, "relativeRecordSetName"), "@")) {
        reply_fail(request, ERR_RESOURCE_NOT_FOUND, "The zone '%s' has one SOA record set, '@'.", row.name);
        return;
    }
    auto_free char *fqdn = str_format("%s.", row.name);
    reply_json(request, 200,
               network_add_etag(json_pack(
                   "{s:s*, s:s, s:s, s:{s:s*, s:i, s:b, s:{s:s, s:i, s:s, s:i, s:i, s:i, s:i}}}", "id", id,
                   "name", "@", "type", NETWORK_NAMESPACE "/privateDnsZones/SOA", "properties", "fqdn", fqdn,
                   "ttl", 3600, "isAutoRegistered", false, "soaRecord", "email",
                   "azureprivatedns-host.microsoft.com", "expireTime", 2419200, "host", "azureprivatedns.net",
                   "minimumTtl", 10, "refreshTime", 3600, "retryTime", 300, "serialNumber", 1)));
}

/* ---- links -----------------------------------------------------------------------------------------------
 */

static int wrong_link(const char *path, const char *expected, struct err *err)
{
    err_set(err, ERR_BAD_PARAMETER, "The property '%s' must be %s.", path, expected);
    return err_target(err, "%s", path);
}

/* The stored properties of a link, in the service's spelling. */
static int read_link(json_t *body, struct err *err, json_t **ret_properties)
{
    json_t *given = NULL;
    json_t *network = NULL;
    const char *network_text = NULL;
    const char *policy = NULL;
    if (field_object(body, "", "properties", err, &given) < 0 ||
        (given != NULL && (field_object(given, "properties", "virtualNetwork", err, &network) < 0 ||
                           field_string(given, "properties", "resolutionPolicy", err, &policy) < 0)) ||
        (network != NULL &&
         field_string(network, "properties.virtualNetwork", "id", err, &network_text) < 0)) {
        return -1;
    }
    auto_armid struct armid id = {0};
    if (network_text == NULL || !armid_parse(network_text, &id) || id.depth != 1 ||
        !str_iequals(id.provider, NETWORK_NAMESPACE) || !str_iequals(id.types[0], NETWORK_VIRTUAL)) {
        return wrong_link("properties.virtualNetwork.id", "the resource id of a virtual network", err);
    }
    const json_t *registers = field_get(given, "registrationEnabled");
    if (registers != NULL && !json_is_boolean(registers)) {
        return field_wrong_type(registers, "properties.registrationEnabled", "a boolean", err);
    }
    if (policy != NULL && !str_iequals(policy, "Default") && !str_iequals(policy, "NxDomainRedirect")) {
        return wrong_link("properties.resolutionPolicy", "'Default' or 'NxDomainRedirect'", err);
    }
    *ret_properties =
        json_pack("{s:{s:s}, s:b, s:s}", "virtualNetwork", "id", network_text, "registrationEnabled",
                  json_is_true(registers), "resolutionPolicy",
                  policy != NULL && str_iequals(policy, "NxDomainRedirect") ? "NxDomainRedirect" : "Default");
    return *ret_properties == NULL ? err_no_memory(err) : 0;
}

void private_link_to_network_put(struct request *request)
{
    struct err err = {0};
    json_t *body = NULL;
    json_auto_t *properties = NULL;
    auto_network_resource struct network_resource zone = {0};
    auto_network_resource struct network_resource row = {0};
    if (!network_find(request, NETWORK_ZONE, zone_parameter, &zone) ||
        !network_read(request, LINKS, link_parameter, &row, &body)) {
        return;
    }
    auto_free char *name = str_format("%s/%s", zone.name, row.name);
    int found = name != NULL && str_replace(&row.name, name) ? read_link(body, &err, &properties)
                                                             : err_no_memory(&err);
    if (found == 0 && check_global(&row, &err) < 0) {
        found = -1;
    }
    row.properties = json_dumps(properties, JSON_COMPACT);
    if (found == 0) {
        found = row.properties == NULL ? err_no_memory(&err) : store_put(request->app->store, &row, &err);
    }
    if (found < 0) {
        reply_error(request, &err);
    } else {
        reply_json(request, found > 0 ? 200 : 201, write_link(&zone, &row));
    }
}

/* 1 and the link that the path names, 0 if the zone has none of this name. */
static int find_link(struct request *request, const struct network_resource *zone, struct err *err,
                     struct network_resource *ret_row)
{
    auto_free char *name = str_format("%s/%s", zone->name, request_param(request, link_parameter));
    return name == NULL ? err_no_memory(err)
                        : store_network_get(request->app->store, zone->subscription_id, zone->group, LINKS,
                                            name, err, ret_row);
}

void private_link_to_network_get(struct request *request)
{
    struct err err = {0};
    auto_network_resource struct network_resource zone = {0};
    auto_network_resource struct network_resource row = {0};
    if (!network_find(request, NETWORK_ZONE, zone_parameter, &zone)) {
        return;
    }
    int found = find_link(request, &zone, &err, &row);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        reply_fail(request, ERR_RESOURCE_NOT_FOUND,
                   "The private DNS zone '%s' has no virtual network link '%s'.", zone.name,
                   request_param(request, link_parameter));
    } else {
        reply_json(request, 200, write_link(&zone, &row));
    }
}

void private_link_to_network_delete(struct request *request)
{
    struct err err = {0};
    auto_network_resource struct network_resource zone = {0};
    auto_network_resource struct network_resource row = {0};
    if (!network_find(request, NETWORK_ZONE, zone_parameter, &zone)) {
        return;
    }
    int found = find_link(request, &zone, &err, &row);
    if (found < 0 || (found > 0 && store_network_delete(request->app->store, &row, &err) < 0)) {
        reply_error(request, &err);
    } else {
        reply_empty(request, found > 0 ? 200 : 204);
    }
}

void private_link_to_network_list(struct request *request)
{
    struct err err = {0};
    struct network_resource *rows = NULL;
    size_t count = 0;
    auto_network_resource struct network_resource zone = {0};
    if (!network_find(request, NETWORK_ZONE, zone_parameter, &zone)) {
        return;
    }
    if (store_network_list(request->app->store, zone.subscription_id, zone.group, LINKS, &err, &rows,
                           &count) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *value = json_array();
    for (size_t i = 0; i < count; i++) {
        if (link_name(&zone, &rows[i]) != NULL) {
            json_array_append_new(value, write_link(&zone, &rows[i]));
        }
    }
    network_resources_free(rows, count);
    page_reply_whole(request, value);
}

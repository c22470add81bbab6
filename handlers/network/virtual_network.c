/* SPDX-License-Identifier: MIT */
/* Virtual networks. Their subnets are a list in their properties, as clients see it. */
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/resource_fields.h"
#include "handlers/arm/subnet.h"
#include "handlers/network/network.h"
#include "handlers/network/virtual_network_private.h"

static const char parameter[] = "virtualNetworkName";

json_t *subnet_write(const struct network_resource *network, json_t *subnet)
{
    auto_free char *parent = network_id(network);
    const char *name = json_string_value(field_get(subnet, "name"));
    auto_free char *id = parent == NULL || name == NULL ? NULL : armid_child(parent, "subnets", name);
    json_auto_t *properties =
        json_pack("{s:s, s:s, s:s, s:[]}", "provisioningState", "Succeeded", "privateEndpointNetworkPolicies",
                  "Disabled", "privateLinkServiceNetworkPolicies", "Enabled", "delegations");
    if (id == NULL || properties == NULL) {
        return NULL;
    }
    json_object_update(properties, field_get(subnet, "properties"));
    json_object_set_new(properties, "provisioningState", json_string("Succeeded"));
    return network_add_etag(json_pack("{s:s, s:s, s:s, s:O}", "id", id, "name", name, "type",
                                      NETWORK_NAMESPACE "/virtualNetworks/subnets", "properties",
                                      properties));
}

static json_t *write_network(struct request *request, const struct network_resource *row)
{
    (void)request;
    json_auto_t *kept = json_from_text(row->properties);
    json_auto_t *properties =
        json_pack("{s:[], s:b}", "virtualNetworkPeerings", "enableDdosProtection", false);
    json_t *subnets = json_array();
    size_t i;
    json_t *subnet;
    if (kept == NULL || properties == NULL || subnets == NULL) {
        json_decref(subnets);
        return NULL;
    }
    json_array_foreach (json_object_get(kept, "subnets"), i, subnet) {
        json_array_append_new(subnets, subnet_write(row, subnet));
    }
    json_object_update(properties, kept);
    json_object_set_new(properties, "subnets", subnets);
    return network_write(row, TAKE(properties));
}

/* A PUT without subnets keeps the existing ones; one that removes subnets in use is rejected. */
static int take_over_subnets(struct store *store, const struct network_resource *before, json_t *properties,
                             struct err *err)
{
    json_auto_t *old = json_from_text(before->properties);
    json_t *old_subnets = json_object_get(old, "subnets");
    size_t i;
    json_t *subnet;
    if (json_object_get(properties, "subnets") == NULL) {
        return json_object_set(properties, "subnets", old_subnets) < 0 ? err_no_memory(err) : 0;
    }
    json_array_foreach (old_subnets, i, subnet) {
        const char *name = json_string_value(field_get(subnet, "name"));
        if (subnet_find(properties, name) == NULL && subnet_check_unused(store, before, name, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Renames the members that Malachite reads to the service's spelling. */
static void normalise(json_t *properties)
{
    static const char *const names[] = {"addressSpace", "subnets"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        json_auto_t *value = json_incref(field_get(properties, names[i]));
        const char *name;
        json_t *ignored;
        json_object_foreach (properties, name, ignored) {
            if (str_iequals(name, names[i])) {
                json_object_del(properties, name);
                break;
            }
        }
        if (value != NULL) {
            json_object_set(properties, names[i], value);
        }
    }
}

static int store_put(struct store *store, struct network_resource *row, json_t *properties, struct err *err)
{
    auto_network_resource struct network_resource before = {0};
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0) {
        return -1;
    }
    int found = network_adopt(store, row, err, &before);
    if (found < 0 || (found > 0 && take_over_subnets(store, &before, properties, err) < 0) ||
        virtual_network_check(row->name, properties, err) < 0) {
        return -1;
    }
    if (json_object_get(properties, "subnets") == NULL) {
        json_object_set_new(properties, "subnets", json_array());
    }
    row->properties = json_dumps(properties, JSON_COMPACT);
    if (row->properties == NULL) {
        return err_no_memory(err);
    }
    return store_network_put(store, row, err) < 0 || store_commit(&tx, err) < 0 ? -1 : found;
}

void virtual_network_put(struct request *request)
{
    struct err err = {0};
    json_t *body = NULL;
    json_t *properties = NULL;
    auto_network_resource struct network_resource row = {0};
    if (!network_read(request, NETWORK_VIRTUAL, parameter, &row, &body)) {
        return;
    }
    int found = field_object(body, "", "properties", &err, &properties);
    if (found == 0 && properties == NULL) {
        err_set(&err, ERR_BAD_PARAMETER, "The property 'properties' is required.");
        found = err_target(&err, "properties");
    }
    if (found == 0) {
        normalise(properties);
        found = store_put(request->app->store, &row, properties, &err);
    }
    if (found < 0) {
        reply_error(request, &err);
    } else {
        reply_json(request, found > 0 ? 200 : 201, write_network(request, &row));
    }
}

void virtual_network_get(struct request *request)
{
    auto_network_resource struct network_resource row = {0};
    if (network_find(request, NETWORK_VIRTUAL, parameter, &row)) {
        reply_json(request, 200, write_network(request, &row));
    }
}

/* Only tags, like the service's UpdateTags. */
void virtual_network_patch(struct request *request)
{
    struct err err = {0};
    auto_free char *tags = NULL;
    auto_network_resource struct network_resource row = {0};
    json_t *body = NULL;
    if (!network_find(request, NETWORK_VIRTUAL, parameter, &row) || (body = request_body(request)) == NULL) {
        return;
    }
    int result = field_tags(body, &err, &tags);
    if (result == 0 && tags != NULL) {
        result = str_replace(&row.tags, tags) ? store_network_put(request->app->store, &row, &err)
                                              : err_no_memory(&err);
    }
    if (result < 0) {
        reply_error(request, &err);
    } else {
        reply_json(request, 200, write_network(request, &row));
    }
}

static int delete_row(struct store *store, const struct network_resource *row, struct err *err)
{
    auto_store_tx struct store_tx tx = {0};
    return store_begin(store, err, &tx) < 0 || subnet_check_unused(store, row, NULL, err) < 0 ||
                   store_network_delete(store, row, err) < 0
               ? -1
               : store_commit(&tx, err);
}

void virtual_network_delete(struct request *request)
{
    network_delete(request, NETWORK_VIRTUAL, parameter, delete_row);
}

void virtual_network_list(struct request *request)
{
    network_reply_list(request, NULL, NETWORK_VIRTUAL, write_network);
}

void virtual_network_list_of_group(struct request *request)
{
    auto_resource_group struct resource_group group = {0};
    if (find_group(request, &group)) {
        network_reply_list(request, group.name, NETWORK_VIRTUAL, write_network);
    }
}

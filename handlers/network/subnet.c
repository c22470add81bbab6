/* SPDX-License-Identifier: MIT */
/* Subnets as children of their virtual network. */
#include "handlers/arm/subnet.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/naming/names.h"
#include "handlers/arm/page.h"
#include "handlers/network/network.h"
#include "handlers/network/virtual_network_private.h"

/* The network in the path; a missing one is a missing parent. */
static bool find_parent(struct request *request, struct network_resource *ret_network)
{
    struct err err = {0};
    auto_resource_group struct resource_group group = {0};
    const char *name = request_param(request, "virtualNetworkName");
    if (!find_group(request, &group)) {
        return false;
    }
    int found = store_network_get(request->app->store, group.subscription_id, group.name, NETWORK_VIRTUAL,
                                  name, &err, ret_network);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        auto_free char *id =
            armid_resource(group.subscription_id, group.name, NETWORK_NAMESPACE, NETWORK_VIRTUAL, name);
        reply_fail(request, ERR_PARENT_NOT_FOUND,
                   "Failed to perform the request on resource(s) of type 'virtualNetworks/subnets', because "
                   "the parent resource '%s' could not be found.",
                   id == NULL ? "" : id);
    }
    return found > 0;
}

static int save(struct store *store, struct network_resource *network, const json_t *properties,
                struct err *err)
{
    free_at_scope_end(&network->properties);
    network->properties = json_dumps(properties, JSON_COMPACT);
    return network->properties == NULL ? err_no_memory(err) : store_network_put(store, network, err);
}

/* Reads the network again inside the transaction, because the list of subnets is replaced as a whole. */
static int read_again(struct store *store, struct network_resource *network, struct err *err,
                      json_t **ret_properties)
{
    struct network_resource fresh = {0};
    int found = store_network_get(store, network->subscription_id, network->group, network->type,
                                  network->name, err, &fresh);
    if (found <= 0) {
        return found < 0 ? -1
                         : err_set(err, ERR_RESOURCE_NOT_FOUND,
                                   "The virtual network '%s' was deleted in the meantime.", network->name);
    }
    network_resource_done(network);
    *network = fresh;
    *ret_properties = json_from_text(network->properties);
    return *ret_properties == NULL ? err_no_memory(err) : 0;
}

/* 1: replaced, 0: new. */
static int put(struct store *store, struct network_resource *network, const char *name, json_t *wanted,
               struct err *err, json_t **ret_subnet)
{
    json_auto_t *properties = NULL;
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0 || read_again(store, network, err, &properties) < 0) {
        return -1;
    }
    json_t *old = subnet_find(properties, name);
    json_auto_t *subnet = json_pack(
        "{s:O, s:O}", "name", old == NULL ? json_object_get(wanted, "name") : json_object_get(old, "name"),
        "properties", json_object_get(wanted, "properties"));
    if (subnet == NULL) {
        return err_no_memory(err);
    }
    if (old != NULL) {
        json_object_update(old, subnet);
    } else {
        json_array_append(json_object_get(properties, "subnets"), subnet);
    }
    if (virtual_network_check(network->name, properties, err) < 0) {
        return -1;
    }
    if (save(store, network, properties, err) < 0 || store_commit(&tx, err) < 0) {
        return -1;
    }
    *ret_subnet = TAKE(subnet);
    return old != NULL;
}

void subnet_put(struct request *request)
{
    struct err err = {0};
    auto_resource_group struct resource_group living = {0};
    auto_network_resource struct network_resource network = {0};
    const char *name = request_param(request, "subnetName");
    json_t *body = NULL;
    json_t *properties = NULL;
    json_auto_t *subnet = NULL;
    if (!find_living_group(request, &living) || !find_parent(request, &network) ||
        (body = request_body(request)) == NULL) {
        return;
    }
    int found = name_check(NAME_NETWORK, name, &err) < 0
                    ? -1
                    : field_object(body, "", "properties", &err, &properties);
    if (found == 0) {
        json_auto_t *empty = json_object();
        json_auto_t *wanted =
            json_pack("{s:s, s:O}", "name", name, "properties", properties == NULL ? empty : properties);
        found = wanted == NULL ? err_no_memory(&err)
                               : put(request->app->store, &network, name, wanted, &err, &subnet);
    }
    if (found < 0) {
        reply_error(request, &err);
    } else {
        reply_json(request, found > 0 ? 200 : 201, subnet_write(&network, subnet));
    }
}

void subnet_get(struct request *request)
{
    auto_network_resource struct network_resource network = {0};
    if (!find_parent(request, &network)) {
        return;
    }
    json_auto_t *properties = json_from_text(network.properties);
    json_t *subnet = subnet_find(properties, request_param(request, "subnetName"));
    if (subnet != NULL) {
        reply_json(request, 200, subnet_write(&network, subnet));
        return;
    }
    reply_fail(request, ERR_NOT_FOUND,
               "The Resource '%s/virtualNetworks/%s/subnets/%s' under resource group '%s' was not found.",
               NETWORK_NAMESPACE, network.name, request_param(request, "subnetName"), network.group);
}

/* 1: deleted, 0: it did not exist. */
static int delete (struct store *store, struct network_resource *network, const char *name, struct err *err)
{
    json_auto_t *properties = NULL;
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0 || read_again(store, network, err, &properties) < 0) {
        return -1;
    }
    json_t *subnet = subnet_find(properties, name);
    if (subnet == NULL) {
        return 0;
    }
    if (subnet_check_unused(store, network, name, err) < 0) {
        return -1;
    }
    json_t *subnets = json_object_get(properties, "subnets");
    size_t at = 0;
    while (json_array_get(subnets, at) != subnet) {
        at++;
    }
    json_array_remove(subnets, at);
    return save(store, network, properties, err) < 0 || store_commit(&tx, err) < 0 ? -1 : 1;
}

void subnet_delete(struct request *request)
{
    struct err err = {0};
    auto_network_resource struct network_resource network = {0};
    if (!find_parent(request, &network)) {
        return;
    }
    int found = delete (request->app->store, &network, request_param(request, "subnetName"), &err);
    if (found < 0) {
        reply_error(request, &err);
    } else {
        reply_empty(request, found > 0 ? 200 : 204);
    }
}

void subnet_list(struct request *request)
{
    auto_network_resource struct network_resource network = {0};
    if (!find_parent(request, &network)) {
        return;
    }
    json_auto_t *properties = json_from_text(network.properties);
    json_t *value = json_array();
    size_t i;
    json_t *subnet;
    json_array_foreach (json_object_get(properties, "subnets"), i, subnet) {
        json_array_append_new(value, subnet_write(&network, subnet));
    }
    page_reply_whole(request, value);
}

/* SPDX-License-Identifier: MIT */
/* The rules for address ranges of virtual networks and subnets, and for subnets that are in use. */
#include <string.h>

#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/naming/names.h"
#include "handlers/network/address_prefix_private.h"
#include "handlers/network/virtual_network_private.h"

enum { PREFIXES_MAX = 64, SUBNETS_MAX = 256 };

struct prefixes {
    struct address_prefix items[PREFIXES_MAX];
    size_t count;
};

static int required(const char *path, struct err *err)
{
    err_set(err, ERR_BAD_PARAMETER, "The property '%s' is required.", path);
    return err_target(err, "%s", path);
}

static int add_prefix(const json_t *value, const char *path, struct err *err, struct prefixes *prefixes)
{
    if (!json_is_string(value)) {
        return field_wrong_type(value, path, "a string", err);
    }
    if (prefixes->count == PREFIXES_MAX) {
        err_set(err, ERR_BAD_PARAMETER, "The property '%s' has more than %d address prefixes.", path,
                PREFIXES_MAX);
        return err_target(err, "%s", path);
    }
    if (!address_prefix_parse(json_string_value(value), &prefixes->items[prefixes->count])) {
        err_set(err, ERR_ADDRESS_PREFIX,
                "The address prefix '%.80s' of the property '%s' is not formatted correctly. Use CIDR "
                "notation, for example 10.0.0.0/24, with no bit set behind the prefix.",
                json_string_value(value), path);
        return err_target(err, "%s", path);
    }
    prefixes->count++;
    return 0;
}

static int add_prefixes(json_t *array, const char *path, struct err *err, struct prefixes *prefixes)
{
    size_t i;
    json_t *value;
    if (!json_is_array(array)) {
        return field_wrong_type(array, path, "an array", err);
    }
    json_array_foreach (array, i, value) {
        auto_free char *item = str_format("%s[%zu]", path, i);
        if (item == NULL) {
            return err_no_memory(err);
        }
        if (add_prefix(value, item, err, prefixes) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Members that are stored and shown as given have to be of the right type, too. */
static int check_member(json_t *properties, const char *below, const char *name, json_type type,
                        struct err *err)
{
    json_t *value = properties == NULL ? NULL : field_get(properties, name);
    auto_free char *path = str_format("%s.%s", below, name);
    size_t i;
    json_t *item;
    if (path == NULL) {
        return err_no_memory(err);
    }
    if (value == NULL || json_typeof(value) == type || (type == JSON_TRUE && json_is_false(value))) {
        json_array_foreach (value, i, item) {
            if (!json_is_object(item)) {
                return field_wrong_type(item, path, "an array of objects", err);
            }
        }
        return 0;
    }
    return field_wrong_type(value, path,
                            type == JSON_ARRAY    ? "an array"
                            : type == JSON_OBJECT ? "an object"
                                                  : "a boolean",
                            err);
}

static int check_subnet_members(json_t *properties, const char *below, struct err *err)
{
    static const char *const lists[] = {"delegations", "serviceEndpoints", "serviceEndpointPolicies"};
    static const char *const references[] = {"networkSecurityGroup", "routeTable", "natGateway"};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (check_member(properties, below, lists[i], JSON_ARRAY, err) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(references); i++) {
        if (check_member(properties, below, references[i], JSON_OBJECT, err) < 0) {
            return -1;
        }
    }
    return check_member(properties, below, "defaultOutboundAccess", JSON_TRUE, err);
}

/* One of addressPrefix and addressPrefixes. */
static int read_subnet(json_t *subnet, const char *path, struct err *err, struct prefixes *ret_prefixes)
{
    json_t *properties = NULL;
    const char *name = NULL;
    auto_free char *below = str_format("%s.properties", path);
    auto_free char *name_path = str_format("%s.name", path);
    auto_free char *one = str_format("%s.properties.addressPrefix", path);
    auto_free char *several = str_format("%s.properties.addressPrefixes", path);
    if (below == NULL || name_path == NULL || one == NULL || several == NULL) {
        return err_no_memory(err);
    }
    if (!json_is_object(subnet)) {
        return field_wrong_type(subnet, path, "an object", err);
    }
    if (field_string(subnet, path, "name", err, &name) < 0 ||
        field_object(subnet, path, "properties", err, &properties) < 0) {
        return -1;
    }
    if (name == NULL) {
        return required(name_path, err);
    }
    if (name_check(NAME_NETWORK, name, err) < 0) {
        return err_target(err, "%s", name_path);
    }
    json_t *prefix = properties == NULL ? NULL : field_get(properties, "addressPrefix");
    json_t *prefixes = properties == NULL ? NULL : field_get(properties, "addressPrefixes");
    if ((prefix != NULL && add_prefix(prefix, one, err, ret_prefixes) < 0) ||
        (prefixes != NULL && add_prefixes(prefixes, several, err, ret_prefixes) < 0) ||
        check_subnet_members(properties, below, err) < 0) {
        return -1;
    }
    return ret_prefixes->count == 0 ? required(one, err) : 0;
}

static bool lies_in(const struct prefixes *space, const struct prefixes *subnet)
{
    for (size_t i = 0; i < subnet->count; i++) {
        bool inside = false;
        for (size_t j = 0; j < space->count && !inside; j++) {
            inside = address_prefix_contains(&space->items[j], &subnet->items[i]);
        }
        if (!inside) {
            return false;
        }
    }
    return true;
}

static bool overlap(const struct prefixes *a, const struct prefixes *b)
{
    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < b->count; j++) {
            if (address_prefix_contains(&a->items[i], &b->items[j]) ||
                address_prefix_contains(&b->items[j], &a->items[i])) {
                return true;
            }
        }
    }
    return false;
}

static const char *name_of(json_t *subnet)
{
    return json_string_value(field_get(subnet, "name"));
}

/* Compares it with the subnets before it, which are valid. */
static int check_neighbours(const char *network, json_t *subnets, size_t index,
                            const struct prefixes *prefixes, const char *path, struct err *err)
{
    const char *name = name_of(json_array_get(subnets, index));
    for (size_t i = 0; i < index; i++) {
        json_t *other = json_array_get(subnets, i);
        struct prefixes others = {.count = 0};
        if (str_iequals(name_of(other), name)) {
            err_set(err, ERR_BAD_PARAMETER, "The subnet '%s' is listed twice.", name);
            return err_target(err, "%s", path);
        }
        if (read_subnet(other, path, err, &others) < 0) {
            return -1;
        }
        if (overlap(prefixes, &others)) {
            err_set(err, ERR_SUBNET_OVERLAP,
                    "The subnet '%s' is not valid because its address range overlaps with that of the subnet "
                    "'%s' in virtual network '%s'.",
                    name, name_of(other), network);
            return err_target(err, "%s", path);
        }
    }
    return 0;
}

static int check_subnets(const char *network, json_t *subnets, const struct prefixes *space, struct err *err)
{
    size_t i;
    json_t *subnet;
    if (!json_is_array(subnets)) {
        return field_wrong_type(subnets, "properties.subnets", "an array", err);
    }
    if (json_array_size(subnets) > SUBNETS_MAX) {
        err_set(err, ERR_BAD_PARAMETER, "A virtual network has at most %d subnets.", SUBNETS_MAX);
        return err_target(err, "properties.subnets");
    }
    json_array_foreach (subnets, i, subnet) {
        struct prefixes prefixes = {.count = 0};
        auto_free char *path = str_format("properties.subnets[%zu]", i);
        if (path == NULL) {
            return err_no_memory(err);
        }
        if (read_subnet(subnet, path, err, &prefixes) < 0) {
            return -1;
        }
        if (!lies_in(space, &prefixes)) {
            err_set(err, ERR_SUBNET_INVALID,
                    "The subnet '%s' is not valid in virtual network '%s': its address range is not part of "
                    "the network's address space.",
                    name_of(subnet), network);
            return err_target(err, "%s", path);
        }
        if (check_neighbours(network, subnets, i, &prefixes, path, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int virtual_network_check(const char *name, json_t *properties, struct err *err)
{
    static const char path[] = "properties.addressSpace.addressPrefixes";
    json_t *address_space = NULL;
    struct prefixes space = {.count = 0};
    if (field_object(properties, "properties", "addressSpace", err, &address_space) < 0 ||
        check_member(properties, "properties", "dhcpOptions", JSON_OBJECT, err) < 0 ||
        check_member(properties, "properties", "virtualNetworkPeerings", JSON_ARRAY, err) < 0 ||
        check_member(properties, "properties", "enableDdosProtection", JSON_TRUE, err) < 0) {
        return -1;
    }
    json_t *prefixes = address_space == NULL ? NULL : field_get(address_space, "addressPrefixes");
    if (prefixes == NULL || json_array_size(prefixes) == 0) {
        return prefixes != NULL && !json_is_array(prefixes)
                   ? field_wrong_type(prefixes, path, "an array", err)
                   : required(path, err);
    }
    if (add_prefixes(prefixes, path, err, &space) < 0) {
        return -1;
    }
    json_t *subnets = field_get(properties, "subnets");
    return subnets == NULL ? 0 : check_subnets(name, subnets, &space, err);
}

/* ---- in use ----------------------------------------------------------------------------------------------
 */

static bool is_in(const char *text, const struct network_resource *network, const char *subnet)
{
    auto_armid struct armid id = {0};
    return text != NULL && armid_parse(text, &id) && id.group != NULL && id.depth == 2 &&
           str_iequals(id.subscription_id, network->subscription_id) &&
           str_iequals(id.group, network->group) && str_iequals(id.names[0], network->name) &&
           (subnet == NULL || str_iequals(id.names[1], subnet));
}

static int refuse_in_use(const struct network_resource *network, const char *text, const char *what,
                         const char *name, struct err *err)
{
    auto_armid struct armid id = {0};
    const char *subnet = armid_parse(text, &id) && id.depth == 2 ? id.names[1] : "";
    return err_set(err, ERR_SUBNET_IN_USE,
                   "The subnet '%s' of virtual network '%s' is in use by the %s '%s' and cannot be deleted. "
                   "Delete that one first.",
                   subnet, network->name, what, name);
}

static int check_servers(struct store *store, const struct network_resource *network, const char *subnet,
                         struct err *err)
{
    struct server *rows = NULL;
    size_t count = 0;
    if (store_server_list(store, SERVER_FLEXIBLE, network->subscription_id, NULL, err, &rows, &count) < 0) {
        return -1;
    }
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        json_auto_t *settings = json_from_text(rows[i].properties);
        json_t *own = settings == NULL ? NULL : field_get(settings, "network");
        const char *text =
            own == NULL ? NULL : json_string_value(field_get(own, "delegatedSubnetResourceId"));
        if (is_in(text, network, subnet)) {
            result = refuse_in_use(network, text, "flexible server", rows[i].name, err);
        }
    }
    servers_free(rows, count);
    return result;
}

int subnet_check_unused(struct store *store, const struct network_resource *network, const char *subnet,
                        struct err *err)
{
    struct network_resource *rows = NULL;
    size_t count = 0;
    if (check_servers(store, network, subnet, err) < 0 ||
        store_network_list(store, network->subscription_id, NULL, NETWORK_ENDPOINT, err, &rows, &count) < 0) {
        return -1;
    }
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        json_auto_t *properties = json_from_text(rows[i].properties);
        const char *text = json_string_value(json_object_get(json_object_get(properties, "subnet"), "id"));
        if (is_in(text, network, subnet)) {
            result = refuse_in_use(network, text, "private endpoint", rows[i].name, err);
        }
    }
    network_resources_free(rows, count);
    return result;
}

/* SPDX-License-Identifier: MIT */
#include "handlers/arm/subnet.h"

#include "core/buf.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "store/resources/networks.h"

bool subnet_id_is_valid(const struct armid *id)
{
    return id->depth == 2 && str_iequals(id->provider, NETWORK_NAMESPACE) &&
           str_iequals(id->types[0], NETWORK_VIRTUAL) && str_iequals(id->types[1], "subnets");
}

json_t *subnet_find(json_t *network_properties, const char *name)
{
    size_t i;
    json_t *subnet;
    json_array_foreach (field_get(network_properties, "subnets"), i, subnet) {
        if (str_iequals(json_string_value(field_get(subnet, "name")), name)) {
            return subnet;
        }
    }
    return NULL;
}

/* "a, b" of the subnets of a network. */
static void list_subnets(json_t *network_properties, struct buf *names)
{
    size_t i;
    json_t *subnet;
    json_array_foreach (field_get(network_properties, "subnets"), i, subnet) {
        buf_addf(names, "%s%s", i == 0 ? "" : ", ", json_string_value(field_get(subnet, "name")));
    }
}

static int refuse_subnet(const struct network_resource *network, json_t *properties, const char *name,
                         const char *path, struct err *err)
{
    auto_buf struct buf names = BUF_MAX(600);
    list_subnets(properties, &names);
    err_set(err, ERR_BAD_PARAMETER,
            "The subnet '%s' of the property '%s' does not exist. The virtual network '%s' in resource group "
            "'%s' has %s%s.",
            name, path, network->name, network->group, names.len == 0 ? "no subnet" : "the subnets ",
            buf_text(&names));
    return err_target(err, "%s", path);
}

/* The network is missing: an error only where there are others, or if the service is to be strict. */
static int check_group(const struct app *app, const struct armid *id, const char *path, struct err *err)
{
    struct network_resource *rows = NULL;
    size_t count = 0;
    if (store_network_list(app->store, id->subscription_id, id->group, NETWORK_VIRTUAL, err, &rows, &count) <
        0) {
        return -1;
    }
    auto_buf struct buf names = BUF_MAX(600);
    for (size_t i = 0; i < count; i++) {
        buf_addf(&names, "%s%s", i == 0 ? "" : ", ", rows[i].name);
    }
    network_resources_free(rows, count);
    if (count == 0 && !app->options->strict_service) {
        return 0;
    }
    err_set(err, ERR_BAD_PARAMETER,
            "The virtual network '%s' of the property '%s' does not exist. The resource group '%s' has %s%s.",
            id->names[0], path, id->group, count == 0 ? "no virtual network" : "the virtual networks ",
            buf_text(&names));
    return err_target(err, "%s", path);
}

int subnet_check(const struct app *app, const char *text, const char *path, struct err *err)
{
    auto_armid struct armid id = {0};
    auto_network_resource struct network_resource network = {0};
    if (text == NULL) {
        return 0;
    }
    if (!armid_parse(text, &id) || id.group == NULL || !subnet_id_is_valid(&id)) {
        err_set(err, ERR_BAD_PARAMETER,
                "The property '%s' is not the id of a subnet "
                "('/subscriptions/.../providers/" NETWORK_NAMESPACE "/virtualNetworks/NAME/subnets/NAME').",
                path);
        return err_target(err, "%s", path);
    }
    int found = store_network_get(app->store, id.subscription_id, id.group, NETWORK_VIRTUAL, id.names[0], err,
                                  &network);
    if (found <= 0) {
        return found < 0 ? -1 : check_group(app, &id, path, err);
    }
    json_auto_t *properties = json_from_text(network.properties);
    return subnet_find(properties, id.names[1]) != NULL
               ? 0
               : refuse_subnet(&network, properties, id.names[1], path, err);
}

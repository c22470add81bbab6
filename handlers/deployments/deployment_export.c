/* SPDX-License-Identifier: MIT */
/* Exports templates: the deployed one, or one built from the resources of a group. */
#include "handlers/deployments/deployment_private.h"

#include <string.h>

#include "core/memory.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/app.h"
#include "handlers/arm/property.h"
#include "handlers/deployments/deployments.h"

static const char template_schema[] =
    "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";

void deployment_export(struct request *request)
{
    struct err err = {0};
    auto_deployment struct deployment deployment = {0};
    if (!find_deployment(request, &deployment)) {
        return;
    }
    int found = store_deployment_template(request->app->store, &deployment, &err, &deployment.template);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        reply_fail(request, ERR_DEPLOYMENT_NOT_FOUND,
                   "The template of the deployment '%s' is not available: an earlier version of Malachite, "
                   "which did not store templates, deployed it.",
                   deployment.name);
    } else {
        reply_json(request, 200, json_pack("{s:o}", "template", memory_parse_text(deployment.template, 0)));
    }
}

/* ---- of a resource group ---------------------------------------------------------------------------------
 */

struct inner_client deployment_client(struct request *request)
{
    return (struct inner_client){.app = request->app,
                                 .host = request->host,
                                 .https = request->https,
                                 .authorization = request->authorization,
                                 .correlation_id = request->correlation_id,
                                 .nesting = request->nesting};
}

/* The newest version that is not a preview, if any. */
static const char *stable_version(const struct resource_type *type)
{
    const char *version;
    for (size_t i = 0; (version = resource_type_version(type, i)) != NULL; i++) {
        if (strstr(version, "preview") == NULL) {
            return version;
        }
    }
    return resource_type_version(type, 0);
}

/* {type, apiVersion, name, location, tags, sku, properties} of a resource in the list. */
static json_t *export_resource(const struct inner_client *client, json_t *listed)
{
    static const char *const kept[] = {"location", "tags", "sku", "identity"};
    const char *type = json_string_value(json_object_get(listed, "type"));
    const struct resource_type *known = type == NULL ? NULL : resource_type_find(type);
    if (known == NULL) {
        return NULL;
    }
    const char *version = stable_version(known);
    json_auto_t *resource =
        inner_request_get(client, json_string_value(json_object_get(listed, "id")), version);
    if (resource == NULL) {
        return NULL;
    }
    const struct app *app = client->app;
    const struct description *description = app->describe == NULL ? NULL : app->describe(type);
    if (description != NULL) {
        properties_drop_read_only(description, resource);
    }
    json_t *exported = json_pack("{s:s, s:s, s:O}", "type", type, "apiVersion", version, "name",
                                 json_object_get(listed, "name"));
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        json_t *value = json_object_get(resource, kept[i]);
        if (value != NULL) {
            json_object_set(exported, kept[i], value);
        }
    }
    json_object_set(exported, "properties", json_object_get(resource, "properties"));
    return exported;
}

/* The body may name the resources: {"resources": ["*"]} or ids. */
static bool is_wanted(json_t *wanted, const char *id)
{
    size_t index;
    json_t *item;
    bool all = json_array_size(wanted) == 0;
    json_array_foreach (wanted, index, item) {
        const char *text = json_string_value(item);
        all = all || str_equals(text, "*") || str_iequals(text, id);
    }
    return all;
}

void group_export(struct request *request)
{
    auto_resource_group struct resource_group group = {0};
    if (!find_group(request, &group)) {
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    const struct inner_client client = deployment_client(request);
    auto_free char *id = armid_group(group.subscription_id, group.name);
    auto_free char *list = id == NULL ? NULL : str_format("%s/resources", id);
    json_auto_t *listed = list == NULL ? NULL : inner_request_list(&client, list, "2021-04-01");
    json_t *wanted = field_get(body, "resources");
    json_t *resources = json_array();
    size_t index;
    json_t *item;
    json_array_foreach (listed, index, item) {
        json_t *exported = is_wanted(wanted, json_string_value(json_object_get(item, "id")))
                               ? export_resource(&client, item)
                               : NULL;
        if (exported != NULL) {
            json_array_append_new(resources, exported);
        }
    }
    reply_json(request, 200,
               json_pack("{s:{s:s, s:s, s:{}, s:{}, s:o}}", "template", "$schema", template_schema,
                         "contentVersion", "1.0.0.0", "parameters", "variables", "resources", resources));
}

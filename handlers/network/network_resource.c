/* SPDX-License-Identifier: MIT */
#include "handlers/network/network_resource_private.h"

#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/http/precondition.h"
#include "handlers/arm/naming/locations.h"
#include "handlers/arm/naming/names.h"
#include "handlers/arm/page.h"
#include "handlers/arm/resource_fields.h"

bool network_find(struct request *request, const char *type, const char *parameter,
                  struct network_resource *ret_row)
{
    struct err err = {0};
    auto_resource_group struct resource_group group = {0};
    const char *name = request_param(request, parameter);
    if (!find_group(request, &group)) {
        return false;
    }
    int found =
        store_network_get(request->app->store, group.subscription_id, group.name, type, name, &err, ret_row);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        reply_fail(
            request, ERR_RESOURCE_NOT_FOUND,
            "The Resource '%s/%s/%s' under resource group '%s' was not found. For more details please go to "
            "https://aka.ms/ARMResourceNotFoundFix",
            NETWORK_NAMESPACE, type, name, group.name);
    }
    return found > 0;
}

static int read_common(json_t *body, struct err *err, struct network_resource *row)
{
    const char *location = NULL;
    if (name_check(NAME_NETWORK, row->name, err) < 0 || field_location(body, err, &location) < 0 ||
        field_tags(body, err, &row->tags) < 0) {
        return -1;
    }
    if (location == NULL) {
        return err_set(err, ERR_LOCATION_REQUIRED, "The location property is required for this definition.");
    }
    row->location = location_name(location);
    return row->location == NULL ? err_no_memory(err) : 0;
}

bool network_read(struct request *request, const char *type, const char *parameter,
                  struct network_resource *ret_row, json_t **ret_body)
{
    struct err err = {0};
    auto_resource_group struct resource_group group = {0};
    if (!find_living_group(request, &group)) {
        return false;
    }
    *ret_body = request_body(request);
    if (*ret_body == NULL) {
        return false;
    }
    auto_network_resource struct network_resource row = {.subscription_id = TAKE(group.subscription_id),
                                                         .group = TAKE(group.name),
                                                         .type = str_dup(type),
                                                         .name = str_dup(request_param(request, parameter)),
                                                         .created_us = clock_now_us()};
    int result =
        row.type == NULL || row.name == NULL ? err_no_memory(&err) : read_common(*ret_body, &err, &row);
    if (result < 0) {
        reply_error(request, &err);
        return false;
    }
    *ret_row = row;
    row = (struct network_resource){0};
    return true;
}

int network_adopt(struct store *store, struct network_resource *row, struct err *err,
                  struct network_resource *ret_before)
{
    int found =
        store_network_get(store, row->subscription_id, row->group, row->type, row->name, err, ret_before);
    if (found <= 0) {
        return found;
    }
    if (!str_equals(ret_before->location, row->location)) {
        err_set(err, ERR_RESOURCE_LOCATION,
                "The resource '%s' already exists in location '%s' in resource group '%s'. A resource with "
                "the same name cannot be created in location '%s'. Please select a new resource name.",
                ret_before->name, ret_before->location, row->group, row->location);
        return err_target(err, "location");
    }
    row->created_us = ret_before->created_us;
    return str_replace(&row->name, ret_before->name) ? 1 : err_no_memory(err);
}

char *network_id(const struct network_resource *row)
{
    return armid_resource(row->subscription_id, row->group, NETWORK_NAMESPACE, row->type, row->name);
}

json_t *network_add_etag(json_t *resource)
{
    auto_free char *etag = resource == NULL ? NULL : etag_of(resource);
    if (etag == NULL || json_set_text(resource, "etag", etag) < 0) {
        json_decref(resource);
        return NULL;
    }
    return resource;
}

json_t *network_write(const struct network_resource *row, json_t *properties)
{
    auto_free char *id = network_id(row);
    auto_free char *type = str_format("%s/%s", NETWORK_NAMESPACE, row->type);
    json_auto_t *tags = json_from_text(row->tags);
    if (id == NULL || type == NULL || properties == NULL) {
        json_decref(properties);
        return NULL;
    }
    json_object_set_new(properties, "provisioningState", json_string("Succeeded"));
    return network_add_etag(json_pack("{s:s, s:s, s:s, s:s, s:O*, s:o}", "id", id, "name", row->name, "type",
                                      type, "location", row->location, "tags", tags, "properties",
                                      properties));
}

void network_reply_list(struct request *request, const char *group, const char *type, network_writer *write)
{
    struct err err = {0};
    struct network_resource *rows = NULL;
    size_t count = 0;
    if (store_network_list(request->app->store, request_param(request, "subscriptionId"), group, type, &err,
                           &rows, &count) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *value = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(value, write(request, &rows[i]));
    }
    network_resources_free(rows, count);
    page_reply_whole(request, value);
}

void network_delete(struct request *request, const char *type, const char *parameter,
                    network_deleter *delete_row)
{
    struct err err = {0};
    auto_resource_group struct resource_group group = {0};
    auto_network_resource struct network_resource row = {0};
    if (!find_group(request, &group)) {
        return;
    }
    int found = store_network_get(request->app->store, group.subscription_id, group.name, type,
                                  request_param(request, parameter), &err, &row);
    if (found < 0 || (found > 0 && delete_row(request->app->store, &row, &err) < 0)) {
        reply_error(request, &err);
    } else {
        reply_empty(request, found > 0 ? 200 : 204);
    }
}

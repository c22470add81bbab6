/* SPDX-License-Identifier: MIT */
/* Resource groups: PUT, GET, HEAD, list, PATCH. */
#include <stdio.h>
#include <string.h>

#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/naming/locations.h"
#include "handlers/arm/naming/names.h"
#include "handlers/arm/page.h"
#include "handlers/arm/resource.h"
#include "handlers/arm/resource_fields.h"
#include "handlers/resources/resources.h"

enum { TAG_TEXT_SIZE = 513 };

static json_t *write_group(const struct resource_group *group)
{
    auto_free char *id = armid_group(group->subscription_id, group->name);
    json_auto_t *object = json_object();
    int failed = id == NULL ? -1 : json_set_text(object, "id", id);
    failed |= json_set_text(object, "name", group->name);
    failed |= json_set_text(object, "type", RESOURCES_NAMESPACE "/resourceGroups");
    failed |= json_set_text(object, "location", group->location);
    json_t *tags = json_from_text(group->tags);
    failed |= tags == NULL ? 0 : json_object_set_new(object, "tags", tags);
    failed |= json_set_text(object, "managedBy", group->managed_by);
    failed |= json_object_set_new(
        object, "properties",
        json_pack("{s:s}", "provisioningState", group->deleting ? "Deleting" : "Succeeded"));
    return failed != 0 ? NULL : TAKE(object);
}

static int read_group(json_t *body, struct err *err, struct resource_group *ret_group)
{
    const char *location = NULL;
    const char *managed_by = NULL;
    auto_free char *tags = NULL;
    if (field_location(body, err, &location) < 0 ||
        field_string(body, "", "managedBy", err, &managed_by) < 0 || field_tags(body, err, &tags) < 0) {
        return -1;
    }
    if (location == NULL) {
        return err_set(err, ERR_LOCATION_REQUIRED, "The location property is required for this definition.");
    }
    ret_group->location = location_name(location);
    ret_group->managed_by = str_dup(managed_by);
    ret_group->tags = TAKE(tags);
    return ret_group->location == NULL || (managed_by != NULL && ret_group->managed_by == NULL)
               ? err_no_memory(err)
               : 0;
}

/* Applies the rules for PUT on an existing group: the changes it must not make, and the values that it
 * keeps. */
static int adopt_existing(const struct resource_group *existing, struct resource_group *group,
                          struct err *err)
{
    if (existing->deleting) {
        return err_set(
            err, ERR_GROUP_BEING_DELETED,
            "The resource group '%s' is in deprovisioning state and cannot perform this operation.",
            existing->name);
    }
    if (!str_equals(existing->location, group->location)) {
        err_set(err, ERR_GROUP_LOCATION,
                "Invalid resource group location '%s'. The Resource group already exists in location '%s'.",
                group->location, existing->location);
        return err_target(err, "location");
    }
    return str_replace(&group->name, existing->name) ? 0 : err_no_memory(err);
}

/* 1: it existed already; 0: new. */
static int store_put(struct store *store, struct resource_group *group, struct err *err)
{
    auto_resource_group struct resource_group existing = {0};
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0) {
        return -1;
    }
    int found = store_group_get(store, group->subscription_id, group->name, err, &existing);
    if (found < 0 || (found > 0 && adopt_existing(&existing, group, err) < 0) ||
        store_group_put(store, group, err) < 0 || store_commit(&tx, err) < 0) {
        return -1;
    }
    return found;
}

void group_put(struct request *request)
{
    struct err err = {0};
    const char *name = request_param(request, "resourceGroupName");
    if (name_check(NAME_GROUP, name, &err) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    auto_resource_group struct resource_group group = {
        .subscription_id = str_dup(request_param(request, "subscriptionId")), .name = str_dup(name)};
    int found = read_group(body, &err, &group) < 0 ? -1 : store_put(request->app->store, &group, &err);
    if (found < 0) {
        reply_error(request, &err);
    } else {
        reply_json(request, found > 0 ? 200 : 201, write_group(&group));
    }
}

void group_get(struct request *request)
{
    auto_resource_group struct resource_group group = {0};
    if (find_group(request, &group)) {
        reply_json(request, 200, write_group(&group));
    }
}

/* az calls this before it creates anything; 204 or 404, never 200. */
void group_head(struct request *request)
{
    struct err err = {0};
    auto_resource_group struct resource_group group = {0};
    int found = store_group_get(request->app->store, request_param(request, "subscriptionId"),
                                request_param(request, "resourceGroupName"), &err, &group);
    if (found < 0) {
        reply_error(request, &err);
    } else {
        reply_empty(request, found > 0 ? 204 : 404);
    }
}

/* PATCH of tags replaces all of them, like the real service; null removes them. */
static int store_patch(struct store *store, json_t *body, struct resource_group *group, struct err *err)
{
    auto_free char *tags = NULL;
    auto_resource_group struct resource_group fresh = {0};
    auto_store_tx struct store_tx tx = {0};
    if (field_tags(body, err, &tags) < 0 || store_begin(store, err, &tx) < 0) {
        return -1;
    }
    int found = store_group_get(store, group->subscription_id, group->name, err, &fresh);
    if (found <= 0) {
        return found < 0 ? -1
                         : err_set(err, ERR_GROUP_NOT_FOUND, "Resource group '%s' could not be found.",
                                   group->name);
    }
    if (tags != NULL || json_is_null(json_object_get(body, "tags"))) {
        free_at_scope_end(&fresh.tags);
        fresh.tags = TAKE(tags);
    }
    if (store_group_put(store, &fresh, err) < 0 || store_commit(&tx, err) < 0) {
        return -1;
    }
    resource_group_done(group);
    *group = fresh;
    fresh = (struct resource_group){0};
    return 0;
}

void group_patch(struct request *request)
{
    struct err err = {0};
    auto_resource_group struct resource_group group = {0};
    if (!find_living_group(request, &group)) {
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    if (store_patch(request->app->store, body, &group, &err) < 0) {
        reply_error(request, &err);
    } else {
        reply_json(request, 200, write_group(&group));
    }
}

/* ---- list ------------------------------------------------------------------------------------------------
 */

struct tag_filter {
    char name[TAG_TEXT_SIZE];
    char value[TAG_TEXT_SIZE];
    int parts; /* 0: no filter, 1: by name, 2: by name and value */
};

/* tagName eq 'x' [and tagValue eq 'y'], like the real service. */
static int read_filter(const char *text, struct err *err, struct tag_filter *ret_filter)
{
    struct tag_filter filter = {.parts = 0};
    int end = 0;
    if (text != NULL && text[0] != '\0') {
        filter.parts = sscanf(text, " tagName eq '%512[^']' and tagValue eq '%512[^']'%n", filter.name,
                              filter.value, &end);
        if (filter.parts < 1) {
            err_set(
                err, ERR_BAD_REQUEST,
                "The $filter '%.200s' is not understood; write tagName eq 'NAME' and tagValue eq 'VALUE'.",
                text);
            return err_target(err, "$filter");
        }
    }
    *ret_filter = filter;
    return 0;
}

static bool passes(const struct resource_group *group, const struct tag_filter *filter)
{
    if (filter->parts == 0) {
        return true;
    }
    json_auto_t *tags = json_from_text(group->tags);
    const char *value = json_string_value(tags == NULL ? NULL : field_get(tags, filter->name));
    return value != NULL && (filter->parts == 1 || str_equals(value, filter->value));
}

void group_list(struct request *request)
{
    struct err err = {0};
    struct tag_filter filter = {0};
    struct resource_group *rows = NULL;
    size_t count = 0;
    struct page page;
    if (page_read(request, &err, &page) < 0 ||
        read_filter(request_query(request, "$filter"), &err, &filter) < 0 ||
        store_group_list(request->app->store, request_param(request, "subscriptionId"), &err, &rows, &count) <
            0) {
        reply_error(request, &err);
        return;
    }
    json_t *value = json_array();
    for (size_t i = 0; i < count; i++) {
        if (passes(&rows[i], &filter) && page_takes(&page)) {
            json_array_append_new(value, write_group(&rows[i]));
        }
    }
    resource_groups_free(rows, count);
    page_reply(request, &page, value);
}

/* SPDX-License-Identifier: MIT */
#include "handlers/servers/values/private_connection.h"

#include "core/attr.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/api_version.h"
#include "handlers/arm/resource.h"

static int read_endpoint(const struct property *row, json_t *value, const char *path, struct err *err,
                         void *record)
{
    (void)path;
    auto_armid struct armid id = {0};
    const char *text = NULL;
    if (!json_is_object(value)) {
        return field_wrong_type(value, row->path, "an object", err);
    }
    if (field_string(value, row->path, "id", err, &text) < 0) {
        return -1;
    }
    if (text == NULL || !armid_parse(text, &id) || id.depth != 1 ||
        !str_iequals(id.provider, NETWORK_NAMESPACE) || !str_iequals(id.types[0], "privateEndpoints")) {
        err_set(err, ERR_BAD_PARAMETER,
                "The property '%s.id' is not the id of a private endpoint "
                "('/subscriptions/.../providers/" NETWORK_NAMESPACE "/privateEndpoints/NAME').",
                row->path);
        return err_target(err, "%s.id", row->path);
    }
    json_auto_t *kept = json_pack("{s:s}", "id", text);
    return kept == NULL ? err_no_memory(err) : setting_keep(row, kept, err, record);
}

static const char *find_status(const char *text)
{
    static const char *const words[] = {"Approved", "Pending", "Rejected", "Disconnected"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_iequals(words[i], text)) {
            return words[i];
        }
    }
    return NULL;
}

static int read_state(const struct property *row, json_t *value, const char *path, struct err *err,
                      void *record)
{
    (void)path;
    const char *status = NULL;
    const char *description = NULL;
    const char *actions = NULL;
    if (!json_is_object(value)) {
        return field_wrong_type(value, row->path, "an object", err);
    }
    if (field_string(value, row->path, "status", err, &status) < 0 ||
        field_string(value, row->path, "description", err, &description) < 0 ||
        field_string(value, row->path, "actionsRequired", err, &actions) < 0) {
        return -1;
    }
    if (status != NULL && find_status(status) == NULL) {
        err_set(err, ERR_BAD_PARAMETER,
                "The value '%.80s' of '%s.status' is not one of Approved, Pending, Rejected and "
                "Disconnected.",
                status, row->path);
        return err_target(err, "%s.status", row->path);
    }
    json_auto_t *kept = json_pack("{s:s*, s:s*, s:s*}", "status", find_status(status), "description",
                                  description, "actionsRequired", actions);
    return kept == NULL ? err_no_memory(err) : setting_keep(row, kept, err, record);
}

const struct property_type type_private_endpoint = {
    .schema = "object", .read = read_endpoint, .write = write_known};
const struct property_type type_connection_state = {
    .schema = "object", .read = read_state, .write = write_known};

int private_connection_complete(json_t *given, const char *before, struct err *err, char **ret_text)
{
    json_auto_t *old = json_from_text(before);
    json_auto_t *state = json_pack("{s:s, s:s, s:s}", "status", "Approved", "description", "Auto-approved",
                                   "actionsRequired", "None");
    json_t *endpoint = json_object_get(given, "privateEndpoint");
    if (endpoint == NULL) {
        endpoint = json_object_get(old, "privateEndpoint");
    }
    if (endpoint == NULL) {
        err_set(err, ERR_BAD_PARAMETER,
                "The property 'properties.privateEndpoint.id' is required: there is no connection of this "
                "name that could be approved or rejected.");
        return err_target(err, "properties.privateEndpoint.id");
    }
    json_object_update(state, json_object_get(old, "privateLinkServiceConnectionState"));
    json_object_update(state, json_object_get(given, "privateLinkServiceConnectionState"));
    json_auto_t *all =
        json_pack("{s:O, s:O}", "privateEndpoint", endpoint, "privateLinkServiceConnectionState", state);
    *ret_text = all == NULL ? NULL : json_dumps(all, JSON_COMPACT);
    return *ret_text == NULL ? err_no_memory(err) : 0;
}

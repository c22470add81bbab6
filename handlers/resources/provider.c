/* SPDX-License-Identifier: MIT */
/*
 * Resource providers: their types, and whether the subscription is registered. Registration completes at
 * once; clients that poll see the final state in the first response.
 */
#include <string.h>

#include "core/str.h"
#include "handlers/arm/naming/locations.h"
#include "handlers/arm/page.h"
#include "handlers/arm/resource.h"
#include "handlers/resources/resources.h"

/* unregistered: the state after an unregistration; a provider that was never registered is NotRegistered. */
static const struct {
    const char *namespace_name;
    const char *unregistered;
    bool registration_free;
} providers[] = {
    {POSTGRESQL_NAMESPACE, "Unregistered", false},
    {DATA_MIGRATION_NAMESPACE, "NotRegistered", false},
    {RESOURCES_NAMESPACE, "Registered", true},
    {NETWORK_NAMESPACE, "Registered", true},
};

static json_t *write_locations(bool regional)
{
    json_t *array = json_array();
    for (size_t i = 0; regional && i < location_count; i++) {
        json_array_append_new(array, json_string(locations[i].display_name));
    }
    return array;
}

static json_t *write_type(const struct resource_type *type)
{
    json_t *versions = json_array();
    const char *standard = NULL;
    const char *version;
    for (size_t i = 0; (version = resource_type_version(type, i)) != NULL; i++) {
        json_array_append_new(versions, json_string(version));
        if (standard == NULL && strstr(version, "preview") == NULL) {
            standard = version;
        }
    }
    return json_pack("{s:s, s:o, s:o, s:s*, s:s}", "resourceType", type->name, "locations",
                     write_locations(type->regional), "apiVersions", versions, "defaultApiVersion", standard,
                     "capabilities", "None");
}

static json_t *write_types(const char *namespace_name)
{
    json_t *array = json_array();
    for (size_t i = 0; i < resource_type_count; i++) {
        if (str_equals(resource_types[i].namespace_name, namespace_name)) {
            json_array_append_new(array, write_type(&resource_types[i]));
        }
    }
    return array;
}

/* The provider of a row of the table; NULL after a failure. */
static json_t *write_provider(struct request *request, size_t row, struct err *err)
{
    const char *subscription_id = request_param(request, "subscriptionId");
    const char *name = providers[row].namespace_name;
    bool registered = true;
    if (!providers[row].registration_free &&
        store_provider_get(request->app->store, subscription_id, name, err, &registered) < 0) {
        return NULL;
    }
    auto_free char *id = str_format("/subscriptions/%s/providers/%s", subscription_id, name);
    json_t *provider =
        id == NULL ? NULL
                   : json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", id, "namespace", name, "registrationState",
                               registered ? "Registered" : providers[row].unregistered, "registrationPolicy",
                               providers[row].registration_free ? "RegistrationFree" : "RegistrationRequired",
                               "resourceTypes", write_types(name));
    if (provider == NULL) {
        err_no_memory(err);
    }
    return provider;
}

/* The row for the name in the path; replies 404 and returns false if there is none. */
static bool find_provider(struct request *request, size_t *ret_row)
{
    const char *name = request_param(request, "resourceProviderNamespace");
    for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
        if (str_iequals(providers[i].namespace_name, name)) {
            *ret_row = i;
            return true;
        }
    }
    reply_fail(request, ERR_BAD_RESOURCE_NAMESPACE, "The resource namespace '%s' is invalid.", name);
    return false;
}

static void reply_provider(struct request *request, size_t row)
{
    struct err err = {0};
    json_t *provider = write_provider(request, row, &err);
    if (provider == NULL) {
        reply_error(request, &err);
    } else {
        reply_json(request, 200, provider);
    }
}

void provider_get(struct request *request)
{
    size_t row;
    if (find_provider(request, &row)) {
        reply_provider(request, row);
    }
}

void provider_list(struct request *request)
{
    struct err err = {0};
    json_auto_t *value = json_array();
    for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
        json_t *provider = write_provider(request, i, &err);
        if (provider == NULL) {
            reply_error(request, &err);
            return;
        }
        json_array_append_new(value, provider);
    }
    page_reply_whole(request, TAKE(value));
}

/* Outside of a subscription nothing is registered. */
static json_t *write_tenant_provider(size_t row)
{
    const char *name = providers[row].namespace_name;
    auto_free char *id = str_format("/providers/%s", name);
    return id == NULL ? NULL
                      : json_pack("{s:s, s:s, s:o}", "id", id, "namespace", name, "resourceTypes",
                                  write_types(name));
}

void provider_get_at_tenant(struct request *request)
{
    size_t row;
    if (find_provider(request, &row)) {
        reply_json(request, 200, write_tenant_provider(row));
    }
}

void provider_list_at_tenant(struct request *request)
{
    json_t *value = json_array();
    for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
        json_array_append_new(value, write_tenant_provider(i));
    }
    page_reply_whole(request, value);
}

void provider_type_list(struct request *request)
{
    size_t row;
    if (find_provider(request, &row)) {
        page_reply_whole(request, write_types(providers[row].namespace_name));
    }
}

static void set_registration(struct request *request, bool registered)
{
    struct err err = {0};
    size_t row;
    if (!find_provider(request, &row)) {
        return;
    }
    if (!providers[row].registration_free &&
        store_provider_put(request->app->store, request_param(request, "subscriptionId"),
                           providers[row].namespace_name, registered, &err) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_provider(request, row);
}

void provider_register(struct request *request)
{
    set_registration(request, true);
}

void provider_unregister(struct request *request)
{
    set_registration(request, false);
}

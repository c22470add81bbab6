/* SPDX-License-Identifier: MIT */
/* Subscriptions, the only tenant, and the regions. */
#include <stdlib.h>

#include "core/options/subscriptions.h"
#include "core/str.h"
#include "handlers/arm/naming/locations.h"
#include "handlers/arm/page.h"
#include "handlers/arm/resource.h"
#include "handlers/resources/resources.h"
#include "store/subscriptions.h"

static json_t *write_subscription(const struct options *options, const char *subscription_id)
{
    auto_free char *id = str_format("/subscriptions/%s", subscription_id);
    return id == NULL
               ? NULL
               : json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s}, s:[]}", "id", id,
                           "authorizationSource", "RoleBased", "subscriptionId", subscription_id, "tenantId",
                           options->tenant_id, "displayName", "Malachite", "state", "Enabled",
                           "subscriptionPolicies", "locationPlacementId", "Public_2014-09-01", "quotaId",
                           "PayAsYouGo_2014-09-01", "spendingLimit", "Off", "managedByTenants");
}

void subscription_get(struct request *request)
{
    reply_json(request, 200,
               write_subscription(request->app->options, request_param(request, "subscriptionId")));
}

/* The configured one first, used or not; then those that somebody has used. */
void subscription_list(struct request *request)
{
    struct err err = {0};
    const struct options *options = request->app->options;
    struct subscription *rows = NULL;
    size_t count = 0;
    if (store_subscription_list(request->app->store, &err, &rows, &count) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *value = json_array();
    json_array_append_new(value, write_subscription(options, options->subscription_id));
    for (size_t i = 0; i < count; i++) {
        if (!str_iequals(rows[i].id, options->subscription_id) && subscriptions_admit(options, rows[i].id)) {
            json_array_append_new(value, write_subscription(options, rows[i].id));
        }
    }
    free(rows);
    page_reply_counted(request, value);
}

void tenant_list(struct request *request)
{
    const char *tenant = request->app->options->tenant_id;
    auto_free char *id = str_format("/tenants/%s", tenant);
    page_reply_whole(request,
                     id == NULL
                         ? NULL
                         : json_pack("[{s:s, s:s, s:s, s:s, s:s, s:[s], s:s, s:s}]", "id", id, "tenantId",
                                     tenant, "tenantCategory", "Home", "displayName", "Malachite",
                                     "defaultDomain", "malachite.onmicrosoft.com", "domains",
                                     "malachite.onmicrosoft.com", "countryCode", "US", "tenantType", "AAD"));
}

static json_t *write_location(const char *subscription_id, const struct location *location)
{
    auto_free char *id = str_format("/subscriptions/%s/locations/%s", subscription_id, location->name);
    auto_free char *regional = str_format("(%s) %s", location->geography, location->display_name);
    if (id == NULL || regional == NULL) {
        return NULL;
    }
    json_t *paired = json_array();
    if (location->paired != NULL) {
        auto_free char *pair_id =
            str_format("/subscriptions/%s/locations/%s", subscription_id, location->paired);
        json_array_append_new(paired, json_pack("{s:s, s:s*}", "name", location->paired, "id", pair_id));
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:o}}", "id", id, "name",
                     location->name, "type", "Region", "displayName", location->display_name,
                     "regionalDisplayName", regional, "metadata", "regionType", "Physical", "regionCategory",
                     "Recommended", "geographyGroup", location->geography, "longitude", location->longitude,
                     "latitude", location->latitude, "physicalLocation", location->city, "pairedRegion",
                     paired);
}

void location_list(struct request *request)
{
    json_t *value = json_array();
    for (size_t i = 0; i < location_count; i++) {
        json_array_append_new(value, write_location(request_param(request, "subscriptionId"), &locations[i]));
    }
    page_reply_whole(request, value);
}

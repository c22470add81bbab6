/* SPDX-License-Identifier: MIT */
/*
 * GET /metadata/endpoints: the configuration of a cloud that is unknown to a client. Three formats were
 * published over the years.
 */
#include <string.h>

#include "core/str.h"
#include "handlers/signin/signin.h"
#include "server/reply.h"

/* The Azure CLI uses the first as the audience of its tokens, and calls this host in its migration
 * commands. */
static const char management[] = "https://management.azure.com/";
static const char classic_management[] = "https://management.core.windows.net/";

/* Services that Malachite does not have: names of Azure's own, which clients only store in their
 * configuration. */
static const struct {
    const char *name;
    const char *value;
} suffixes[] =
    {
        {"acrLoginServer", "azurecr.io"},
        {"attestationEndpoint", "attest.azure.net"},
        {"azureDataLakeAnalyticsCatalogAndJob", "azuredatalakeanalytics.net"},
        {"azureDataLakeStoreFileSystem", "azuredatalakestore.net"},
        {"azureFrontDoorEndpointSuffix", "azurefd.net"},
        {"keyVaultDns", "vault.azure.net"},
        {"mariadbServerEndpoint", "mariadb.database.azure.com"},
        {"mhsmDns", "managedhsm.azure.net"},
        {"mysqlServerEndpoint", "mysql.database.azure.com"},
        {"postgresqlServerEndpoint", "postgres.database.azure.com"},
        {"sqlServerHostname", "database.windows.net"},
        {"storage", "core.windows.net"},
        {"storageSyncEndpointSuffix", "afs.azure.net"},
        {"synapseAnalytics", "dev.azuresynapse.net"},
},
  resources[] = {
      {"activeDirectoryDataLake", "https://datalake.azure.net/"},
      {"appInsightsResourceId", "https://api.applicationinsights.io"},
      {"appInsightsTelemetryChannelResourceId", "https://dc.applicationinsights.azure.com/v2/track"},
      {"attestationResourceId", "https://attest.azure.net"},
      {"batch", "https://batch.core.windows.net/"},
      {"graphAudience", "https://graph.windows.net/"},
      {"logAnalyticsResourceId", "https://api.loganalytics.io"},
      {"media", "https://rest.media.azure.net"},
      {"microsoftGraphResourceId", "https://graph.microsoft.com/"},
      {"ossrDbmsResourceId", "https://ossrdbms-aad.database.windows.net"},
      {"sqlManagement", "https://management.core.windows.net:8443/"},
      {"synapseAnalyticsResourceId", "https://dev.azuresynapse.net"},
};

/* loginEndpoint ends in /adfs: MSAL does not verify such an authority with another service. */
static json_t *write_authentication(const char *base)
{
    return json_pack("{s:s+, s:[s,s,s+], s:s, s:s}", "loginEndpoint", base, "/adfs", "audiences", management,
                     classic_management, base, "/", "tenant", "common", "identityProvider", "AAD");
}

/* 2015-01-01 */
static json_t *write_classic(const char *base)
{
    return json_pack("{s:s+, s:s+, s:s+, s:o}", "galleryEndpoint", base, "/", "graphEndpoint", base, "/",
                     "portalEndpoint", base, "/", "authentication", write_authentication(base));
}

static json_t *write_cloud(const char *base)
{
    json_t *known = json_object();
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        json_object_set_new(known, suffixes[i].name, json_string(suffixes[i].value));
    }
    json_t *cloud = json_pack("{s:s, s:s+, s:s+, s:s+, s:s+, s:o, s:o}", "name", "Malachite", "portal", base,
                              "/", "resourceManager", base, "/", "graph", base, "/", "gallery", base, "/",
                              "authentication", write_authentication(base), "suffixes", known);
    for (size_t i = 0; cloud != NULL && i < ARRAY_LEN(resources); i++) {
        json_object_set_new(cloud, resources[i].name, json_string(resources[i].value));
    }
    return cloud;
}

/* 2018-05-01 to 2020-06-01 */
static json_t *write_clouds(const char *base)
{
    return json_pack("[o]", write_cloud(base));
}

/* Newest first; a version uses the first row that is not newer. */
static const struct {
    const char *since;
    json_t *(*write)(const char *base);
} shapes[] = {{"2022-09-01", write_cloud}, {"2018-05-01", write_clouds}, {"2015-01-01", write_classic}};

void signin_metadata(struct request *request)
{
    const char *version = request->api_version;
    if (version == NULL) {
        reply_fail(request, ERR_MISSING_API_VERSION,
                   "The api-version query parameter (?api-version=) is required for all requests.");
        return;
    }
    auto_free char *base = reply_absolute_url(request, "");
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        if (strcmp(version, shapes[i].since) >= 0) {
            reply_json(request, 200, base == NULL ? NULL : shapes[i].write(base));
            return;
        }
    }
    reply_fail(request, ERR_BAD_API_VERSION,
               "The api-version '%s' is invalid. The supported versions are "
               "'2022-09-01,2020-06-01,2019-05-01,2018-05-01,2015-01-01'.",
               version);
}

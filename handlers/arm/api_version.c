/* SPDX-License-Identifier: MIT */
/* Which versions exist was read from the published specifications, the SDKs and recordings of the real
 * service. */
#include "handlers/arm/api_version.h"

#include <ctype.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "handlers/arm/locations.h"

/* clang-format off */
#define SERVERS_SINCE_2024_11 "2026-07-01-preview", "2026-04-01-preview", "2026-01-01-preview", "2025-08-01", \
    "2025-06-01-preview", "2025-01-01-preview", "2024-11-01-preview"
#define SINCE_2024_03 SERVERS_SINCE_2024_11, "2024-08-01", "2024-03-01-preview"
#define SINCE_2023_06 SINCE_2024_03, "2023-12-01-preview", "2023-06-01-preview"
#define SINCE_2023_03 SINCE_2023_06, "2023-03-01-preview"
#define SINCE_2022_03 SINCE_2023_03, "2022-12-01", "2022-03-08-preview"
#define SINCE_2020_11 SINCE_2022_03, "2022-01-20-preview", "2021-06-15-privatepreview", "2021-06-01-preview", \
    "2021-06-01", "2021-04-10-privatepreview", "2020-11-05-preview"
#define SINGLE_ONLY "2017-12-01-preview", "2017-12-01"

/* The 2022-05-01 previews hold migrations and nothing else; 2022-12-01 holds everything but migrations. */
static const char *const migration_versions[] = {SINCE_2023_03, "2022-05-01-privatepreview", "2022-05-01-preview",
                                                 "2021-06-15-privatepreview", NULL};
static const char *const flexible_versions[] = {SINCE_2020_11, "2020-02-14-preview", "2020-02-14-privatepreview", NULL};
static const char *const versions_since_2020_11[] = {SINCE_2020_11, NULL};
static const char *const versions_since_2022_03[] = {SINCE_2022_03, NULL};
static const char *const versions_since_2023_03[] = {SINCE_2023_03, NULL};
static const char *const versions_since_2023_06[] = {SINCE_2023_06, NULL};
static const char *const versions_since_2024_11[] = {SERVERS_SINCE_2024_11, NULL};
static const char *const versions_since_2026_04[] = {"2026-07-01-preview", "2026-04-01-preview", NULL};
static const char *const single_versions[] = {SINGLE_ONLY, NULL};
static const char *const single_key_versions[] = {"2020-01-01", "2020-01-01-privatepreview", NULL};
static const char *const single_endpoint_versions[] = {"2018-06-01", "2018-06-01-privatepreview", NULL};
/* Every version of any type: operations are followed in the version that started them. */
static const char *const shared_versions[] = {SINCE_2023_03, "2022-12-01", "2022-05-01-privatepreview",
    "2022-05-01-preview", "2022-03-08-preview", "2022-01-20-preview", "2021-06-15-privatepreview",
    "2021-06-01-preview", "2021-06-01", "2021-04-10-privatepreview", "2020-11-05-preview", "2020-02-14-preview",
    "2020-02-14-privatepreview", "2020-01-01", "2020-01-01-privatepreview", "2018-06-01", "2018-06-01-privatepreview",
    SINGLE_ONLY, NULL};
static const char *const data_migration_versions[] = {"2025-06-30", "2022-03-30-preview", "2021-06-30",
    "2018-07-15-preview", "2018-04-19", "2018-03-31-preview", "2017-11-15-preview", NULL};
static const char *const arm_versions[] = {
    "2025-04-01", "2025-03-01", "2024-11-01", "2024-08-01", "2024-07-01", "2024-03-01", "2023-08-01", "2023-07-01",
    "2022-12-01", "2022-09-01", "2022-06-01", "2022-05-01", "2022-01-01", "2021-04-01", "2021-01-01", "2020-10-01",
    "2020-09-01", "2020-08-01", "2020-07-01", "2020-06-01", "2020-05-01", "2020-01-01", "2019-11-01", "2019-10-01",
    "2019-09-01", "2019-08-01", "2019-07-01", "2019-06-01", "2019-05-10", "2019-05-01", "2019-03-01", "2018-11-01",
    "2018-09-01", "2018-08-01", "2018-07-01", "2018-06-01", "2018-05-01", "2018-02-01", "2018-01-01", "2017-12-01",
    "2017-08-01", "2017-06-01", "2017-05-10", "2017-05-01", "2017-03-01", "2016-09-01", "2016-07-01", "2016-06-01",
    "2016-02-01", "2015-11-01", "2015-01-01", "2014-04-01", NULL};

#define P POSTGRESQL_NAMESPACE
const struct resource_type resource_types[] = {
    {P, "flexibleServers",                   flexible_versions, true},
    {P, "flexibleServers/migrations",        migration_versions, true},
    {P, "flexibleServers/databases",         versions_since_2020_11, true},
    {P, "flexibleServers/firewallRules",     flexible_versions, true},
    {P, "flexibleServers/configurations",    flexible_versions, true},
    {P, "flexibleServers/capabilities",      versions_since_2023_03, true},
    {P, "flexibleServers/administrators",    versions_since_2022_03, true},
    {P, "flexibleServers/backups",           versions_since_2022_03, true},
    {P, "flexibleServers/replicas",          versions_since_2022_03, true},
    {P, "flexibleServers/logFiles",          versions_since_2023_03, true},
    {P, "flexibleServers/ltrBackupOperations", versions_since_2023_03, true},
    {P, "flexibleServers/advancedThreatProtectionSettings", versions_since_2023_06, true},
    {P, "flexibleServers/privateEndpointConnections", versions_since_2023_06, true},
    {P, "flexibleServers/privateLinkResources", versions_since_2023_06, true},
    {P, "flexibleServers/virtualendpoints",  versions_since_2023_06, true},
    {P, "flexibleServers/tuningOptions",     versions_since_2024_11, true},
    {P, "flexibleServers/maintenanceEvents", versions_since_2026_04, true},
    {P, "flexibleServers/majorVersionUpgradePrecheck", versions_since_2026_04, true},
    {P, "servers",                           single_versions, true},
    {P, "servers/databases",                 single_versions, true},
    {P, "servers/firewallRules",             single_versions, true},
    {P, "servers/virtualNetworkRules",       single_versions, true},
    {P, "servers/configurations",            single_versions, true},
    {P, "servers/administrators",            single_versions, true},
    {P, "servers/securityAlertPolicies",     single_versions, true},
    {P, "servers/keys",                      single_key_versions, true},
    {P, "servers/privateEndpointConnections", single_endpoint_versions, true},
    {P, "servers/privateLinkResources",      single_endpoint_versions, true},
    {P, "checkNameAvailability",             shared_versions, false},
    {P, "getPrivateDnsZoneSuffix",           flexible_versions, false},
    {P, "operations",                        shared_versions, false},
    {P, "locations",                         shared_versions, false},
    {P, "locations/capabilities",            flexible_versions, true},
    {P, "locations/performanceTiers",        single_versions, true},
    {P, "locations/checkNameAvailability",   versions_since_2022_03, true},
    {P, "locations/checkVirtualNetworkSubnetUsage", flexible_versions, true},
    {P, "locations/resourceType/usages",     versions_since_2023_06, true},
    {P, "locations/azureAsyncOperation",     shared_versions, true},
    {P, "locations/operationResults",        shared_versions, true},
    {DATA_MIGRATION_NAMESPACE, "services",          data_migration_versions, true},
    {DATA_MIGRATION_NAMESPACE, "services/projects", data_migration_versions, true},
    {RESOURCES_NAMESPACE, "tenants",                       arm_versions, false},
    {RESOURCES_NAMESPACE, "providers",                     arm_versions, false},
    {RESOURCES_NAMESPACE, "subscriptions",                 arm_versions, false},
    {RESOURCES_NAMESPACE, "subscriptions/locations",       arm_versions, false},
    {RESOURCES_NAMESPACE, "subscriptions/providers",       arm_versions, false},
    {RESOURCES_NAMESPACE, "subscriptions/operationresults", arm_versions, false},
    {RESOURCES_NAMESPACE, "subscriptions/resources",       arm_versions, false},
    {RESOURCES_NAMESPACE, "subscriptions/resourceGroups",  arm_versions, false},
    {RESOURCES_NAMESPACE, "deployments",                   arm_versions, false},
    {RESOURCES_NAMESPACE, "resourceGroups",                arm_versions, false},
    {RESOURCES_NAMESPACE, "tags",                          arm_versions, false},
};
#undef P
/* clang-format on */
const size_t resource_type_count = ARRAY_LEN(resource_types);

const struct resource_type *resource_type_find(const char *resource_type)
{
    for (size_t i = 0; i < resource_type_count; i++) {
        const struct resource_type *row = &resource_types[i];
        size_t len = strlen(row->namespace_name);
        if (str_istarts(resource_type, row->namespace_name) && resource_type[len] == '/' &&
            str_iequals(resource_type + len + 1, row->name)) {
            return row;
        }
    }
    return NULL;
}

enum { DATE_LEN = 10 };

/* YYYY-MM-DD with an optional suffix of letters, digits and hyphens. */
static bool is_well_formed(const char *version)
{
    static const char shape[] = "dddd-dd-dd";
    size_t len = strlen(version);
    if (len < sizeof(shape) - 1 || len > 40) {
        return false;
    }
    for (size_t i = 0; i < sizeof(shape) - 1; i++) {
        bool fits = shape[i] == 'd' ? isdigit((unsigned char)version[i]) != 0 : version[i] == '-';
        if (!fits) {
            return false;
        }
    }
    int month = (version[5] - '0') * 10 + (version[6] - '0');
    int day = (version[8] - '0') * 10 + (version[9] - '0');
    const char *suffix = version + sizeof(shape) - 1;
    if (month < 1 || month > 12 || day < 1 || day > 31 || (suffix[0] != '\0' && suffix[0] != '-')) {
        return false;
    }
    for (const char *at = suffix; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && *at != '-') {
            return false;
        }
    }
    return suffix[0] == '\0' || suffix[1] != '\0';
}

unsigned api_version_rank(const char *version)
{
    if (version == NULL || !is_well_formed(version)) {
        return API_NEWEST;
    }
    unsigned digits = 0;
    for (size_t i = 0; i < DATE_LEN; i++) {
        digits = version[i] == '-' ? digits : digits * 10 + (unsigned)(version[i] - '0');
    }
    unsigned stage = str_istarts(version + DATE_LEN, "-privatepreview") ? API_PRIVATE_PREVIEW
                     : version[DATE_LEN] == '-'                         ? API_PREVIEW
                                                                        : API_STABLE;
    return digits * 10 + stage;
}

static void join(struct buf *text, const char *const *words, const char *separator)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        buf_adds(text, i == 0 ? "" : separator);
        buf_adds(text, words[i]);
    }
}

static int refuse(const struct resource_type *row, const char *version, const char *location, struct err *err)
{
    auto_buf struct buf versions = BUF_MAX(2048);
    if (str_equals(row->namespace_name, RESOURCES_NAMESPACE)) {
        join(&versions, row->api_versions, ",");
        return err_set(err, ERR_BAD_API_VERSION,
                       "The api-version '%s' is invalid. The supported versions are '%s'.", version,
                       buf_text(&versions));
    }
    join(&versions, row->api_versions, ", ");
    auto_buf struct buf regions = BUF_MAX(2048);
    for (size_t i = 0; row->regional && i < location_count; i++) {
        buf_addf(&regions, "%s%s", i == 0 ? "" : ", ", locations[i].name);
    }
    return err_set(
        err, ERR_NO_REGISTERED_PROVIDER,
        "No registered resource provider found for location '%s' and API version '%s' for type '%s'. The "
        "supported api-versions are '%s'. The supported locations are '%s'.",
        location == NULL ? "" : location, version, row->name, buf_text(&versions), buf_text(&regions));
}

/* The newest of all types: a version that another type has is not an unknown one. */
static const char *newest_of(const char *namespace_name)
{
    const char *newest = NULL;
    for (size_t i = 0; i < resource_type_count; i++) {
        const char *version = resource_types[i].api_versions[0];
        bool ours = version != NULL && str_equals(resource_types[i].namespace_name, namespace_name);
        if (ours && (newest == NULL || strncmp(version, newest, DATE_LEN) > 0)) {
            newest = version;
        }
    }
    return newest;
}

void api_versions_of_namespace(const char *namespace_name, struct buf *text)
{
    const char *const *all = NULL;
    size_t most = 0;
    for (size_t i = 0; i < resource_type_count; i++) {
        size_t count = 0;
        while (resource_types[i].api_versions[count] != NULL) {
            count++;
        }
        if (str_iequals(resource_types[i].namespace_name, namespace_name) && count > most) {
            all = resource_types[i].api_versions;
            most = count;
        }
    }
    if (all != NULL) {
        join(text, all, ", ");
    }
}

int api_version_check(const char *resource_type, const char *version, bool strict, const char *location,
                      struct err *err, const char **ret_warning)
{
    if (version == NULL || version[0] == '\0') {
        return err_set(err, ERR_MISSING_API_VERSION,
                       "The api-version query parameter (?api-version=) is required for all requests.");
    }
    const struct resource_type *row = resource_type == NULL ? NULL : resource_type_find(resource_type);
    bool well_formed = is_well_formed(version);
    if (row == NULL) {
        if (!well_formed) {
            return err_set(
                err, ERR_BAD_API_VERSION,
                "The api-version '%s' is invalid. It has the form YYYY-MM-DD or YYYY-MM-DD-preview.",
                version);
        }
        *ret_warning = NULL;
        return 0;
    }
    for (size_t i = 0; row->api_versions[i] != NULL; i++) {
        if (str_iequals(row->api_versions[i], version)) {
            *ret_warning = NULL;
            return 0;
        }
    }
    const char *newest = newest_of(row->namespace_name);
    bool newer = well_formed && newest != NULL && strncmp(version, newest, DATE_LEN) > 0;
    if (!newer || strict) {
        return refuse(row, version, location, err);
    }
    *ret_warning = "This api-version is newer than any that Malachite knows. Malachite answered as in the "
                   "newest version it knows.";
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* The list of versions is taken from the published specifications, the SDKs and recordings of the real
 * service. */
#include "handlers/arm/api_version.h"

#include <ctype.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "handlers/arm/naming/locations.h"

/* clang-format off */
/* The types that a version covers: each api-version of the public specifications, newest first, once. */
enum {
    FLEXIBLE = 1 << 0,
    MIGRATIONS = 1 << 1, /* the 2022-05-01 previews cover only these, 2022-12-01 everything except these */
    SINGLE = 1 << 2,
    SINGLE_KEYS = 1 << 3,
    SINGLE_ENDPOINTS = 1 << 4,
    ANY_SERVER = FLEXIBLE | MIGRATIONS | SINGLE | SINGLE_KEYS | SINGLE_ENDPOINTS,
    DATA_MIGRATION = 1 << 5,
    RESOURCES = 1 << 6,
    NETWORK = 1 << 7,
    PRIVATE_DNS = 1 << 8,
};

static const struct {
    const char *version;
    unsigned holds_for;
} versions[] = {
    {"2026-07-01-preview", FLEXIBLE | MIGRATIONS}, {"2026-04-01-preview", FLEXIBLE | MIGRATIONS},
    {"2026-01-01-preview", FLEXIBLE | MIGRATIONS}, {"2025-08-01", FLEXIBLE | MIGRATIONS},
    {"2025-06-01-preview", FLEXIBLE | MIGRATIONS}, {"2025-01-01-preview", FLEXIBLE | MIGRATIONS},
    {"2024-11-01-preview", FLEXIBLE | MIGRATIONS}, {"2024-08-01", FLEXIBLE | MIGRATIONS},
    {"2024-03-01-preview", FLEXIBLE | MIGRATIONS}, {"2023-12-01-preview", FLEXIBLE | MIGRATIONS},
    {"2023-06-01-preview", FLEXIBLE | MIGRATIONS}, {"2023-03-01-preview", FLEXIBLE | MIGRATIONS},
    {"2022-12-01", FLEXIBLE}, {"2022-05-01-privatepreview", MIGRATIONS}, {"2022-05-01-preview", MIGRATIONS},
    {"2022-03-08-preview", FLEXIBLE}, {"2022-01-20-preview", FLEXIBLE},
    {"2021-06-15-privatepreview", FLEXIBLE | MIGRATIONS}, {"2021-06-01-preview", FLEXIBLE},
    {"2021-06-01", FLEXIBLE}, {"2021-04-10-privatepreview", FLEXIBLE}, {"2020-11-05-preview", FLEXIBLE},
    {"2020-02-14-preview", FLEXIBLE}, {"2020-02-14-privatepreview", FLEXIBLE}, {"2020-01-01", SINGLE_KEYS},
    {"2020-01-01-privatepreview", SINGLE_KEYS}, {"2018-06-01", SINGLE_ENDPOINTS},
    {"2018-06-01-privatepreview", SINGLE_ENDPOINTS}, {"2017-12-01-preview", SINGLE}, {"2017-12-01", SINGLE},

    {"2025-06-30", DATA_MIGRATION}, {"2022-03-30-preview", DATA_MIGRATION}, {"2021-06-30", DATA_MIGRATION},
    {"2018-07-15-preview", DATA_MIGRATION}, {"2018-04-19", DATA_MIGRATION},
    {"2018-03-31-preview", DATA_MIGRATION}, {"2017-11-15-preview", DATA_MIGRATION},

    {"2025-04-01", RESOURCES}, {"2025-03-01", RESOURCES}, {"2024-11-01", RESOURCES}, {"2024-08-01", RESOURCES},
    {"2024-07-01", RESOURCES}, {"2024-03-01", RESOURCES}, {"2023-08-01", RESOURCES}, {"2023-07-01", RESOURCES},
    {"2022-12-01", RESOURCES}, {"2022-09-01", RESOURCES}, {"2022-06-01", RESOURCES}, {"2022-05-01", RESOURCES},
    {"2022-01-01", RESOURCES}, {"2021-04-01", RESOURCES}, {"2021-01-01", RESOURCES}, {"2020-10-01", RESOURCES},
    {"2020-09-01", RESOURCES}, {"2020-08-01", RESOURCES}, {"2020-07-01", RESOURCES}, {"2020-06-01", RESOURCES},
    {"2020-05-01", RESOURCES}, {"2020-01-01", RESOURCES}, {"2019-11-01", RESOURCES}, {"2019-10-01", RESOURCES},
    {"2019-09-01", RESOURCES}, {"2019-08-01", RESOURCES}, {"2019-07-01", RESOURCES}, {"2019-06-01", RESOURCES},
    {"2019-05-10", RESOURCES}, {"2019-05-01", RESOURCES}, {"2019-03-01", RESOURCES}, {"2018-11-01", RESOURCES},
    {"2018-09-01", RESOURCES}, {"2018-08-01", RESOURCES}, {"2018-07-01", RESOURCES}, {"2018-06-01", RESOURCES},
    {"2018-05-01", RESOURCES}, {"2018-02-01", RESOURCES}, {"2018-01-01", RESOURCES}, {"2017-12-01", RESOURCES},
    {"2017-08-01", RESOURCES}, {"2017-06-01", RESOURCES}, {"2017-05-10", RESOURCES}, {"2017-05-01", RESOURCES},
    {"2017-03-01", RESOURCES}, {"2016-09-01", RESOURCES}, {"2016-07-01", RESOURCES}, {"2016-06-01", RESOURCES},
    {"2016-02-01", RESOURCES}, {"2015-11-01", RESOURCES}, {"2015-01-01", RESOURCES}, {"2014-04-01", RESOURCES},

    {"2025-03-01", NETWORK}, {"2025-01-01", NETWORK}, {"2024-10-01", NETWORK}, {"2024-07-01", NETWORK},
    {"2024-05-01", NETWORK}, {"2024-03-01", NETWORK}, {"2024-01-01", NETWORK}, {"2023-11-01", NETWORK},
    {"2023-09-01", NETWORK}, {"2023-06-01", NETWORK}, {"2023-05-01", NETWORK}, {"2023-04-01", NETWORK},
    {"2023-02-01", NETWORK}, {"2022-11-01", NETWORK}, {"2022-09-01", NETWORK}, {"2022-07-01", NETWORK},
    {"2022-05-01", NETWORK}, {"2022-01-01", NETWORK}, {"2021-12-01", NETWORK}, {"2021-08-01", NETWORK},
    {"2021-06-01", NETWORK}, {"2021-05-01", NETWORK}, {"2021-03-01", NETWORK}, {"2021-02-01", NETWORK},
    {"2021-01-01", NETWORK}, {"2020-11-01", NETWORK}, {"2020-08-01", NETWORK}, {"2020-07-01", NETWORK},
    {"2020-06-01", NETWORK}, {"2020-05-01", NETWORK}, {"2020-04-01", NETWORK}, {"2020-03-01", NETWORK},
    {"2019-12-01", NETWORK}, {"2019-11-01", NETWORK}, {"2019-09-01", NETWORK}, {"2019-08-01", NETWORK},
    {"2019-07-01", NETWORK}, {"2019-06-01", NETWORK}, {"2019-04-01", NETWORK}, {"2019-02-01", NETWORK},
    {"2018-12-01", NETWORK}, {"2018-11-01", NETWORK}, {"2018-10-01", NETWORK}, {"2018-08-01", NETWORK},
    {"2018-07-01", NETWORK}, {"2018-06-01", NETWORK}, {"2018-04-01", NETWORK}, {"2018-02-01", NETWORK},
    {"2018-01-01", NETWORK}, {"2017-11-01", NETWORK}, {"2017-10-01", NETWORK}, {"2017-09-01", NETWORK},
    {"2017-08-01", NETWORK}, {"2017-06-01", NETWORK}, {"2017-03-01", NETWORK}, {"2016-12-01", NETWORK},
    {"2016-09-01", NETWORK}, {"2016-06-01", NETWORK}, {"2016-03-30", NETWORK}, {"2015-06-15", NETWORK},

    {"2024-06-01", PRIVATE_DNS}, {"2020-06-01", PRIVATE_DNS}, {"2020-01-01", PRIVATE_DNS}, {"2018-09-01", PRIVATE_DNS},
};

#define SINCE_2020_11 API_DATE(2020, 11, 5)
#define SINCE_2022_03 API_DATE(2022, 3, 8)
#define SINCE_2023_03 API_DATE(2023, 3, 1)
#define SINCE_2023_06 API_DATE(2023, 6, 1)
#define SINCE_2024_11 API_DATE(2024, 11, 1)
#define SINCE_2026_04 API_DATE(2026, 4, 1)

/* Clients poll operations with the version that started them, so any version is valid. */
#define P POSTGRESQL_NAMESPACE
const struct resource_type resource_types[] = {
    {P, "flexibleServers",                   FLEXIBLE, 0, true},
    {P, "flexibleServers/migrations",        MIGRATIONS, 0, true},
    {P, "flexibleServers/databases",         FLEXIBLE, SINCE_2020_11, true},
    {P, "flexibleServers/firewallRules",     FLEXIBLE, 0, true},
    {P, "flexibleServers/configurations",    FLEXIBLE, 0, true},
    {P, "flexibleServers/capabilities",      FLEXIBLE, SINCE_2023_03, true},
    {P, "flexibleServers/administrators",    FLEXIBLE, SINCE_2022_03, true},
    {P, "flexibleServers/backups",           FLEXIBLE, SINCE_2022_03, true},
    {P, "flexibleServers/replicas",          FLEXIBLE, SINCE_2022_03, true},
    {P, "flexibleServers/logFiles",          FLEXIBLE, SINCE_2023_03, true},
    {P, "flexibleServers/ltrBackupOperations", FLEXIBLE, SINCE_2023_03, true},
    {P, "flexibleServers/advancedThreatProtectionSettings", FLEXIBLE, SINCE_2023_06, true},
    {P, "flexibleServers/privateEndpointConnections", FLEXIBLE, SINCE_2023_06, true},
    {P, "flexibleServers/privateLinkResources", FLEXIBLE, SINCE_2023_06, true},
    {P, "flexibleServers/virtualendpoints",  FLEXIBLE, SINCE_2023_06, true},
    {P, "flexibleServers/tuningOptions",     FLEXIBLE, SINCE_2024_11, true},
    {P, "flexibleServers/maintenanceEvents", FLEXIBLE, SINCE_2026_04, true},
    {P, "flexibleServers/majorVersionUpgradePrecheck", FLEXIBLE, SINCE_2026_04, true},
    {P, "servers",                           SINGLE, 0, true},
    {P, "servers/databases",                 SINGLE, 0, true},
    {P, "servers/firewallRules",             SINGLE, 0, true},
    {P, "servers/virtualNetworkRules",       SINGLE, 0, true},
    {P, "servers/configurations",            SINGLE, 0, true},
    {P, "servers/administrators",            SINGLE, 0, true},
    {P, "servers/securityAlertPolicies",     SINGLE, 0, true},
    {P, "servers/keys",                      SINGLE_KEYS, 0, true},
    {P, "servers/privateEndpointConnections", SINGLE_ENDPOINTS, 0, true},
    {P, "servers/privateLinkResources",      SINGLE_ENDPOINTS, 0, true},
    {P, "checkNameAvailability",             ANY_SERVER, 0, false},
    {P, "getPrivateDnsZoneSuffix",           FLEXIBLE, 0, false},
    {P, "operations",                        ANY_SERVER, 0, false},
    {P, "locations",                         ANY_SERVER, 0, false},
    {P, "locations/capabilities",            FLEXIBLE, 0, true},
    {P, "locations/performanceTiers",        SINGLE, 0, true},
    {P, "locations/checkNameAvailability",   FLEXIBLE, SINCE_2022_03, true},
    {P, "locations/checkVirtualNetworkSubnetUsage", FLEXIBLE, 0, true},
    {P, "locations/resourceType/usages",     FLEXIBLE, SINCE_2023_06, true},
    {P, "locations/azureAsyncOperation",     ANY_SERVER, 0, true},
    {P, "locations/operationResults",        ANY_SERVER, 0, true},
    {DATA_MIGRATION_NAMESPACE, "services",          DATA_MIGRATION, 0, true},
    {DATA_MIGRATION_NAMESPACE, "services/projects", DATA_MIGRATION, 0, true},
    {NETWORK_NAMESPACE, "virtualNetworks",         NETWORK, 0, true},
    {NETWORK_NAMESPACE, "virtualNetworks/subnets", NETWORK, 0, true},
    {NETWORK_NAMESPACE, "privateEndpoints",        NETWORK, 0, true},
    {NETWORK_NAMESPACE, "privateDnsZones",         PRIVATE_DNS, 0, true},
    {NETWORK_NAMESPACE, "privateDnsZones/virtualNetworkLinks", PRIVATE_DNS, 0, true},
    {NETWORK_NAMESPACE, "privateDnsZones/SOA",     PRIVATE_DNS, 0, true},
    {RESOURCES_NAMESPACE, "tenants",                       RESOURCES, 0, false},
    {RESOURCES_NAMESPACE, "providers",                     RESOURCES, 0, false},
    {RESOURCES_NAMESPACE, "subscriptions",                 RESOURCES, 0, false},
    {RESOURCES_NAMESPACE, "subscriptions/locations",       RESOURCES, 0, false},
    {RESOURCES_NAMESPACE, "subscriptions/providers",       RESOURCES, 0, false},
    {RESOURCES_NAMESPACE, "subscriptions/operationresults", RESOURCES, 0, false},
    {RESOURCES_NAMESPACE, "subscriptions/resources",       RESOURCES, 0, false},
    {RESOURCES_NAMESPACE, "subscriptions/resourceGroups",  RESOURCES, 0, false},
    {RESOURCES_NAMESPACE, "deployments",                   RESOURCES, 0, false},
    {RESOURCES_NAMESPACE, "resourceGroups",                RESOURCES, 0, false},
    {RESOURCES_NAMESPACE, "tags",                          RESOURCES, 0, false},
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

static bool is_version_of(const struct resource_type *type, size_t at)
{
    return (versions[at].holds_for & type->holds_for) != 0 &&
           (type->since == 0 || api_version_rank(versions[at].version) >= type->since);
}

const char *resource_type_version(const struct resource_type *type, size_t index)
{
    size_t found = 0;
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        if (is_version_of(type, i) && found++ == index) {
            return versions[i].version;
        }
    }
    return NULL;
}

bool resource_type_has_version(const struct resource_type *type, const char *version)
{
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        if (str_iequals(versions[i].version, version) && is_version_of(type, i)) {
            return true;
        }
    }
    return false;
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

static void join_versions(struct buf *text, const struct resource_type *type, const char *separator)
{
    const char *version;
    for (size_t i = 0; (version = resource_type_version(type, i)) != NULL; i++) {
        buf_adds(text, i == 0 ? "" : separator);
        buf_adds(text, version);
    }
}

static int refuse(const struct resource_type *row, const char *version, const char *location, struct err *err)
{
    auto_buf struct buf supported = BUF_MAX(2048);
    if (str_equals(row->namespace_name, RESOURCES_NAMESPACE)) {
        join_versions(&supported, row, ",");
        return err_set(err, ERR_BAD_API_VERSION,
                       "The api-version '%s' is invalid. The supported versions are '%s'.", version,
                       buf_text(&supported));
    }
    join_versions(&supported, row, ", ");
    auto_buf struct buf regions = BUF_MAX(2048);
    for (size_t i = 0; row->regional && i < location_count; i++) {
        buf_addf(&regions, "%s%s", i == 0 ? "" : ", ", locations[i].name);
    }
    return err_set(
        err, ERR_NO_REGISTERED_PROVIDER,
        "No registered resource provider found for location '%s' and API version '%s' for type '%s'. The "
        "supported api-versions are '%s'. The supported locations are '%s'.",
        location == NULL ? "" : location, version, row->name, buf_text(&supported), buf_text(&regions));
}

/* The newest of all types: a version that another type has is not unknown. */
static const char *newest_of(const char *namespace_name)
{
    const char *newest = NULL;
    for (size_t i = 0; i < resource_type_count; i++) {
        const char *version = resource_type_version(&resource_types[i], 0);
        bool ours = version != NULL && str_equals(resource_types[i].namespace_name, namespace_name);
        if (ours && (newest == NULL || strncmp(version, newest, DATE_LEN) > 0)) {
            newest = version;
        }
    }
    return newest;
}

void api_versions_of_namespace(const char *namespace_name, struct buf *text)
{
    const struct resource_type *all = NULL;
    size_t most = 0;
    for (size_t i = 0; i < resource_type_count; i++) {
        size_t count = 0;
        while (resource_type_version(&resource_types[i], count) != NULL) {
            count++;
        }
        if (str_iequals(resource_types[i].namespace_name, namespace_name) && count > most) {
            all = &resource_types[i];
            most = count;
        }
    }
    if (all != NULL) {
        join_versions(text, all, ", ");
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
    if (resource_type_has_version(row, version)) {
        *ret_warning = NULL;
        return 0;
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

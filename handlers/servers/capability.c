/* SPDX-License-Identifier: MIT */
/*
 * Capabilities: the versions are those of the PostgreSQL programs on this machine; sizes are those of the
 * service, because clients choose one from the list before they create a server. Two formats: before
 * 2023-03-01-preview versions and sizes are inside each edition, since then next to each other.
 */
#include <string.h>

#include "core/str.h"
#include "handlers/arm/page.h"
#include "handlers/arm/resource.h"
#include "handlers/servers/servers.h"
#include "handlers/servers/values/compute_size.h"
#include "handlers/servers/values/storage_size.h"

enum { MAJORS_MAX = 32 };

static size_t find_majors(struct request *request, int majors[static MAJORS_MAX])
{
    return executor_majors(request->app->executor, majors, MAJORS_MAX);
}

/* ---- since 2023-03-01-preview ----------------------------------------------------------------------------
 */

static json_t *write_feature(const char *name, bool enabled)
{
    return json_pack("{s:s, s:s}", "name", name, "status", enabled ? "Enabled" : "Disabled");
}

/* Without OfferRestricted: Disabled, clients assume that a location has no sizes to choose from. */
static json_t *write_features(void)
{
    static const struct {
        const char *name;
        bool enabled;
    } features[] = {{"FastProvisioning", false},  {"ZoneRedundantHa", false},
                    {"GeoBackup", false},         {"ZoneRedundantHaAndGeoBackup", false},
                    {"StorageAutoGrowth", false}, {"OnlineResize", true},
                    {"OfferRestricted", false},   {"IndexTuning", false},
                    {"Clusters", false}};
    json_t *array = json_array();
    for (size_t i = 0; i < ARRAY_LEN(features); i++) {
        json_array_append_new(array, write_feature(features[i].name, features[i].enabled));
    }
    return array;
}

static json_t *write_size(const struct compute_size *size)
{
    return json_pack("{s:[], s:s, s:i, s:i, s:i, s:[s, s, s], s:[]}", "supportedFeatures", "name", size->name,
                     "vCores", size->cores, "supportedIops", size->iops, "supportedMemoryPerVcoreMb",
                     size->memory_per_core_mb, "supportedZones", "1", "2", "3", "supportedHaMode");
}

static json_t *write_storage(const struct storage_size *storage)
{
    return json_pack("{s:i, s:i, s:s, s:[{s:s, s:i}]}", "supportedIops", storage->iops, "storageSizeMb",
                     storage->size_mb, "defaultIopsTier", storage->tier, "supportedIopsTiers", "name",
                     storage->tier, "iops", storage->iops);
}

static json_t *write_edition(const struct compute_edition *edition)
{
    json_t *sizes = json_array();
    json_t *disks = json_array();
    for (size_t i = 0; i < edition->count; i++) {
        json_array_append_new(sizes, write_size(&edition->sizes[i]));
    }
    for (size_t i = 0; i < storage_size_count; i++) {
        json_array_append_new(disks, write_storage(&storage_sizes[i]));
    }
    return json_pack("{s:o, s:s, s:s, s:[{s:s, s:i, s:o}]}", "supportedServerSkus", sizes, "name",
                     edition->name, "defaultSkuName", edition->sizes[0].name, "supportedStorageEditions",
                     "name", "ManagedDisk", "defaultStorageSizeMb", storage_sizes[0].size_mb,
                     "supportedStorageMb", disks);
}

/* In-place upgrades of the major version are not offered; a migration does that. */
static json_t *write_versions(const int *majors, size_t count)
{
    json_t *versions = json_array();
    for (size_t i = 0; i < count; i++) {
        auto_free char *name = str_format("%d", majors[i]);
        json_array_append_new(versions, json_pack("{s:[], s:s, s:[]}", "supportedFeatures", "name",
                                                  name == NULL ? "" : name, "supportedVersionsToUpgrade"));
    }
    return versions;
}

static json_t *write_capability(const int *majors, size_t count)
{
    json_t *all = json_array();
    for (size_t i = 0; i < compute_edition_count; i++) {
        json_array_append_new(all, write_edition(&compute_editions[i]));
    }
    return json_pack("{s:s, s:o, s:o, s:[], s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "name",
                     "FlexibleServerCapabilities", "supportedServerEditions", all, "supportedServerVersions",
                     write_versions(majors, count), "supportedFastProvisioningEditions", "supportedFeatures",
                     write_features(), "fastProvisioningSupported", "Disabled", "geoBackupSupported",
                     "Disabled", "zoneRedundantHaSupported", "Disabled",
                     "zoneRedundantHaAndGeoBackupSupported", "Disabled", "storageAutoGrowthSupported",
                     "Disabled", "onlineResizeSupported", "Enabled", "restricted", "Disabled");
}

/* ---- before ----------------------------------------------------------------------------------------------
 */

static json_t *write_old_version(int major, const struct compute_edition *edition)
{
    auto_free char *name = str_format("%d", major);
    json_t *sizes = json_array();
    for (size_t i = 0; i < edition->count; i++) {
        const struct compute_size *size = &edition->sizes[i];
        json_array_append_new(sizes,
                              json_pack("{s:s, s:i, s:i, s:i, s:s}", "name", size->name, "vCores",
                                        size->cores, "supportedIops", size->iops, "supportedMemoryPerVcoreMB",
                                        size->memory_per_core_mb, "status", "Available"));
    }
    return json_pack("{s:s, s:[], s:o, s:s}", "name", name == NULL ? "" : name, "supportedVersionsToUpgrade",
                     "supportedVcores", sizes, "status", "Available");
}

static json_t *write_old_storage(const struct storage_size *storage)
{
    auto_free char *name = str_format("%d", storage->size_mb);
    return json_pack("{s:s, s:i, s:i, s:[{s:s, s:s, s:i, s:b, s:s}], s:s}", "name", name == NULL ? "" : name,
                     "supportedIops", storage->iops, "storageSizeMB", storage->size_mb,
                     "supportedUpgradableTierList", "name", storage->tier, "tierName", storage->tier, "iops",
                     storage->iops, "isBaseline", true, "status", "Available", "status", "Available");
}

static json_t *write_old_edition(const struct compute_edition *edition, const int *majors, size_t count)
{
    json_t *versions = json_array();
    json_t *disks = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(versions, write_old_version(majors[i], edition));
    }
    for (size_t i = 0; i < storage_size_count; i++) {
        json_array_append_new(disks, write_old_storage(&storage_sizes[i]));
    }
    return json_pack("{s:s, s:[{s:s, s:o, s:s}], s:o, s:s}", "name", edition->name,
                     "supportedStorageEditions", "name", "ManagedDisk", "supportedStorageMB", disks, "status",
                     "Default", "supportedServerVersions", versions, "status", "Available");
}

static json_t *write_old_capability(const int *majors, size_t count)
{
    json_t *all = json_array();
    for (size_t i = 0; i < compute_edition_count; i++) {
        json_array_append_new(all, write_old_edition(&compute_editions[i], majors, count));
    }
    return json_pack("{s:s, s:b, s:b, s:b, s:[], s:o, s:[], s:s}", "zone", "none", "geoBackupSupported",
                     false, "zoneRedundantHaSupported", false, "zoneRedundantHaAndGeoBackupSupported", false,
                     "supportedHAMode", "supportedFlexibleServerEditions", all,
                     "supportedHyperscaleNodeEditions", "status", "Default");
}

/* ---- the calls -------------------------------------------------------------------------------------------
 */

void capability_list(struct request *request)
{
    int majors[MAJORS_MAX];
    size_t count = find_majors(request, majors);
    bool old = api_version_rank(request->api_version) < API_DATE(2023, 3, 1);
    page_reply_whole(request, json_pack("[o]", old ? write_old_capability(majors, count)
                                                   : write_capability(majors, count)));
}

void server_capability_list(struct request *request)
{
    auto_server struct server server = {0};
    if (find_parent_server(request, "capabilities", &server)) {
        capability_list(request);
    }
}

/* ---- single servers --------------------------------------------------------------------------------------
 */

struct tier {
    const char *name;
    const char *prefix; /* of the names of its sizes */
    int most_storage_mb;
    int cores[7]; /* ended by 0 */
};

static const struct tier tiers[] = {
    {"Basic", "B", 1048576, {1, 2}},
    {"GeneralPurpose", "GP", 16777216, {2, 4, 8, 16, 32, 64}},
    {"MemoryOptimized", "MO", 16777216, {2, 4, 8, 16, 32}},
};
enum { LEAST_STORAGE_MB = 5120, LEAST_RETENTION_DAYS = 7, MOST_RETENTION_DAYS = 35 };

static json_t *write_objective(const struct tier *tier, int cores)
{
    auto_free char *id = str_format("%s_Gen5_%d", tier->prefix, cores);
    return json_pack("{s:s, s:i, s:s, s:i, s:i, s:i, s:i, s:s}", "edition", tier->name, "vCore", cores,
                     "hardwareGeneration", "Gen5", "minStorageMB", LEAST_STORAGE_MB, "maxStorageMB",
                     tier->most_storage_mb, "minBackupRetentionDays", LEAST_RETENTION_DAYS,
                     "maxBackupRetentionDays", MOST_RETENTION_DAYS, "id", id == NULL ? "" : id);
}

static json_t *write_tier(const struct tier *tier)
{
    json_t *objectives = json_array();
    for (size_t i = 0; tier->cores[i] != 0; i++) {
        json_array_append_new(objectives, write_objective(tier, tier->cores[i]));
    }
    bool large = strcmp(tier->name, "Basic") != 0;
    return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:o}", "id", tier->name, "minStorageMB",
                     LEAST_STORAGE_MB, "maxStorageMB", tier->most_storage_mb, "minBackupRetentionDays",
                     LEAST_RETENTION_DAYS, "maxBackupRetentionDays", MOST_RETENTION_DAYS, "minLargeStorageMB",
                     0, "maxLargeStorageMB", large ? tier->most_storage_mb : 0, "serviceLevelObjectives",
                     objectives);
}

void performance_tier_list(struct request *request)
{
    json_t *value = json_array();
    for (size_t i = 0; i < ARRAY_LEN(tiers); i++) {
        json_array_append_new(value, write_tier(&tiers[i]));
    }
    page_reply_whole(request, value);
}

void server_performance_tier_list(struct request *request)
{
    auto_server struct server server = {0};
    if (find_parent_server(request, "performanceTiers", &server)) {
        performance_tier_list(request);
    }
}

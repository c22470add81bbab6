/* SPDX-License-Identifier: MIT */
#include "handlers/servers/values/server_rules.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/attr.h"
#include "core/str.h"
#include "handlers/servers/values/compute_size.h"
#include "handlers/servers/values/server_values.h"
#include "handlers/servers/values/storage_size.h"

enum { PASSWORD_MIN = 8, PASSWORD_MAX = 128, PASSWORD_KINDS = 3, LOGIN_PART_MIN = 3 };
enum { SINGLE_STORAGE_MB = 131072, LARGE_DISK_GB = 4096 };

/* ---- size and tier ---------------------------------------------------------------------------------------
 */

static const struct {
    const char *prefix;
    const char *tier;
} single_sizes[] = {{"B_", "Basic"}, {"GP_", "GeneralPurpose"}, {"MO_", "MemoryOptimized"}};

const char *tier_of_size(enum server_kind kind, const char *name)
{
    if (kind == SERVER_FLEXIBLE) {
        return name == NULL ? NULL : compute_size_edition(name);
    }
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(single_sizes); i++) {
        if (str_istarts(name, single_sizes[i].prefix)) {
            return single_sizes[i].tier;
        }
    }
    return NULL;
}

static const char *text_in(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static int check_sku(enum server_kind kind, const json_t *sku, struct err *err)
{
    const char *name = text_in(sku, "name");
    const char *tier = text_in(sku, "tier");
    if (name == NULL || name[0] == '\0') {
        err_set(err, ERR_BAD_PARAMETER, "The property 'sku.name' is required where a sku is given.");
        return err_target(err, "sku.name");
    }
    const char *fitting = tier_of_size(kind, name);
    if (kind == SERVER_FLEXIBLE && fitting == NULL) {
        err_set(err, ERR_BAD_PARAMETER,
                "The value '%.100s' of the property 'sku.name' is not a compute size such as "
                "Standard_D4ds_v5. GET "
                "locations/{location}/capabilities lists all sizes.",
                name);
        return err_target(err, "sku.name");
    }
    if (fitting != NULL && !str_equals(fitting, tier)) {
        err_set(
            err, ERR_BAD_PARAMETER,
            "The compute size '%.100s' belongs to the tier %s, not to %s. Give a size and a tier that fit.",
            name, fitting, tier);
        return err_target(err, "sku.tier");
    }
    return 0;
}

/* A region has the zones 1 to 3; "" is how an answer says that none was chosen. */
static int check_zone(const char *zone, const char *path, struct err *err)
{
    if (zone == NULL || zone[0] == '\0' || (strchr("123", zone[0]) != NULL && zone[1] == '\0')) {
        return 0;
    }
    err_set(err, ERR_BAD_PARAMETER, "'%s' is not an availability zone. Give \"1\", \"2\" or \"3\".", zone);
    return err_target(err, "%s", path);
}

static int check_availability(const json_t *sku, const json_t *settings, struct err *err)
{
    const json_t *standby = json_object_get(settings, "highAvailability");
    if (check_zone(text_in(settings, "availabilityZone"), "properties.availabilityZone", err) < 0 ||
        check_zone(text_in(standby, "standbyAvailabilityZone"),
                   "properties.highAvailability.standbyAvailabilityZone", err) < 0) {
        return -1;
    }
    const char *mode = text_in(standby, "mode");
    if (mode == NULL || str_equals(mode, "Disabled") || !str_equals(text_in(sku, "tier"), "Burstable")) {
        return 0;
    }
    err_set(err, ERR_BAD_PARAMETER, "High availability is not supported for servers of the tier Burstable.");
    return err_target(err, "properties.highAvailability.mode");
}

/* ---- storage ---------------------------------------------------------------------------------------------
 */

static int64_t number_in(const json_t *settings, const char *object, const char *name, int64_t standard)
{
    const json_t *value = json_object_get(json_object_get(settings, object), name);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : standard;
}

static int check_growth(int64_t before, int64_t after, const char *path, const char *unit, struct err *err)
{
    if (after >= before) {
        return 0;
    }
    err_set(err, ERR_BAD_PARAMETER,
            "The storage of a server cannot shrink from %lld to %lld %s. Give at least its present size.",
            (long long)before, (long long)after, unit);
    return err_target(err, "%s", path);
}

/* "P10" is 10. */
static long performance(const char *tier)
{
    return strtol(tier + 1, NULL, 10);
}

static int check_tier(json_t *settings, int64_t size_gb, bool tier_given, struct err *err)
{
    json_t *storage = json_object_get(settings, "storage");
    const char *tier = text_in(storage, "tier");
    const char *type = text_in(storage, "type");
    const char *least = storage_size_for(size_gb)->tier;
    const char *most = size_gb > LARGE_DISK_GB ? "P80" : "P50";
    if (tier == NULL || (type != NULL && !str_equals(type, "Premium_LRS"))) {
        return 0;
    }
    if (performance(tier) >= performance(least) && performance(tier) <= performance(most)) {
        return 0;
    }
    if (!tier_given) {
        json_object_del(storage, "tier");
        return 0;
    }
    err_set(err, ERR_BAD_PARAMETER,
            "The performance tier %s does not fit a storage of %lld GB, which can have %s to %s.", tier,
            (long long)size_gb, least, most);
    return err_target(err, "properties.storage.tier");
}

int server_rules_check(enum server_kind kind, const json_t *sku, json_t *settings, const json_t *before,
                       const json_t *given, struct err *err)
{
    if (check_sku(kind, sku, err) < 0) {
        return -1;
    }
    if (kind == SERVER_SINGLE) {
        int64_t old = number_in(before, "storageProfile", "storageMB", SINGLE_STORAGE_MB);
        int64_t size_mb = number_in(settings, "storageProfile", "storageMB", SINGLE_STORAGE_MB);
        return before == NULL ? 0
                              : check_growth(old, size_mb, "properties.storageProfile.storageMB", "MB", err);
    }
    int64_t old = number_in(before, "storage", "storageSizeGB", SERVER_STORAGE_GB);
    int64_t size_gb = number_in(settings, "storage", "storageSizeGB", SERVER_STORAGE_GB);
    bool tier_given = json_object_get(json_object_get(given, "storage"), "tier") != NULL;
    return (before != NULL &&
            check_growth(old, size_gb, "properties.storage.storageSizeGB", "GB", err) < 0) ||
                   check_tier(settings, size_gb, tier_given, err) < 0 ||
                   check_availability(sku, settings, err) < 0
               ? -1
               : 0;
}

/* ---- password --------------------------------------------------------------------------------------------
 */

static int kinds_of(const char *password)
{
    bool upper = false;
    bool lower = false;
    bool digit = false;
    bool other = false;
    for (const char *at = password; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        upper = upper || isupper(c) != 0;
        lower = lower || islower(c) != 0;
        digit = digit || isdigit(c) != 0;
        other = other || isalnum(c) == 0;
    }
    return upper + lower + digit + other;
}

int server_password_check(const char *login, const char *password, struct err *err)
{
    size_t len = strlen(password);
    bool named = login != NULL && strlen(login) >= LOGIN_PART_MIN && strcasestr(password, login) != NULL;
    if (len >= PASSWORD_MIN && len <= PASSWORD_MAX && kinds_of(password) >= PASSWORD_KINDS && !named) {
        return 0;
    }
    err_set(err, ERR_BAD_PARAMETER,
            "The administrator's password must have %d to %d characters of at least three of the kinds "
            "upper-case letter, lower-case letter, digit and other character, and must not contain the "
            "administrator's login.",
            PASSWORD_MIN, PASSWORD_MAX);
    return err_target(err, "properties.administratorLoginPassword");
}

/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "core/str.h"
#include "handlers/servers/server_read_private.h"
#include "handlers/servers/server_view_private.h"
#include "handlers/servers/values/server_merge.h"

static char name[] = "shop";
static char text[] = "x";
static char location[] = "eastus";
static struct server server = {.kind = SERVER_FLEXIBLE,
                               .subscription_id = text,
                               .group = text,
                               .name = name,
                               .location = location,
                               .major = 15,
                               .minor = 18,
                               .host = text,
                               .port = 5432,
                               .state = SERVER_STATE_STOPPED,
                               .created_us = 1};

static json_t *properties_in(const char *api_version)
{
    json_t *object = server_write(&server, api_version, NULL);
    assert_non_null(object);
    json_t *properties = json_incref(json_object_get(object, "properties"));
    json_decref(object);
    return properties;
}

/* Merges the settings of a request with the stored ones. */
static char *keep(json_t *body, const char *before)
{
    struct err err = {0};
    auto_server_request struct server_request request = {0};
    assert_int_equal(server_request_read(SERVER_FLEXIBLE, body, &err, &request), 0);
    json_auto_t *merged = settings_merge(request.settings, before, true, "");
    return json_dumps(merged, JSON_COMPACT);
}

static void an_older_version_does_not_show_what_came_later(void **state)
{
    (void)state;
    static const struct {
        const char *api_version;
        bool auth_config, replica, fips_mode, storage_tier;
    } cases[] = {{"2021-06-01", false, false, false, false},       {"2022-12-01", true, false, false, false},
                 {"2023-03-01-preview", true, false, false, true}, {"2025-08-01", true, true, false, true},
                 {"2026-07-01-preview", true, true, true, true},   {NULL, true, true, true, true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_auto_t *shown = properties_in(cases[i].api_version);
        json_t *storage = json_object_get(shown, "storage");
        assert_int_equal(json_object_get(shown, "authConfig") != NULL, cases[i].auth_config);
        assert_int_equal(json_object_get(shown, "replica") != NULL, cases[i].replica);
        assert_int_equal(json_object_get(shown, "fipsMode") != NULL, cases[i].fips_mode);
        assert_int_equal(json_object_get(storage, "tier") != NULL, cases[i].storage_tier);
        assert_int_equal(json_integer_value(json_object_get(storage, "storageSizeGB")), 128);
        assert_string_equal(json_string_value(json_object_get(shown, "state")), "Stopped");
        assert_string_equal(json_string_value(json_object_get(shown, "minorVersion")), "18");
    }
}

static void the_performance_goes_with_the_size(void **state)
{
    (void)state;
    json_auto_t *body = json_pack("{s:{s:{s:i}}}", "properties", "STORAGE", "storageSizeGB", 300);
    server.properties = keep(body, NULL);
    json_auto_t *shown = properties_in("2025-08-01");
    json_t *storage = json_object_get(shown, "storage");
    assert_string_equal(json_string_value(json_object_get(storage, "tier")), "P20");
    assert_int_equal(json_integer_value(json_object_get(storage, "iops")), 2300);
    free_at_scope_end(&server.properties);
    server.properties = NULL;
}

static void members_that_are_left_out_stay(void **state)
{
    (void)state;
    json_auto_t *first =
        json_pack("{s:{s:{s:i, s:s}, s:s}}", "properties", "backup", "backupRetentionDays", 14,
                  "geoRedundantBackup", "Enabled", "administratorLoginPassword", "secret");
    json_auto_t *second = json_pack("{s:{s:{s:i}}}", "properties", "backup", "backupRetentionDays", 20);
    auto_free char *before = keep(first, NULL);
    auto_free char *after = keep(second, before);
    assert_string_equal(after,
                        "{\"backup\":{\"backupRetentionDays\":20,\"geoRedundantBackup\":\"Enabled\"}}");
    json_auto_t *third = json_pack("{s:{s:{s:n}}}", "properties", "backup", "backupRetentionDays");
    auto_free char *without = keep(third, after);
    assert_string_equal(without, "{\"backup\":{\"geoRedundantBackup\":\"Enabled\"}}");
}

static void members_have_types_ranges_and_words(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"{\"properties\":{\"storage\":{\"storageSizeGB\":\"128\"}}}", "properties.storage.storageSizeGB"},
        {"{\"properties\":{\"Storage\":{\"STORAGESIZEGB\":-1}}}", "properties.storage.storageSizeGB"},
        {"{\"properties\":{\"storage\":{\"autoGrow\":\"Maybe\"}}}", "properties.storage.autoGrow"},
        {"{\"properties\":{\"backup\":{\"backupRetentionDays\":36}}}",
         "properties.backup.backupRetentionDays"},
        {"{\"properties\":{\"network\":{\"publicNetworkAccess\":true}}}",
         "properties.network.publicNetworkAccess"},
        {"{\"identity\":{\"type\":\"Robot\"}}", "identity.type"},
        {"{\"sku\":{\"name\":5}}", "sku.name"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err err = {0};
        auto_server_request struct server_request request = {0};
        json_auto_t *body = json_loads(bad[i][0], 0, NULL);
        assert_int_equal(server_request_read(SERVER_FLEXIBLE, body, &err, &request), -1);
        assert_string_equal(err.target, bad[i][1]);
    }
    json_auto_t *loose = json_pack("{s:{s:{s:i, s:i, s:s, s:i}}}", "properties", "storage", "storageSizeGB",
                                   64, "storageSizeGb", 256, "AUTOGROW", "enabled", "unknown", 1);
    auto_free char *kept = keep(loose, NULL);
    json_auto_t *expected =
        json_pack("{s:{s:i, s:s}}", "storage", "storageSizeGB", 256, "autoGrow", "Enabled");
    json_auto_t *real = json_loads(kept, 0, NULL);
    assert_true(json_equal(real, expected));
}

static void the_error_names_a_property_of_the_wrong_type(void **state)
{
    (void)state;
    struct err err = {0};
    auto_server_request struct server_request request = {0};
    json_auto_t *number = json_pack("{s:{s:i}}", "properties", "storage", 5);
    json_auto_t *object = json_pack("{s:{s:{}}}", "properties", "availabilityZone");
    json_auto_t *ignored = json_pack("{s:{s:i}}", "properties", "state", 5);
    assert_int_equal(server_request_read(SERVER_FLEXIBLE, number, &err, &request), -1);
    assert_string_equal(err.target, "properties.storage");
    assert_int_equal(server_request_read(SERVER_FLEXIBLE, object, &err, &request), -1);
    assert_string_equal(err.target, "properties.availabilityZone");
    assert_int_equal(server_request_read(SERVER_FLEXIBLE, ignored, &err, &request), 0);
    assert_null(request.settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_older_version_does_not_show_what_came_later),
        cmocka_unit_test(the_performance_goes_with_the_size),
        cmocka_unit_test(members_that_are_left_out_stay),
        cmocka_unit_test(members_have_types_ranges_and_words),
        cmocka_unit_test(the_error_names_a_property_of_the_wrong_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

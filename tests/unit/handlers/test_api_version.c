/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "core/str.h"
#include "handlers/arm/api_version.h"
#include "handlers/migrations/dialect.h"

#define MIGRATIONS "Microsoft.DBforPostgreSQL/flexibleServers/migrations"
#define GROUPS     "Microsoft.Resources/subscriptions/resourceGroups"

static struct err err;
static const char *warning;

static int check(const char *type, const char *version, bool strict)
{
    warning = "untouched";
    return api_version_check(type, version, strict, "eastus", &err, &warning);
}

static void accepts_every_version_of_migrations(void **state)
{
    (void)state;
    const struct resource_type *row =
        resource_type_find("microsoft.dbforpostgresql/FLEXIBLESERVERS/migrations");
    assert_non_null(row);
    size_t count = 0;
    for (const char *version; (version = resource_type_version(row, count)) != NULL; count++) {
        assert_int_equal(check(MIGRATIONS, version, true), 0);
        assert_null(warning);
        assert_true((unsigned)dialect_find(version)->family <= api_version_rank(version));
    }
    assert_int_equal(count, 15);
}

static void lists_are_newest_first_without_duplicates(void **state)
{
    (void)state;
    for (size_t i = 0; i < resource_type_count; i++) {
        const char *newer = resource_type_version(&resource_types[i], 0);
        assert_non_null(newer);
        const char *version;
        for (size_t j = 1; (version = resource_type_version(&resource_types[i], j)) != NULL; j++) {
            assert_true(strncmp(newer, version, 10) >= 0);
            assert_string_not_equal(newer, version);
            newer = version;
        }
    }
}

static void versions_have_an_order(void **state)
{
    (void)state;
    static const char *const order[] = {"2021-06-15-privatepreview",
                                        "2022-05-01-privatepreview",
                                        "2022-05-01-preview",
                                        "2022-05-01",
                                        "2022-12-01",
                                        "2099-01-01-preview"};
    for (size_t i = 1; i < ARRAY_LEN(order); i++) {
        assert_true(api_version_rank(order[i - 1]) < api_version_rank(order[i]));
    }
    assert_int_equal(api_version_rank(NULL), API_NEWEST);
    assert_int_equal(api_version_rank("latest"), API_NEWEST);
    assert_int_equal(api_version_rank("2022-05-01-privatepreview"), FAMILY_BP);
}

static void keeps_a_list_for_each_type(void **state)
{
    (void)state;
    assert_int_equal(check(MIGRATIONS, "2022-12-01", false), -1);
    assert_int_equal(check("Microsoft.DBforPostgreSQL/flexibleServers", "2022-12-01", false), 0);
    assert_int_equal(check("Microsoft.DBforPostgreSQL/flexibleServers", "2022-05-01-preview", false), -1);
    assert_int_equal(check("Microsoft.DBforPostgreSQL/servers", "2017-12-01", false), 0);
    assert_int_equal(check("Microsoft.DBforPostgreSQL/flexibleServers", "2017-12-01", false), -1);
}

static void accepts_a_newer_version_with_a_warning_unless_strict(void **state)
{
    (void)state;
    assert_int_equal(check(MIGRATIONS, "2099-01-01-preview", false), 0);
    assert_non_null(warning);
    assert_int_equal(check(MIGRATIONS, "2099-01-01-preview", true), -1);
    assert_int_equal(err.code, ERR_NO_REGISTERED_PROVIDER);
    assert_int_equal(dialect_find("2099-01-01-preview")->family, FAMILY_D);
}

static void refuses_what_is_no_version(void **state)
{
    (void)state;
    static const char *const versions[] = {"latest",      "2099-1-1",    "2099-13-01", "2099-00-10",
                                           "2099-01-01x", "2099-01-01-", "9999-99-99", "2099-01-01-a b"};
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        assert_int_equal(check(MIGRATIONS, versions[i], false), -1);
        assert_int_equal(err.code, ERR_NO_REGISTERED_PROVIDER);
    }
    assert_int_equal(check(MIGRATIONS, NULL, false), -1);
    assert_int_equal(err.code, ERR_MISSING_API_VERSION);
    assert_string_equal(err.message,
                        "The api-version query parameter (?api-version=) is required for all requests.");
}

static void speaks_the_words_of_resource_manager(void **state)
{
    (void)state;
    assert_int_equal(check(MIGRATIONS, "2001-01-01", false), -1);
    assert_true(str_istarts(
        err.message,
        "No registered resource provider found for location 'eastus' and API version '2001-01-01' "
        "for type 'flexibleServers/migrations'. The supported api-versions are "
        "'2026-07-01-preview, 2026-04-01-preview, "));
    assert_non_null(strstr(err.message, "2021-06-15-privatepreview'. The supported locations are 'eastus, "));
    assert_int_equal(check(GROUPS, "2001-01-01", false), -1);
    assert_int_equal(err.code, ERR_BAD_API_VERSION);
    assert_true(str_istarts(
        err.message, "The api-version '2001-01-01' is invalid. The supported versions are '2025-04-01,"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_every_version_of_migrations),
        cmocka_unit_test(lists_are_newest_first_without_duplicates),
        cmocka_unit_test(versions_have_an_order),
        cmocka_unit_test(keeps_a_list_for_each_type),
        cmocka_unit_test(accepts_a_newer_version_with_a_warning_unless_strict),
        cmocka_unit_test(refuses_what_is_no_version),
        cmocka_unit_test(speaks_the_words_of_resource_manager),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

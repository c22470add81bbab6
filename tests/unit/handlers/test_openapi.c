/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "core/str.h"
#include "handlers/arm/api_version.h"
#include "handlers/arm/arm.h"
#include "handlers/deployments/deployments.h"
#include "handlers/describe/openapi.h"
#include "handlers/describe/schema_private.h"
#include "handlers/migrations/migrations.h"
#include "handlers/own/own.h"
#include "handlers/resources/resources.h"
#include "handlers/servers/servers.h"
#include "handlers/signin/signin.h"

typedef void check_fn(const char *version, json_t *document);

static void walk(check_fn *check)
{
    const struct resource_type *type = resource_type_find(POSTGRESQL_NAMESPACE "/flexibleServers/migrations");
    const char *version;
    for (size_t i = 0; (version = resource_type_version(type, i)) != NULL; i++) {
        json_auto_t *document = openapi_document(version, "http://127.0.0.1:8080");
        assert_non_null(document);
        check(version, document);
    }
}

static void check_routes(const char *version, json_t *document)
{
    json_t *paths = json_object_get(document, "paths");
    for (size_t i = 0; i < route_count; i++) {
        bool told = (routes[i].flags & ROUTE_ARM) != 0 && routes[i].handler != not_implemented;
        auto_free char *verb = str_dup(method_name(routes[i].method));
        for (char *at = verb; *at != '\0'; at++) {
            *at = (char)(*at | 0x20);
        }
        json_t *operation = json_object_get(json_object_get(paths, routes[i].pattern), verb);
        const char *id = json_string_value(json_object_get(operation, "operationId"));
        if (told && !str_equals(id, routes[i].operation_id)) {
            fail_msg("%s: %s %s is missing", version, verb, routes[i].pattern);
        }
    }
}

static void check_references(const char *version, json_t *document)
{
    static const char prefix[] = "#/components/schemas/";
    auto_free char *text = json_dumps(document, JSON_COMPACT);
    json_t *known = json_object_get(json_object_get(document, "components"), "schemas");
    for (const char *at = strstr(text, prefix); at != NULL; at = strstr(at + 1, prefix)) {
        const char *name = at + strlen(prefix);
        auto_free char *copy = strndup(name, strcspn(name, "\""));
        if (!json_is_object(json_object_get(known, copy))) {
            fail_msg("%s: there is no schema %s", version, copy);
        }
    }
}

static json_t *migration_properties(json_t *document, const char *schema)
{
    json_t *schemas_object = json_object_get(json_object_get(document, "components"), "schemas");
    json_t *properties = json_object_get(json_object_get(schemas_object, schema), "properties");
    return json_object_get(json_object_get(properties, "properties"), "properties");
}

static void check_migration(const char *version, json_t *document)
{
    json_t *properties = migration_properties(document, "Migration");
    json_t *patch = migration_properties(document, "MigrationPatch");
    json_auto_t *example = schema_example_answer(dialect_find(version), "Migration");
    const char *key;
    json_t *value;
    json_object_foreach (json_object_get(example, "properties"), key, value) {
        if (json_object_get(properties, key) == NULL) {
            fail_msg("%s: '%s' is answered and not in the schema", version, key);
        }
    }
    json_t *status = json_object_get(properties, "currentStatus");
    assert_true(json_is_true(json_object_get(status, "readOnly")));
    assert_null(json_object_get(patch, "currentStatus"));
    assert_true(json_object_size(patch) < json_object_size(properties));
    assert_non_null(json_object_get(
        properties, (unsigned)dialect_find(version)->family <= FAMILY_B ? "dBsToMigrate" : "dbsToMigrate"));
}

static void every_route_is_in_every_document(void **state)
{
    (void)state;
    walk(check_routes);
}

static void every_reference_leads_somewhere(void **state)
{
    (void)state;
    walk(check_references);
}

static void migrations_are_described_as_they_are_answered(void **state)
{
    (void)state;
    walk(check_migration);
}

static void every_setting_of_a_migration_has_a_description(void **state)
{
    (void)state;
    for (size_t i = 0; i < migration_description.count; i++) {
        const struct property *row = &migration_description.rows[i];
        if (row->type != NULL && row->type->same != NULL && row->text == NULL) {
            fail_msg("'%s' has no description", row->path);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_in_every_document),
        cmocka_unit_test(every_reference_leads_somewhere),
        cmocka_unit_test(migrations_are_described_as_they_are_answered),
        cmocka_unit_test(every_setting_of_a_migration_has_a_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

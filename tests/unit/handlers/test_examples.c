/* SPDX-License-Identifier: MIT */
/* Every example of openapi/examples, both ways through the dialect table: requests are understood
 * completely, and responses are rendered exactly as written there. Run it from the root of the tree. */
#include "tests/unit/test.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "handlers/migrations/dialect.h"

typedef void example_fn(const char *path, json_t *example);

static void walk(example_fn *check)
{
    glob_t files;
    assert_int_equal(glob("openapi/examples/*/*.json", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        json_error_t error;
        json_auto_t *example = json_load_file(files.gl_pathv[i], 0, &error);
        if (example == NULL) {
            fail_msg("%s: %s", files.gl_pathv[i], error.text);
        }
        check(files.gl_pathv[i], example);
    }
    globfree(&files);
}

static bool is_spelled(const struct dialect *dialect, const char *property)
{
    for (size_t i = 0; i < migration_description.count; i++) {
        const struct property *row = &migration_description.rows[i];
        if (str_equals(row->path, property) && property_is_in(row, dialect->family)) {
            return true;
        }
    }
    return false;
}

/* Examples must be spelled exactly as in their version, although requests are read leniently. */
static void check_spelling(const char *path, const struct dialect *dialect, json_t *object,
                           const char *parent)
{
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        auto_free char *property = str_format("%s%s%s", parent, parent[0] == '\0' ? "" : ".", key);
        if (json_is_object(value)) {
            check_spelling(path, dialect, value, property);
        } else if (!is_spelled(dialect, property)) {
            fail_msg("%s: '%s' is not how this version spells it", path, property);
        }
    }
}

static void fail_about(void *file, const char *path, const char *belongs)
{
    (void)belongs;
    fail_msg("%s: '%s' is in no dialect", *(const char **)file, path);
}

static void check_request(const char *path, json_t *example)
{
    struct err err = {0};
    auto_dialect_request struct dialect_request given = {0};
    json_t *body = json_object_get(example, "request");
    if (dialect_read(body, &err, &given) < 0) {
        fail_msg("%s: %s", path, err.message);
    }
    properties_note_unknown(&migration_description, NULL, body, fail_about, &path);
    const struct dialect *dialect = dialect_find(json_string_value(json_object_get(example, "apiVersion")));
    check_spelling(path, dialect, json_object_get(body, "properties"), "properties");
}

/* Every settable property is read from the response and rendered again. */
static void check_resource(const char *path, const struct dialect *dialect, json_t *resource)
{
    struct err err = {0};
    auto_dialect_request struct dialect_request given = {0};
    json_t *properties = json_object_get(resource, "properties");
    if (dialect_read(resource, &err, &given) < 0) {
        fail_msg("%s: %s", path, err.message);
    }
    properties_note_unknown(&migration_description, NULL, resource, fail_about, &path);
    struct migration migration = {.spec = given.spec, .state = STATE_IN_PROGRESS};
    const struct migration_view view = {
        .migration = &migration, .target_resource_id = "", .detail = DETAIL_FULL};
    json_auto_t *whole = dialect_write(dialect, &view);
    json_t *written = json_object_get(whole, "properties");
    const char *key;
    json_t *value;
    json_object_foreach (properties, key, value) {
        bool made = false;
        bool known = false;
        for (size_t i = 0; i < migration_description.count; i++) {
            const struct property *row = &migration_description.rows[i];
            bool below =
                str_istarts(row->path, "properties.") && str_istarts(row->path + strlen("properties."), key);
            if (below && property_is_in(row, dialect->family)) {
                known = true;
                made = row->type == NULL || row->type->same == NULL;
            }
        }
        if (!known || (!made && !json_equal(value, json_object_get(written, key)))) {
            fail_msg("%s: '%s' does not come out as it went in", path, key);
        }
    }
}

static void check_answer(const char *path, json_t *example)
{
    json_t *response = json_object_get(example, "response");
    json_t *value = json_object_get(response, "value");
    const struct dialect *dialect = dialect_find(json_string_value(json_object_get(example, "apiVersion")));
    if (value != NULL) {
        check_resource(path, dialect, json_array_get(value, 0));
    } else if (json_object_get(response, "properties") != NULL) {
        check_resource(path, dialect, response);
    }
}

static void requests_are_understood_in_their_own_dialect(void **state)
{
    (void)state;
    walk(check_request);
}

static void answers_come_out_as_they_are_written(void **state)
{
    (void)state;
    walk(check_answer);
}

static void every_family_has_examples_of_every_operation(void **state)
{
    (void)state;
    glob_t files;
    assert_int_equal(glob("openapi/examples/*/*.json", 0, NULL, &files), 0);
    size_t count;
    const struct dialect *dialects = dialect_list(&count);
    unsigned counts[20] = {0};
    for (size_t i = 0; i < files.gl_pathc; i++) {
        json_auto_t *example = json_load_file(files.gl_pathv[i], 0, NULL);
        counts[dialect_find(json_string_value(json_object_get(example, "apiVersion"))) - dialects]++;
    }
    globfree(&files);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(counts[i], 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_understood_in_their_own_dialect),
        cmocka_unit_test(answers_come_out_as_they_are_written),
        cmocka_unit_test(every_family_has_examples_of_every_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

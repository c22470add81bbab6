/* SPDX-License-Identifier: MIT */
#include "handlers/arm/resource_fields.h"

#include <string.h>

#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/naming/locations.h"

enum { TAGS_MAX = 50, TAG_VALUE_MAX = 256, TAG_NAME_MAX = 512 };

static int check_tag(const char *name, const json_t *value, struct err *err)
{
    if (!json_is_string(value)) {
        auto_free char *path = str_format("tags.%s", name);
        return path == NULL ? err_no_memory(err) : field_wrong_type(value, path, "a string", err);
    }
    if (name[0] == '\0' || strlen(name) > TAG_NAME_MAX || json_string_length(value) > TAG_VALUE_MAX) {
        err_set(err, ERR_BAD_PARAMETER,
                "The tag '%.80s' is invalid: a name has 1 to %d characters, a value at most %d.", name,
                TAG_NAME_MAX, TAG_VALUE_MAX);
        return err_target(err, "tags");
    }
    return 0;
}

int tags_read(json_t *tags, struct err *err, char **ret_tags)
{
    if (!json_is_object(tags)) {
        return field_wrong_type(tags, "tags", "an object", err);
    }
    if (json_object_size(tags) > TAGS_MAX) {
        err_set(err, ERR_BAD_PARAMETER, "There are %zu tags; a resource can have at most %d.",
                json_object_size(tags), TAGS_MAX);
        return err_target(err, "tags");
    }
    json_auto_t *kept = json_object();
    const char *name;
    json_t *value;
    json_object_foreach (tags, name, value) {
        if (json_is_null(value)) {
            continue; /* a client removes a tag */
        }
        if (check_tag(name, value, err) < 0) {
            return -1;
        }
        if (json_object_set(kept, name, value) < 0) {
            return err_no_memory(err);
        }
    }
    char *text = json_dumps(kept, JSON_COMPACT);
    if (text == NULL) {
        return err_no_memory(err);
    }
    *ret_tags = text;
    return 0;
}

int field_tags(json_t *body, struct err *err, char **ret_tags)
{
    json_t *tags = field_get(body, "tags");
    *ret_tags = NULL;
    return tags == NULL ? 0 : tags_read(tags, err, ret_tags);
}

int location_read(const json_t *value, struct err *err, const char **ret_location)
{
    if (!json_is_string(value)) {
        return field_wrong_type(value, "location", "a string", err);
    }
    const char *location = json_string_value(value);
    if (!location_is_valid(location)) {
        err_set(
            err, ERR_BAD_PARAMETER,
            "The location '%.80s' is not the name of a region. Give a name such as 'eastus' or 'East US'.",
            location);
        return err_target(err, "location");
    }
    *ret_location = location;
    return 0;
}

int field_location(json_t *body, struct err *err, const char **ret_location)
{
    const json_t *location = field_get(body, "location");
    *ret_location = NULL;
    return location == NULL ? 0 : location_read(location, err, ret_location);
}

/* SPDX-License-Identifier: MIT */
#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "handlers/rules/rules_private.h"

static void set_time(json_t *object, const char *name, int64_t at_us)
{
    char text[CLOCK_TEXT_SIZE];
    json_set_text(object, name, clock_format(at_us, text));
}

static json_t *write_held(const struct rule_held *held)
{
    json_t *object = json_object();
    json_set_text(object, "migration", held->migration);
    json_set_text(object, "migrationId", held->migration_id);
    json_set_text(object, "database", held->database);
    if (held->table != NULL && held->schema != NULL) {
        json_object_set_new(object, "table", json_sprintf("%s.%s", held->schema, held->table));
    }
    json_set_text(object, "operation", held->request);
    set_time(object, "since", held->since_us);
    return object;
}

json_t *test_rule_write(const struct rule_status *status)
{
    json_t *object = json_object();
    json_auto_t *document = json_from_text(status->document);
    json_t *held = json_array();
    json_set_text(object, "name", status->name);
    json_object_update(object, document);
    json_object_set_new(object, "hits", json_integer(status->hits));
    json_object_set_new(object, "fired", json_integer(status->fired));
    for (size_t i = 0; i < status->held_count; i++) {
        json_array_append_new(held, write_held(&status->held[i]));
    }
    json_object_set_new(object, "held", held);
    set_time(object, "expires", status->expires_us);
    json_set_text(object, "origin", status->origin);
    json_set_text(object, "trouble", status->trouble);
    return object;
}

static void see(void *context, const struct rule_status *status)
{
    json_t **found = context;
    *found = *found == NULL ? test_rule_write(status) : *found;
}

json_t *test_rule_find(const char *name, const char *subscription, size_t *ret_count)
{
    json_t *found = NULL;
    *ret_count = rules_see(name, subscription, see, &found);
    return found;
}

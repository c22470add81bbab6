/* SPDX-License-Identifier: MIT */
/* A rule from JSON. Unknown members are an error: a rule that does not do what its author meant would make a
 * test pass for the wrong reason. */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/rules/rules_private.h"
#include "server/route.h"
#include "store/rows/rows.h"

enum { TTL_LEAST_S = 1 };

void rule_body_done(struct rule_body *body)
{
    json_decref(body->normal);
    free(body->document);
}

int rule_refuse_unknown(struct err *err, const char *path, const char *value, const struct name_list *known)
{
    err_set(err, ERR_BAD_PARAMETER, "'%.100s' is not one of the %s. These exist: ", value, known->what);
    for (size_t i = 0; i < known->count; i++) {
        const char *name = known->name(i);
        if (name != NULL) {
            err_append(err, "%s%s", i == 0 ? "" : ", ", name);
        }
    }
    err_append(err, ".");
    return err_target(err, "%s", path);
}

static const char *nth_point(size_t index)
{
    return point_table[index].name;
}

static const char *nth_substate(size_t index)
{
    return word_of(WORDS_SUBSTATE, (int)index);
}

static int read_point(json_t *body, struct err *err, struct rule_body *rule)
{
    static const struct name_list points = {"points", POINT_COUNT, nth_point};
    const char *at = NULL;
    if (field_string(body, "", "at", err, &at) < 0) {
        return -1;
    }
    if (at == NULL || !point_find(at, &rule->rule.at)) {
        return rule_refuse_unknown(err, "at", at == NULL ? "" : at, &points);
    }
    return json_set_text(rule->normal, "at", at) < 0 ? err_no_memory(err) : 0;
}

/* ---- match -----------------------------------------------------------------------------------------------
 */

static int refuse_attribute(enum point at, const char *name, struct err *err)
{
    const char *separator = "";
    err_set(err, ERR_BAD_PARAMETER,
            "'%.100s' is not one of the attributes that '%s' can match. These exist: ", name,
            point_table[at].name);
    for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
        if ((point_table[at].attributes & (1u << i)) != 0) {
            err_append(err, "%s%s", separator, point_attribute_name((enum point_attribute)i));
            separator = ", ";
        }
    }
    err_append(err, "%s.", separator[0] == '\0' ? "none" : "");
    return err_target(err, "match.%s", name);
}

static int check_operation(const char *value, struct err *err)
{
    for (size_t i = 0; i < route_count; i++) {
        if ((routes[i].flags & ROUTE_ARM) != 0 && str_iequals(routes[i].operation_id, value)) {
            return 0;
        }
    }
    err_set(err, ERR_BAD_PARAMETER,
            "'%.100s' is not one of the operations. GET /_malachite/routes lists them. These concern "
            "migrations: ",
            value);
    const char *separator = "";
    for (size_t i = 0; i < route_count; i++) {
        if (str_istarts(routes[i].operation_id, "Migrations_")) {
            err_append(err, "%s%s", separator, routes[i].operation_id);
            separator = ", ";
        }
    }
    err_append(err, ".");
    return err_target(err, "match.operation");
}

static int check_substate(const char *value, struct err *err)
{
    static const struct name_list substates = {"substates", SUB_COUNT, nth_substate};
    for (int i = 0; i < SUB_COUNT; i++) {
        if (str_iequals(word_of(WORDS_SUBSTATE, i), value)) {
            return 0;
        }
    }
    return rule_refuse_unknown(err, "match.substate", value, &substates);
}

static int check_table(const char *value, struct err *err)
{
    auto_free char *schema = NULL;
    auto_free char *table = NULL;
    return rule_split_table(value, err, &schema, &table) < 0 ? err_target(err, "match.table") : 0;
}

static int check_value(enum point_attribute attribute, const char *value, struct err *err)
{
    switch (attribute) {
    case ATTRIBUTE_SUBSCRIPTION:
        if (!str_is_uuid(value)) {
            err_set(err, ERR_BAD_PARAMETER, "'%.100s' is not the id of a subscription, a UUID.", value);
            return err_target(err, "match.subscription");
        }
        return 0;
    case ATTRIBUTE_OPERATION:
        return check_operation(value, err);
    case ATTRIBUTE_SUBSTATE:
        return check_substate(value, err);
    case ATTRIBUTE_TABLE:
        return check_table(value, err);
    default:
        return 0;
    }
}

static int read_attribute(const char *name, json_t *value, struct err *err, struct rule_body *rule)
{
    enum point at = rule->rule.at;
    for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
        enum point_attribute attribute = (enum point_attribute)i;
        if (strcmp(name, point_attribute_name(attribute)) != 0 ||
            (point_table[at].attributes & (1u << i)) == 0) {
            continue;
        }
        auto_free char *path = str_format("match.%s", name);
        if (path == NULL) {
            return err_no_memory(err);
        }
        if (!json_is_string(value)) {
            return field_wrong_type(value, path, "a string", err);
        }
        if (json_string_value(value)[0] == '\0') {
            err_set(err, ERR_BAD_PARAMETER, "The property '%s' is empty. Leave it out to match everything.",
                    path);
            return err_target(err, "%s", path);
        }
        rule->rule.match[i] = json_string_value(value);
        return check_value(attribute, json_string_value(value), err);
    }
    return refuse_attribute(at, name, err);
}

static int read_match(json_t *body, struct err *err, struct rule_body *rule)
{
    json_t *match = NULL;
    const char *name = NULL;
    json_t *value = NULL;
    if (field_object(body, "", "match", err, &match) < 0) {
        return -1;
    }
    json_object_foreach (match, name, value) {
        if (!json_is_null(value) && read_attribute(name, value, err, rule) < 0) {
            return -1;
        }
    }
    return json_object_set_new(rule->normal, "match", match == NULL ? json_object() : json_deep_copy(match)) <
                   0
               ? err_no_memory(err)
               : 0;
}

/* ---- numbers ---------------------------------------------------------------------------------------------
 */

static int read_number(json_t *body, const char *name, int64_t least, int64_t most, struct err *err,
                       struct rule_body *rule, int64_t *number)
{
    json_t *value = field_get(body, name);
    if (value != NULL && !json_is_integer(value)) {
        return field_wrong_type(value, name, "an integer", err);
    }
    if (value != NULL && (json_integer_value(value) < least || json_integer_value(value) > most)) {
        err_set(err, ERR_BAD_PARAMETER, "The property '%s' is %lld; it must be from %lld to %lld.", name,
                (long long)json_integer_value(value), (long long)least, (long long)most);
        return err_target(err, "%s", name);
    }
    *number = value == NULL ? *number : json_integer_value(value);
    return json_object_set_new(rule->normal, name, json_integer(*number)) < 0 ? err_no_memory(err) : 0;
}

static const char *const members[] = {"at", "match", "skip", "times", "ttlSeconds", "do"};

/* What an answer shows may come back in a PUT. */
static const char *const shown_members[] = {"name", "hits", "fired", "held", "expires", "trouble", "origin"};

static bool is_listed(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *nth_member(size_t index)
{
    return members[index];
}

static int check_members(json_t *body, struct err *err)
{
    static const struct name_list known = {"properties of a rule", ARRAY_LEN(members), nth_member};
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach (body, name, value) {
        if (!is_listed(name, members, ARRAY_LEN(members)) &&
            !is_listed(name, shown_members, ARRAY_LEN(shown_members))) {
            return rule_refuse_unknown(err, name, name, &known);
        }
    }
    return 0;
}

int rule_read(json_t *body, struct err *err, struct rule_body *ret_rule)
{
    struct rule_request *rule = &ret_rule->rule;
    json_t *action = NULL;
    int64_t ttl = RULE_TTL_DEFAULT_S;
    ret_rule->normal = json_object();
    if (check_members(body, err) < 0 || read_point(body, err, ret_rule) < 0 ||
        read_match(body, err, ret_rule) < 0 || field_object(body, "", "do", err, &action) < 0) {
        return -1;
    }
    json_t *normal_action = json_object();
    if (rule_read_action(action, rule->at, err, rule, normal_action) < 0) {
        json_decref(normal_action);
        return -1;
    }
    rule->times = rule->effect.action == ACTION_SLOW ? 0 : 1;
    if (read_number(body, "skip", 0, INT64_MAX, err, ret_rule, &rule->skip) < 0 ||
        read_number(body, "times", 0, INT64_MAX, err, ret_rule, &rule->times) < 0 ||
        read_number(body, "ttlSeconds", TTL_LEAST_S, RULE_TTL_MAX_S, err, ret_rule, &ttl) < 0) {
        json_decref(normal_action);
        return -1;
    }
    rule->ttl_seconds = (int)ttl;
    json_object_set_new(ret_rule->normal, "do", normal_action);
    ret_rule->document = json_dumps(ret_rule->normal, JSON_COMPACT | JSON_SORT_KEYS);
    rule->document = ret_rule->document;
    return ret_rule->document == NULL ? err_no_memory(err) : 0;
}

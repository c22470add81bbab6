/* SPDX-License-Identifier: MIT */
#include "handlers/rules/rules_calls.h"

#include <ctype.h>
#include <string.h>

#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/app.h"
#include "handlers/rules/rules_private.h"
#include "server/reply.h"

enum { NAME_MAX_BYTES = 100, AGAIN_MS = 20, WAIT_DEFAULT_S = 30, WAIT_MAX_S = 600 };

static json_t *names_of(unsigned bits, int count, const char *(*name)(int index))
{
    json_t *names = json_array();
    for (int i = 0; i < count; i++) {
        if ((bits & (1u << i)) != 0) {
            json_array_append_new(names, json_string(name(i)));
        }
    }
    return names;
}

static const char *attribute_name(int index)
{
    return point_attribute_name((enum point_attribute)index);
}

static const char *action_name(int index)
{
    return point_action_name((enum point_action)index);
}

void point_list(struct request *request)
{
    json_t *value = json_array();
    for (int i = 0; i < POINT_COUNT; i++) {
        const struct point_row *row = &point_table[i];
        json_array_append_new(value, json_pack("{s:s, s:s, s:o, s:o, s:s}", "name", row->name, "counts",
                                               row->counts, "attributes",
                                               names_of(row->attributes, ATTRIBUTE_COUNT, attribute_name),
                                               "actions", names_of(row->actions, ACTION_COUNT, action_name),
                                               "description", row->text));
    }
    reply_json(request, 200, json_pack("{s:o}", "value", value));
}

static bool is_name(const char *name)
{
    size_t len = 0;
    while (isalnum((unsigned char)name[len]) || (name[len] != '\0' && strchr("-_.:", name[len]) != NULL)) {
        len++;
    }
    return len > 0 && len <= NAME_MAX_BYTES && name[len] == '\0';
}

/* False, after the reply, if the call can mean several rules. */
static bool is_unambiguous(struct request *request, size_t count)
{
    if (count > 1) {
        reply_fail(request, ERR_CONFLICT,
                   "%zu subscriptions have a rule '%s'. Add ?subscription= with the id of one of them.",
                   count, request_param(request, "ruleName"));
    }
    return count <= 1;
}

/* The rule that the path and ?subscription= name; NULL after a reply that says why there is none. */
static json_t *find_rule(struct request *request)
{
    size_t count = 0;
    const char *name = request_param(request, "ruleName");
    json_auto_t *found = test_rule_find(name, request_query(request, "subscription"), &count);
    if (!is_unambiguous(request, count)) {
        return NULL;
    }
    if (found == NULL) {
        reply_fail(request, ERR_NOT_FOUND, "There is no rule '%s'. It may have expired.", name);
    }
    return TAKE(found);
}

void test_rule_put(struct request *request)
{
    struct err err = {0};
    const char *name = request_param(request, "ruleName");
    bool created = false;
    json_t *json = request_body(request);
    if (json == NULL) {
        return;
    }
    if (!is_name(name)) {
        reply_fail(request, ERR_BAD_PARAMETER,
                   "'%.100s' is not the name of a rule: up to %d letters, digits and - _ . :", name,
                   NAME_MAX_BYTES);
        return;
    }
    auto_rule_body struct rule_body body = {.rule = {.name = name}};
    if (rule_read(json, &err, &body) < 0 || rule_check_names(request, &body.rule, &err) < 0 ||
        rules_put(&body.rule, &err, &created) < 0) {
        reply_error(request, &err);
        return;
    }
    size_t count = 0;
    json_t *shown = test_rule_find(name, body.rule.match[ATTRIBUTE_SUBSCRIPTION], &count);
    reply_json(request, created ? 201 : 200, shown != NULL ? shown : json_object());
}

void test_rule_get(struct request *request)
{
    json_t *shown = find_rule(request);
    if (shown != NULL) {
        reply_json(request, 200, shown);
    }
}

static void see(void *context, const struct rule_status *status)
{
    json_array_append_new(context, test_rule_write(status));
}

void test_rule_list(struct request *request)
{
    json_t *value = json_array();
    rules_see(NULL, request_query(request, "subscription"), see, value);
    reply_json(request, 200, json_pack("{s:o}", "value", value));
}

void test_rule_delete(struct request *request)
{
    size_t count = 0;
    const char *name = request_param(request, "ruleName");
    const char *subscription = request_query(request, "subscription");
    json_decref(test_rule_find(name, subscription, &count));
    if (is_unambiguous(request, count)) {
        reply_empty(request, rules_delete(name, subscription, NULL) == 0 ? 204 : 200);
    }
}

void test_rule_delete_all(struct request *request)
{
    rules_delete(NULL, request_query(request, "subscription"), NULL);
    reply_empty(request, 204);
}

/* {} or {"count": 1} or {"as": {"fail": {...}}} */
static int read_release(json_t *body, struct err *err, size_t *ret_count, struct point_failure *ret_failure,
                        bool *ret_fails)
{
    json_t *count = field_get(body, "count");
    json_t *as = NULL;
    json_t *fail = NULL;
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach (body, name, value) {
        if (strcmp(name, "count") != 0 && strcmp(name, "as") != 0) {
            err_set(err, ERR_BAD_PARAMETER,
                    "'%.100s' is not one of the properties of a release. These exist: count, as.", name);
            return err_target(err, "%s", name);
        }
    }
    if (count != NULL && (!json_is_integer(count) || json_integer_value(count) < 1)) {
        err_set(err, ERR_BAD_PARAMETER,
                "The property 'count' must be an integer of at least 1. Leave it out to release all.");
        return err_target(err, "count");
    }
    *ret_count = count == NULL ? 0 : (size_t)json_integer_value(count);
    if (field_object(body, "", "as", err, &as) < 0) {
        return -1;
    }
    if (as == NULL) {
        return 0;
    }
    if (field_object(as, "as", "fail", err, &fail) < 0) {
        return -1;
    }
    if (fail == NULL || json_object_size(as) != 1) {
        err_set(err, ERR_BAD_PARAMETER, "A hold can be released as nothing or as: fail.");
        return err_target(err, "as");
    }
    *ret_fails = true;
    return rule_read_failure(fail, "as.fail", err, ret_failure);
}

void test_rule_release(struct request *request)
{
    struct err err = {0};
    struct point_failure failure = {0};
    size_t count = 0;
    size_t released = 0;
    bool fails = false;
    const char *name = request_param(request, "ruleName");
    const char *subscription = request_query(request, "subscription");
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    if (read_release(body, &err, &count, &failure, &fails) < 0) {
        reply_error(request, &err);
        return;
    }
    json_auto_t *before = find_rule(request);
    if (before == NULL) {
        return;
    }
    size_t found = 0;
    (void)rules_release(name, subscription, count, fails ? &failure : NULL, &released);
    json_auto_t *after = test_rule_find(name, subscription, &found);
    json_t *shown = after != NULL ? TAKE(after) : TAKE(before); /* it may have expired since */
    json_object_set_new(shown, "released", json_integer((json_int_t)released));
    reply_json(request, 200, shown);
}

static int read_query(struct request *request, const char *name, int64_t most, int64_t *number)
{
    const char *text = request_query(request, name);
    if (text == NULL || str_to_int(text, 0, most, number)) {
        return 0;
    }
    struct err err = {0};
    err_set(&err, ERR_BAD_PARAMETER, "The query parameter %s is '%.60s'; it must be a number from 0 to %lld.",
            name, text, (long long)most);
    err_target(&err, "%s", name);
    reply_error(request, &err);
    return -1;
}

void test_rule_wait(struct request *request)
{
    int64_t fired = -1;
    int64_t held = -1;
    int64_t timeout_s = WAIT_DEFAULT_S;
    if (read_query(request, "fired", INT64_MAX, &fired) < 0 ||
        read_query(request, "held", INT64_MAX, &held) < 0 ||
        read_query(request, "timeout", WAIT_MAX_S, &timeout_s) < 0) {
        return;
    }
    fired = fired < 0 && held < 0 ? 1 : fired;
    json_t *rule = find_rule(request);
    if (rule == NULL) {
        return;
    }
    bool is_met = json_integer_value(json_object_get(rule, "fired")) >= fired &&
                  (int64_t)json_array_size(json_object_get(rule, "held")) >= held;
    bool late = clock_now_us() - request->started_us >= timeout_s * 1000000;
    if (is_met || late) {
        reply_json(request, is_met ? 200 : 408, rule);
        return;
    }
    json_decref(rule);
    reply_later(request, AGAIN_MS);
}

/* SPDX-License-Identifier: MIT */
/* What a rule does: {"hold": {}}, {"fail": {"sqlstate": "53100"}} ... */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/rules/rules_private.h"

enum { DELAY_MAX_MS = 3600 * 1000, CODE_MAX = 999999, RETRY_AFTER_MAX_S = 86400, HEADERS_MAX = 8 };

static int refuse_action(enum point at, const char *name, struct err *err)
{
    const char *separator = "";
    err_set(err, ERR_BAD_PARAMETER,
            "'%.100s' is not one of the actions that '%s' allows. These exist: ", name, point_table[at].name);
    for (int i = 0; i < ACTION_COUNT; i++) {
        if ((point_table[at].actions & (1u << i)) != 0) {
            err_append(err, "%s%s", separator, point_action_name((enum point_action)i));
            separator = ", ";
        }
    }
    err_append(err, ".");
    return err_target(err, "do");
}

/* ---- members ---------------------------------------------------------------------------------------------
 */

static int check_members(json_t *value, const char *action, const char *const *known, struct err *err)
{
    const char *name = NULL;
    json_t *member = NULL;
    json_object_foreach (value, name, member) {
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], name) != 0) {
            i++;
        }
        if (known[i] != NULL) {
            continue;
        }
        err_set(err, ERR_BAD_PARAMETER, "'%.100s' is not one of the properties of '%s'. These exist: %s",
                name, action, known[0] == NULL ? "none" : "");
        for (i = 0; known[i] != NULL; i++) {
            err_append(err, "%s%s", i == 0 ? "" : ", ", known[i]);
        }
        err_append(err, ".");
        return err_target(err, "do.%s.%s", action, name);
    }
    return 0;
}
#define CHECK_MEMBERS(value, action, err, ...)                                                               \
    check_members(value, action, (const char *const[]){__VA_ARGS__}, err)

struct range {
    int64_t least, most;
    bool required;
};

static int read_integer(json_t *value, const char *action, const char *name, struct range range,
                        struct err *err, int64_t *ret_number)
{
    json_t *member = field_get(value, name);
    if (member == NULL && !range.required) {
        return 0;
    }
    bool good = json_is_integer(member) && json_integer_value(member) >= range.least &&
                json_integer_value(member) <= range.most;
    if (!good) {
        err_set(err, ERR_BAD_PARAMETER, "The property 'do.%s.%s' must be an integer from %lld to %lld.",
                action, name, (long long)range.least, (long long)range.most);
        return err_target(err, "do.%s.%s", action, name);
    }
    *ret_number = json_integer_value(member);
    return 0;
}

static int read_text(json_t *value, const char *parent, const char *name, struct err *err, char *text,
                     size_t size)
{
    const char *given = NULL;
    if (field_string(value, parent, name, err, &given) < 0) {
        return -1;
    }
    if (given != NULL && strlen(given) >= size) {
        err_set(err, ERR_BAD_PARAMETER, "The property '%s.%s' may have at most %zu characters.", parent, name,
                size - 1);
        return err_target(err, "%s.%s", parent, name);
    }
    snprintf(text, size, "%s", given == NULL ? "" : given);
    return 0;
}

/* ---- actions ---------------------------------------------------------------------------------------------
 */

static bool is_sqlstate(const char *text)
{
    size_t len = 0;
    while (isdigit((unsigned char)text[len]) || (text[len] >= 'A' && text[len] <= 'Z')) {
        len++;
    }
    return len == 5 && text[len] == '\0' && strncmp(text, "00", 2) != 0;
}

int rule_read_failure(json_t *value, const char *path, struct err *err, struct point_failure *ret_failure)
{
    int64_t code = 0;
    char state[16] = "";
    if (CHECK_MEMBERS(value, "fail", err, "sqlstate", "message", "code", NULL) < 0 ||
        read_text(value, path, "sqlstate", err, state, sizeof(state)) < 0 ||
        read_text(value, path, "message", err, ret_failure->message, sizeof(ret_failure->message)) < 0 ||
        read_integer(value, "fail", "code", (struct range){1, CODE_MAX, false}, err, &code) < 0) {
        return -1;
    }
    if (state[0] != '\0' && !is_sqlstate(state)) {
        err_set(err, ERR_BAD_PARAMETER,
                "'%s' is not an SQLSTATE of an error: five digits or capital letters, such as 53100.", state);
        return err_target(err, "%s.sqlstate", path);
    }
    snprintf(ret_failure->sqlstate, sizeof(ret_failure->sqlstate), "%.5s",
             state[0] == '\0' ? "XX000" : state);
    ret_failure->code = (int)code;
    return 0;
}

static int read_hold(json_t *value, struct err *err, struct rule_request *rule)
{
    (void)rule;
    return CHECK_MEMBERS(value, "hold", err, NULL);
}

static int read_delay(json_t *value, struct err *err, struct rule_request *rule)
{
    int64_t ms = 0;
    if (CHECK_MEMBERS(value, "delay", err, "ms", NULL) < 0 ||
        read_integer(value, "delay", "ms", (struct range){0, DELAY_MAX_MS, true}, err, &ms) < 0) {
        return -1;
    }
    rule->delay_ms = (int)ms;
    return 0;
}

static int read_fail(json_t *value, struct err *err, struct rule_request *rule)
{
    return rule_read_failure(value, "do.fail", err, &rule->effect.fail);
}

static int read_cut(json_t *value, struct err *err, struct rule_request *rule)
{
    static const char *const sides[] = {
        [SIDE_BOTH] = "both", [SIDE_SOURCE] = "source", [SIDE_TARGET] = "target", [SIDE_CLIENT] = "client"};
    bool http = rule->at == POINT_REQUEST || rule->at == POINT_REPLY;
    const char *side = NULL;
    json_t *reset = field_get(value, "rst");
    if (CHECK_MEMBERS(value, "cut", err, "side", "rst", NULL) < 0 ||
        field_string(value, "do.cut", "side", err, &side) < 0) {
        return -1;
    }
    if (reset != NULL && !json_is_boolean(reset)) {
        return field_wrong_type(reset, "do.cut.rst", "a boolean", err);
    }
    rule->effect.reset = json_is_true(reset);
    rule->effect.side = http ? SIDE_CLIENT : SIDE_BOTH;
    for (size_t i = 0; side != NULL && i < ARRAY_LEN(sides); i++) {
        if (strcmp(side, sides[i]) == 0 && (i == SIDE_CLIENT) == http) {
            rule->effect.side = (enum point_side)i;
            return 0;
        }
    }
    if (side != NULL) {
        err_set(err, ERR_BAD_PARAMETER, "'%.100s' is not one of the sides of '%s'. These exist: %s.", side,
                point_table[rule->at].name, http ? "client" : "source, target, both");
        return err_target(err, "do.cut.side");
    }
    return 0;
}

static int read_slow(json_t *value, struct err *err, struct rule_request *rule)
{
    return CHECK_MEMBERS(value, "slow", err, "bytesPerSecond", NULL) < 0
               ? -1
               : read_integer(value, "slow", "bytesPerSecond", (struct range){1, INT64_C(1) << 40, true}, err,
                              &rule->bytes_per_second);
}

/* Malachite would have to leave out others, and a test would wait for them in vain. */
static bool is_header(const char *name, const char *value)
{
    static const char *const taken[] = {"Connection", "Content-Length", "Date", "Transfer-Encoding"};
    size_t name_len = 0;
    size_t value_len = 0;
    while (isalnum((unsigned char)name[name_len]) || (name_len > 0 && name[name_len] == '-')) {
        name_len++;
    }
    while (value[value_len] >= ' ' && value[value_len] <= '~') {
        value_len++;
    }
    bool valid = name_len > 0 && name[name_len] == '\0' && value[value_len] == '\0';
    for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
        valid = valid && !str_iequals(name, taken[i]);
    }
    return valid;
}

static int read_headers(json_t *value, struct err *err, struct rule_request *rule)
{
    json_t *headers = NULL;
    const char *name = NULL;
    json_t *header = NULL;
    if (field_object(value, "do.answer", "headers", err, &headers) < 0) {
        return -1;
    }
    if (json_object_size(headers) > HEADERS_MAX) {
        return err_set(err, ERR_BAD_PARAMETER, "An answer may have at most %d headers.", HEADERS_MAX);
    }
    json_object_foreach (headers, name, header) {
        if (!json_is_string(header)) {
            return field_wrong_type(header, "do.answer.headers", "an object of strings", err);
        }
        if (!is_header(name, json_string_value(header))) {
            err_set(err, ERR_BAD_PARAMETER,
                    "'%.100s' cannot be a header of an answer: names have letters, digits and '-', values"
                    " printable ASCII, and HTTP itself sets Connection, Content-Length, Date and"
                    " Transfer-Encoding.",
                    name);
            return err_target(err, "do.answer.headers");
        }
    }
    rule->effect.headers[0] = '\0';
    size_t len = headers == NULL ? 0
                                 : json_dumpb(headers, rule->effect.headers, sizeof(rule->effect.headers) - 1,
                                              JSON_COMPACT);
    if (len >= sizeof(rule->effect.headers)) {
        return err_set(err, ERR_BAD_PARAMETER, "The headers of an answer may have at most %zu bytes.",
                       sizeof(rule->effect.headers) - 1);
    }
    rule->effect.headers[len] = '\0';
    return 0;
}

static int read_answer(json_t *value, struct err *err, struct rule_request *rule)
{
    int64_t status = 0;
    int64_t retry_after = -1;
    struct point_effect *effect = &rule->effect;
    if (CHECK_MEMBERS(value, "answer", err, "status", "code", "message", "retryAfter", "headers", NULL) < 0 ||
        read_integer(value, "answer", "status", (struct range){200, 599, true}, err, &status) < 0 ||
        read_integer(value, "answer", "retryAfter", (struct range){0, RETRY_AFTER_MAX_S, false}, err,
                     &retry_after) < 0 ||
        read_text(value, "do.answer", "code", err, effect->code, sizeof(effect->code)) < 0 ||
        read_text(value, "do.answer", "message", err, effect->fail.message, sizeof(effect->fail.message)) <
            0 ||
        read_headers(value, err, rule) < 0) {
        return -1;
    }
    effect->status = (int)status;
    effect->retry_after = (int)retry_after;
    return 0;
}

static int read_server(json_t *value, struct err *err, struct rule_request *rule)
{
    struct point_effect *effect = &rule->effect;
    if (CHECK_MEMBERS(value, "server", err, "name", "action", NULL) < 0 ||
        read_text(value, "do.server", "name", err, effect->server, sizeof(effect->server)) < 0 ||
        read_text(value, "do.server", "action", err, effect->server_action, sizeof(effect->server_action)) <
            0) {
        return -1;
    }
    const char *of = rule->match[ATTRIBUTE_SUBSCRIPTION];
    snprintf(effect->subscription, sizeof(effect->subscription), "%s", of == NULL ? "" : of);
    return 0;
}

typedef int read_fn(json_t *value, struct err *err, struct rule_request *rule);

static read_fn *const readers[ACTION_COUNT] = {
    [ACTION_HOLD] = read_hold,     [ACTION_DELAY] = read_delay, [ACTION_FAIL] = read_fail,
    [ACTION_CUT] = read_cut,       [ACTION_SLOW] = read_slow,   [ACTION_ANSWER] = read_answer,
    [ACTION_SERVER] = read_server,
};

int rule_read_action(json_t *action, enum point at, struct err *err, struct rule_request *rule,
                     json_t *normal)
{
    if (json_object_size(action) != 1) {
        err_set(err, ERR_BAD_PARAMETER, "A rule does one thing: 'do' needs exactly one action.");
        return err_target(err, "do");
    }
    const char *name = json_object_iter_key(json_object_iter(action));
    json_t *value = json_object_iter_value(json_object_iter(action));
    for (int i = ACTION_HOLD; i < ACTION_COUNT; i++) {
        bool allowed = (point_table[at].actions & (1u << i)) != 0;
        if (!allowed || strcmp(name, point_action_name((enum point_action)i)) != 0) {
            continue;
        }
        /* {"hold": {}}, {"hold": true} and {"hold": null} mean the same. */
        bool bare = json_is_true(value) || json_is_null(value);
        if (!json_is_object(value) && !bare) {
            return field_wrong_type(value, "do", "an object", err);
        }
        json_auto_t *none = json_object();
        rule->effect.action = (enum point_action)i;
        json_object_set_new(normal, name, bare ? json_object() : json_deep_copy(value));
        return readers[i](bare ? none : value, err, rule);
    }
    return refuse_action(at, name, err);
}

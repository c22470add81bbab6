/* SPDX-License-Identifier: MIT */
#include "handlers/rules/tags/migration_tags.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/parse/json_fields.h"
#include "core/points/rules.h"
#include "core/str.h"

enum {
    PACE_MAX_S = 3600,
    POLLS_MAX = 1000000,
    POLLS_PATIENCE_S = 600, /* nobody polls: the migration continues */
    AZURE_PREPARATION_S =
        600, /* the service documents "up to 10 minutes" for its preparation, and no other dwell */
    NAME_BYTES = 512
};

static const char hold_tag[] = "malachite.hold";
static const char fail_tag[] = "malachite.fail";
static const char pace_tag[] = "malachite.pace";

/* A rule that a tag stands for; the strings of the request point into the members. */
struct tag_rule {
    struct rule_request rule;
    char point[64];
    char table[NAME_BYTES];
    char substate[64];
};

static int refuse(const char *tag, const char *value, const char *rule, struct err *err)
{
    err_set(err, ERR_BAD_PARAMETER, "The tag '%s' is '%.100s'; it must be %s", tag, value, rule);
    return err_target(err, "tags.%s", tag);
}

static int read_hold(const char *value, struct err *err, struct tag_rule *tag)
{
    tag->rule.at = POINT_SUBSTATE_ENTER;
    tag->rule.times = 1;
    tag->rule.effect.action = ACTION_HOLD;
    for (int i = 0; i < SUB_COUNT; i++) {
        if (str_iequals(word_of(WORDS_SUBSTATE, i), value)) {
            snprintf(tag->substate, sizeof(tag->substate), "%s", word_of(WORDS_SUBSTATE, i));
            tag->rule.match[ATTRIBUTE_SUBSTATE] = tag->substate;
            return 0;
        }
    }
    refuse(hold_tag, value, "one of these substates: ", err);
    for (int i = 0; i < SUB_COUNT; i++) {
        err_append(err, "%s%s", i == 0 ? "" : ", ", word_of(WORDS_SUBSTATE, i));
    }
    return err_append(err, ".");
}

static int refuse_fail(const char *value, struct err *err)
{
    refuse(fail_tag, value,
           "a point, perhaps a table, perhaps how many hits or rows pass before, and an SQLSTATE, such as "
           "\"copy.rows sales.orders 1000 53100\". These points can fail: ",
           err);
    const char *separator = "";
    for (int i = 0; i < POINT_COUNT; i++) {
        if ((point_table[i].actions & (1u << ACTION_FAIL)) != 0) {
            err_append(err, "%s%s", separator, point_table[i].name);
            separator = ", ";
        }
    }
    return err_append(err, ".");
}

/* The next word; blanks within double quotes belong to it. */
static const char *next_word(const char *at, char *word, size_t size)
{
    size_t len = 0;
    bool quoted = false;
    at += strspn(at, " ");
    for (; *at != '\0' && (quoted || *at != ' ') && len + 1 < size; at++) {
        quoted = quoted != (*at == '"');
        word[len++] = *at;
    }
    word[len] = '\0';
    return at;
}

static bool is_sqlstate(const char *text)
{
    size_t len = 0;
    while (isdigit((unsigned char)text[len]) || (text[len] >= 'A' && text[len] <= 'Z')) {
        len++;
    }
    return len == 5 && text[len] == '\0';
}

static int read_fail(const char *value, struct err *err, struct tag_rule *tag)
{
    char words[4][NAME_BYTES] = {{0}};
    size_t count = 0;
    const char *at = value;
    while (count < ARRAY_LEN(words) && at[strspn(at, " ")] != '\0') {
        at = next_word(at, words[count++], sizeof(words[0]));
    }
    const char *state = count < 2 ? "" : words[count - 1];
    bool known = count >= 2 && point_find(words[0], &tag->rule.at) && at[strspn(at, " ")] == '\0' &&
                 (point_table[tag->rule.at].actions & (1u << ACTION_FAIL)) != 0 && is_sqlstate(state);
    if (!known) {
        return refuse_fail(value, err);
    }
    for (size_t i = 1; i + 1 < count; i++) {
        bool may_match = (point_table[tag->rule.at].attributes & (1u << ATTRIBUTE_TABLE)) != 0 && i == 1;
        if (str_to_int(words[i], 0, INT64_MAX, &tag->rule.skip) && i + 2 == count) {
            continue;
        }
        auto_free char *schema = NULL;
        auto_free char *table = NULL;
        if (!may_match || rule_split_table(words[i], err, &schema, &table) < 0) {
            return refuse_fail(value, err);
        }
        memcpy(tag->table, words[i], sizeof(words[i]));
        tag->rule.match[ATTRIBUTE_TABLE] = tag->table;
    }
    tag->rule.times = 1;
    tag->rule.effect.action = ACTION_FAIL;
    snprintf(tag->rule.effect.fail.sqlstate, sizeof(tag->rule.effect.fail.sqlstate), "%s", state);
    return 0;
}

static bool read_seconds(const char *value, int64_t *seconds)
{
    char number[16] = "";
    size_t len = strlen(value);
    if (len < 2 || len >= sizeof(number) || value[len - 1] != 's') {
        return false;
    }
    memcpy(number, value, len - 1);
    return str_to_int(number, 0, PACE_MAX_S, seconds);
}

/* "real"; "5s": each substate lasts at least that long; "polls:3": until so many GETs; "azure": as the
 * service documents. */
static int read_pace(const char *value, struct err *err, struct tag_rule *tag)
{
    static const char polls[] = "polls:";
    struct point_pace *pace = &tag->rule.effect.pace;
    int64_t seconds = 0;
    tag->rule.at = POINT_SUBSTATE_LEAVE;
    if (str_equals(value, "azure")) {
        tag->rule.match[ATTRIBUTE_SUBSTATE] = word_of(WORDS_SUBSTATE, SUB_PERFORMING_PREREQUISITE_STEPS);
        tag->rule.times = 1; /* a migration prepares once; it may return to this substate */
        seconds = AZURE_PREPARATION_S;
    } else if (str_istarts(value, polls) &&
               str_to_int(value + sizeof(polls) - 1, 1, POLLS_MAX, &pace->polls)) {
        pace->patience_us = (int64_t)POLLS_PATIENCE_S * 1000000;
    } else if (!str_equals(value, "real") && !read_seconds(value, &seconds)) {
        return refuse(
            pace_tag, value,
            "real, azure, a least duration of each substate such as 5s, or a number of polls such as "
            "polls:3.",
            err);
    }
    pace->dwell_us = seconds * 1000000;
    tag->rule.effect.action = pace->dwell_us > 0 || pace->polls > 0 ? ACTION_HOLD : ACTION_NONE;
    return 0;
}

typedef int read_fn(const char *value, struct err *err, struct tag_rule *tag);
static const struct known_tag {
    const char *name;
    read_fn *read;
} known_tags[] = {{hold_tag, read_hold}, {fail_tag, read_fail}, {pace_tag, read_pace}};

int migration_tags_check(const char *tags, struct err *err)
{
    json_auto_t *given = json_from_text(tags);
    for (size_t i = 0; given != NULL && i < ARRAY_LEN(known_tags); i++) {
        struct tag_rule tag = {0};
        const char *value = json_string_value(field_get(given, known_tags[i].name));
        if (value != NULL && known_tags[i].read(value, err, &tag) < 0) {
            return -1;
        }
    }
    return 0;
}

/* What a rule shows, in the words of PUT. */
static char *document_of(const struct tag_rule *tag, const char *tag_name, const char *value)
{
    json_auto_t *match = json_object();
    for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
        json_set_text(match, point_attribute_name((enum point_attribute)i), tag->rule.match[i]);
    }
    json_t *action = json_object();
    if (tag->rule.effect.action == ACTION_FAIL) {
        json_set_text(action, "sqlstate", tag->rule.effect.fail.sqlstate);
    }
    json_auto_t *document =
        json_pack("{s:s, s:O, s:I, s:I, s:i, s:{s:o}, s:{s:s}}", "at", point_table[tag->rule.at].name,
                  "match", match, "skip", (json_int_t)tag->rule.skip, "times", (json_int_t)tag->rule.times,
                  "ttlSeconds", tag->rule.ttl_seconds, "do", point_action_name(tag->rule.effect.action),
                  action, "tag", tag_name, value);
    return document == NULL ? NULL : json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS);
}

static void apply(const struct migration *migration, const struct known_tag *known, const char *value)
{
    struct err err = {0};
    struct tag_rule tag = {0};
    bool created = false;
    auto_free char *name = str_format("tag.%s.%s", migration->uuid, strchr(known->name, '.') + 1);
    if (name == NULL) {
        return;
    }
    if (value == NULL || known->read(value, &err, &tag) < 0 || tag.rule.effect.action == ACTION_NONE) {
        rules_delete(name, NULL, NULL);
        return;
    }
    tag.rule.name = name;
    tag.rule.origin = migration->uuid;
    tag.rule.match[ATTRIBUTE_MIGRATION] = migration->uuid;
    tag.rule.ttl_seconds = RULE_TTL_MAX_S;
    auto_free char *document = document_of(&tag, known->name, value);
    tag.rule.document = document;
    if (document != NULL) {
        (void)rules_put(&tag.rule, &err, &created);
    }
}

void migration_tags_apply(const struct migration *migration)
{
    bool ended = migration_state_is_terminal(migration->state);
    json_auto_t *given = json_from_text(ended ? NULL : migration->tags);
    for (size_t i = 0; i < ARRAY_LEN(known_tags); i++) {
        json_t *value = given == NULL ? NULL : field_get(given, known_tags[i].name);
        apply(migration, &known_tags[i], json_string_value(value));
    }
}

/* SPDX-License-Identifier: MIT */
/* A recursive-descent parser that evaluates the filter as it reads. */
#include "handlers/resources/resource_filter_private.h"

#include <ctype.h>
#include <string.h>

#include "core/str.h"

enum { LITERAL_MAX = 512, WORD_MAX = 32, DEPTH_MAX = 16 };

struct parser {
    const char *at;
    const struct filter_item *item;
    char tag_name[LITERAL_MAX + 1]; /* of the last tagName: tagValue refers to that tag */
    int depth;
    bool failed;
};

static bool parse_any(struct parser *parser);

static void skip_blanks(struct parser *parser)
{
    parser->at += strspn(parser->at, " \t");
}

static bool fail(struct parser *parser)
{
    parser->failed = true;
    return false;
}

static bool take_character(struct parser *parser, char c)
{
    skip_blanks(parser);
    if (*parser->at != c) {
        return false;
    }
    parser->at++;
    return true;
}

/* A word of letters; empty if there is none. */
static void take_word(struct parser *parser, char word[static WORD_MAX])
{
    size_t len = 0;
    skip_blanks(parser);
    while (isalpha((unsigned char)parser->at[len]) && len < WORD_MAX - 1) {
        word[len] = parser->at[len];
        len++;
    }
    word[len] = '\0';
    parser->at += len;
}

/* True if the next word is this one, which it then consumes. */
static bool take_keyword(struct parser *parser, const char *keyword)
{
    char word[WORD_MAX];
    const char *before = parser->at;
    take_word(parser, word);
    if (str_iequals(word, keyword)) {
        return true;
    }
    parser->at = before;
    return false;
}

/* 'text', in which '' is an escaped quote. */
static bool take_literal(struct parser *parser, char literal[static LITERAL_MAX + 1])
{
    size_t len = 0;
    if (!take_character(parser, '\'')) {
        return fail(parser);
    }
    for (; *parser->at != '\0' && len < LITERAL_MAX; parser->at++) {
        if (parser->at[0] == '\'' && parser->at[1] != '\'') {
            literal[len] = '\0';
            parser->at++;
            return true;
        }
        parser->at += parser->at[0] == '\'' ? 1 : 0;
        literal[len++] = *parser->at;
    }
    return fail(parser);
}

/* The item's value of a field; checks the name of the field. */
static const char *value_of(struct parser *parser, const char *field)
{
    const struct {
        const char *name;
        const char *value;
    } fields[] = {{"resourceType", parser->item->type},
                  {"name", parser->item->name},
                  {"location", parser->item->location},
                  {"resourceGroup", parser->item->group}};
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (str_iequals(field, fields[i].name)) {
            return fields[i].value == NULL ? "" : fields[i].value;
        }
    }
    fail(parser);
    return "";
}

/* Tag names are compared without case, values with case. */
static bool has_tag(const struct parser *parser, const char *name, const char *value)
{
    const char *key;
    json_t *item;
    json_object_foreach (parser->item->tags, key, item) {
        if ((name == NULL || str_iequals(key, name)) &&
            (value == NULL || str_equals(json_string_value(item), value))) {
            return true;
        }
    }
    return false;
}

static bool compare(struct parser *parser, const char *field, const char *literal)
{
    if (str_iequals(field, "tagName")) {
        memcpy(parser->tag_name, literal, strlen(literal) + 1);
        return has_tag(parser, literal, NULL);
    }
    if (str_iequals(field, "tagValue")) {
        return has_tag(parser, parser->tag_name[0] == '\0' ? NULL : parser->tag_name, literal);
    }
    const char *value = value_of(parser, field);
    if (str_iequals(field, "location")) { /* may be given as the display name */
        char plain[LITERAL_MAX + 1];
        size_t len = 0;
        for (const char *at = literal; *at != '\0'; at++) {
            if (*at != ' ') {
                plain[len++] = *at;
            }
        }
        plain[len] = '\0';
        return str_iequals(value, plain);
    }
    return str_iequals(value, literal);
}

static bool contains(const char *text, const char *part)
{
    for (; *text != '\0'; text++) {
        if (str_istarts(text, part)) {
            return true;
        }
    }
    return *part == '\0';
}

/* substringof('part', field) */
static bool parse_substring(struct parser *parser)
{
    char part[LITERAL_MAX + 1];
    char field[WORD_MAX];
    if (!take_character(parser, '(') || !take_literal(parser, part) || !take_character(parser, ',')) {
        return fail(parser);
    }
    take_word(parser, field);
    bool found = contains(value_of(parser, field), part);
    return take_character(parser, ')') ? found : fail(parser);
}

static bool has_tag_with_start(const struct parser *parser, const char *start)
{
    const char *key;
    json_t *ignored;
    json_object_foreach (parser->item->tags, key, ignored) {
        if (str_istarts(key, start)) {
            return true;
        }
    }
    return false;
}

/* startswith(field, 'start') */
static bool parse_start(struct parser *parser)
{
    char field[WORD_MAX];
    char start[LITERAL_MAX + 1];
    if (!take_character(parser, '(')) {
        return fail(parser);
    }
    take_word(parser, field);
    if (!take_character(parser, ',') || !take_literal(parser, start) || !take_character(parser, ')')) {
        return fail(parser);
    }
    return str_iequals(field, "tagName") ? has_tag_with_start(parser, start)
                                         : str_istarts(value_of(parser, field), start);
}

static bool parse_term(struct parser *parser)
{
    char field[WORD_MAX];
    char operator[WORD_MAX];
    char literal[LITERAL_MAX + 1];
    if (take_character(parser, '(')) {
        bool passes = parse_any(parser);
        return take_character(parser, ')') ? passes : fail(parser);
    }
    take_word(parser, field);
    if (str_iequals(field, "substringof")) {
        return parse_substring(parser);
    }
    if (str_iequals(field, "startswith")) {
        return parse_start(parser);
    }
    take_word(parser, operator);
    if (!take_literal(parser, literal)) {
        return false;
    }
    if (str_iequals(operator, "eq")) {
        return compare(parser, field, literal);
    }
    return str_iequals(operator, "ne") ? !compare(parser, field, literal) : fail(parser);
}

static bool parse_all(struct parser *parser)
{
    bool passes = parse_term(parser);
    while (!parser->failed && take_keyword(parser, "and")) {
        passes = parse_term(parser) && passes;
    }
    return passes;
}

static bool parse_any(struct parser *parser)
{
    if (++parser->depth > DEPTH_MAX) {
        return fail(parser);
    }
    bool passes = parse_all(parser);
    while (!parser->failed && take_keyword(parser, "or")) {
        passes = parse_all(parser) || passes;
    }
    parser->depth--;
    return passes;
}

int resource_filter_match(const char *filter, const struct filter_item *item, struct err *err,
                          bool *ret_passes)
{
    if (filter == NULL || filter[strspn(filter, " \t")] == '\0') {
        *ret_passes = true;
        return 0;
    }
    struct parser parser = {.at = filter, .item = item};
    bool passes = parse_any(&parser);
    skip_blanks(&parser);
    if (parser.failed || *parser.at != '\0') {
        err_set(err, ERR_BAD_REQUEST,
                "The $filter '%.200s' is not understood; write for example resourceType eq "
                "'Microsoft.DBforPostgreSQL/flexibleServers' and location eq 'eastus'.",
                filter);
        return err_target(err, "$filter");
    }
    *ret_passes = passes;
    return 0;
}

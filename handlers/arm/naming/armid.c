/* SPDX-License-Identifier: MIT */
#include "handlers/arm/naming/armid.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/attr.h"
#include "core/memory.h"
#include "core/str.h"

/* Takes the next segment. False at the end of the text or if the segment is empty. */
static bool next_segment(const char **text, const char **ret_segment, size_t *ret_len)
{
    size_t len = strcspn(*text, "/");
    if (len == 0) {
        return false;
    }
    *ret_segment = *text;
    *ret_len = len;
    *text += len;
    if (**text == '/') {
        (*text)++;
    }
    return true;
}

static bool take_literal(const char **text, const char *literal)
{
    const char *at = *text;
    const char *segment = NULL;
    size_t len = 0;
    if (!next_segment(&at, &segment, &len) || len != strlen(literal) ||
        strncasecmp(segment, literal, len) != 0) {
        return false;
    }
    *text = at;
    return true;
}

/* Copies the next segment into *field. */
static bool take_name(const char **text, char **field)
{
    const char *segment = NULL;
    size_t len = 0;
    if (!next_segment(text, &segment, &len)) {
        return false;
    }
    *field = memory_checked(strndup(segment, len));
    return *field != NULL;
}

static bool parse_parts(const char *text, struct armid *id)
{
    if (!take_literal(&text, "subscriptions") || !take_name(&text, &id->subscription_id)) {
        return false;
    }
    if (take_literal(&text, "resourceGroups") && !take_name(&text, &id->group)) {
        return false;
    }
    if (*text == '\0') {
        return true;
    }
    if (!take_literal(&text, "providers") || !take_name(&text, &id->provider)) {
        return false;
    }
    while (*text != '\0') {
        if (id->depth == ARMID_TYPES_MAX) {
            return false;
        }
        int at = id->depth++;
        if (!take_name(&text, &id->types[at]) || !take_name(&text, &id->names[at])) {
            return false;
        }
    }
    return true;
}

bool armid_parse(const char *text, struct armid *ret_id)
{
    auto_armid struct armid id = {0};
    if (text == NULL || !str_is_utf8(text, strlen(text)) || strpbrk(text, "?#") != NULL ||
        !parse_parts(text[0] == '/' ? text + 1 : text, &id)) {
        return false;
    }
    *ret_id = id;
    id = (struct armid){0};
    return true;
}

void armid_done(struct armid *id)
{
    free(id->subscription_id);
    free(id->group);
    free(id->provider);
    for (size_t i = 0; i < ARMID_TYPES_MAX; i++) {
        free(id->types[i]);
        free(id->names[i]);
    }
    *id = (struct armid){0};
}

char *armid_group(const char *subscription_id, const char *group)
{
    return str_format("/subscriptions/%s/resourceGroups/%s", subscription_id, group);
}

char *armid_resource(const char *subscription_id, const char *group, const char *provider, const char *type,
                     const char *name)
{
    return str_format("/subscriptions/%s/resourceGroups/%s/providers/%s/%s/%s", subscription_id, group,
                      provider, type, name);
}

char *armid_child(const char *parent_id, const char *type, const char *name)
{
    return str_format("%s/%s/%s", parent_id, type, name);
}

/* SPDX-License-Identifier: MIT */
#include "core/str_list.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/memory.h"
#include "core/str.h"

bool str_list_add(struct str_list *list, const char *text)
{
    char **items = memory_checked(realloc(list->items, (list->count + 1) * sizeof(*items)));
    if (items == NULL) {
        return false;
    }
    list->items = items;
    items[list->count] = memory_checked(strdup(text));
    if (items[list->count] == NULL) {
        return false;
    }
    list->count++;
    return true;
}

bool str_list_add_items(struct str_list *list, const char *text)
{
    auto_free char *copy = str_dup(text);
    if (copy == NULL) {
        return false;
    }
    for (char *rest = copy; rest != NULL;) {
        char *item = strsep(&rest, ",");
        item += strspn(item, " \t");
        size_t len = strlen(item);
        while (len > 0 && (item[len - 1] == ' ' || item[len - 1] == '\t')) {
            item[--len] = '\0';
        }
        if (len > 0 && !str_list_add(list, item)) {
            return false;
        }
    }
    return true;
}

bool str_list_copy(struct str_list *to, const struct str_list *from)
{
    struct str_list copy = {0};
    for (size_t i = 0; i < from->count; i++) {
        if (!str_list_add(&copy, from->items[i])) {
            str_list_done(&copy);
            return false;
        }
    }
    str_list_done(to);
    *to = copy;
    return true;
}

bool str_list_has(const struct str_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

bool str_list_equals(const struct str_list *a, const struct str_list *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0) {
            return false;
        }
    }
    return true;
}

void str_list_done(struct str_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct str_list){0};
}

char *str_list_to_json(const struct str_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        if (json_array_append_new(array, json_string(list->items[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    char *text = json_dumps(array, JSON_COMPACT);
    json_decref(array);
    return text;
}

bool str_list_from_json(const char *json, struct str_list *ret_list)
{
    json_t *array = memory_parse_text(json, 0);
    struct str_list list = {0};
    bool good = json_is_array(array);
    for (size_t i = 0; good && i < json_array_size(array); i++) {
        const char *item = json_string_value(json_array_get(array, i));
        good = item != NULL && str_list_add(&list, item);
    }
    json_decref(array);
    if (!good) {
        str_list_done(&list);
        return false;
    }
    *ret_list = list;
    return true;
}

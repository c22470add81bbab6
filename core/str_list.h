/* SPDX-License-Identifier: MIT */
/* A list of strings that owns them. An all-zero list is empty and valid. */
#ifndef CORE_STR_LIST_H
#define CORE_STR_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct str_list {
    char **items;
    size_t count;
};

/* Appends a copy. False when memory is out (the list is unchanged). */
bool str_list_add(struct str_list *list, const char *text);
/* Appends the items of "a, b,c" without the spaces around them; skips empty ones. False when memory is
 * out. */
bool str_list_add_items(struct str_list *list, const char *text);
/* Replaces the contents of "to" with copies of those of "from". False when memory is out. */
bool str_list_copy(struct str_list *to, const struct str_list *from);
bool str_list_has(const struct str_list *list, const char *text);
bool str_list_equals(const struct str_list *a, const struct str_list *b);
void str_list_done(struct str_list *list);

/* The list as a JSON array of strings in new memory, and back. NULL / false when memory is out or the text
 * is not such an array. */
char *str_list_to_json(const struct str_list *list);
bool str_list_from_json(const char *json, struct str_list *ret_list);

#define auto_str_list __attribute__((cleanup(str_list_done)))

#endif

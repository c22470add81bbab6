/* SPDX-License-Identifier: MIT */
/* Server parameters whose value is a list of quoted names, for example shared_preload_libraries and
 * search_path. */
#ifndef CORE_PARSE_SETTING_LIST_H
#define CORE_PARSE_SETTING_LIST_H

#include <stdbool.h>

#include "core/str_list.h"

/* The parameters that every supported major treats as such lists (GUC_LIST_QUOTE), compared without case. */
bool setting_is_name_list(const char *parameter);

/* Of these, those that name libraries, likewise. */
bool setting_is_library_list(const char *parameter);

/*
 * Splits a list by PostgreSQL's own rules (SplitDirectoriesString() for libraries, SplitIdentifierString()
 * for the others): commas, white space around the names, double quotes; a quoted name may be empty. False
 * if the text is malformed (an empty element, an open quote) or memory is out. Release with
 * str_list_done() in both cases.
 */
bool setting_list_split(const char *parameter, const char *text, struct str_list *ret_names);

#endif

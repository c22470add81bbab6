/* SPDX-License-Identifier: MIT */
/*
 * Values of clients against the rows that describe them: type, range, known words. Errors are those of the
 * service, with the path of the property. Any thread.
 */
#ifndef HANDLERS_SERVERS_VALUES_VALUE_CHECK_H
#define HANDLERS_SERVERS_VALUES_VALUE_CHECK_H

#include "handlers/arm/property.h"

/* *ret_value: a new reference, words in the spelling of the row. Returns 0, or -1 with err. */
int value_check(const struct property *row, json_t *value, struct err *err, json_t **ret_value);
/*
 * The members of an object by the rows that follow its row, under their names there; of two spellings of a
 * name the last counts, as for Resource Manager. Null stays null (a merge removes the member); unknown and
 * read-only members are left out.
 */
int object_check(const struct property *object, json_t *value, struct err *err, json_t **ret_value);

/* A JSON merge patch (RFC 7396) on an object of which the caller is the only owner. Returns 0, or -1 when
 * memory is out. */
int merge_patch(json_t *object, json_t *patch);

#endif

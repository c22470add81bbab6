/* SPDX-License-Identifier: MIT */
/* The fields that the schema's triggers write: for each a letter for the type (s: text, i: integer), the
 * name, a unit separator (31), the value, a record separator (30). */
#ifndef STORE_TESTING_CHANGE_FIELDS_H
#define STORE_TESTING_CHANGE_FIELDS_H

/* The JSON object of the fields; the caller frees. NULL: no memory. */
char *change_fields_json(const char *text);

#endif

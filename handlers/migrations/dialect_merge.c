/* SPDX-License-Identifier: MIT */
/* Comparing what a request gives with what is stored, and putting it there. */
#include <string.h>

#include "core/str.h"
#include "handlers/migrations/dialect.h"

static const void *member(const struct migration_spec *spec, const struct property *row)
{
    return (const char *)spec + row->field;
}

static bool is_given(const struct dialect_request *request, size_t row)
{
    return (request->given >> row & 1) != 0;
}

bool dialect_gives_field(const struct dialect_request *request, size_t field)
{
    for (size_t i = 0; i < dialect_property_count; i++) {
        if (is_given(request, i) && dialect_properties[i].field == field) {
            return true;
        }
    }
    return false;
}

bool dialect_gives_patchable(const struct dialect_request *request)
{
    for (size_t i = 0; i < dialect_property_count; i++) {
        if (is_given(request, i) && (dialect_properties[i].access & ACCESS_PATCH) != 0) {
            return true;
        }
    }
    return false;
}

/* Resource ids compare without case and with or without the leading slash. */
static bool same_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return str_iequals(a[0] == '/' ? a + 1 : a, b[0] == '/' ? b + 1 : b);
}

static bool same_value(const struct property *row, const struct migration_spec *a,
                       const struct migration_spec *b)
{
    switch (row->kind) {
    case KIND_SSL_MODE: /* an answer may be sent back */
        return str_iequals(dialect_shown_ssl_mode(a), dialect_shown_ssl_mode(b));
    case KIND_TEXT:
    case KIND_SOURCE_TYPE:
        return same_text(*(char *const *)member(a, row), *(char *const *)member(b, row));
    case KIND_NAMES:
        return str_list_equals(member(a, row), member(b, row));
    case KIND_FLAG:
    case KIND_FLAG_WORD: /* unset means false */
        return (*(const enum flag *)member(a, row) == FLAG_TRUE) ==
               (*(const enum flag *)member(b, row) == FLAG_TRUE);
    case KIND_MODE:
    case KIND_OPTION:
        return *(const int *)member(a, row) == *(const int *)member(b, row);
    case KIND_TIME:
        return *(const int64_t *)member(a, row) == *(const int64_t *)member(b, row);
    case KIND_RUN_ID:
    case KIND_NAME:
    case KIND_DETAILS_LEVEL:
    case KIND_STATUS:
    case KIND_TARGET_ID:
    case KIND_SOURCE_METADATA:
    case KIND_TARGET_METADATA:
        break;
    }
    return true;
}

const struct property *dialect_first_difference(const struct dialect_request *request,
                                                const struct migration_spec *spec, unsigned with,
                                                unsigned without)
{
    for (size_t i = 0; i < dialect_property_count; i++) {
        const struct property *row = &dialect_properties[i];
        bool compared = is_given(request, i) && (row->access & with) == with &&
                        (row->access & (without | ACCESS_SECRET)) == 0;
        if (compared && !same_value(row, &request->spec, spec)) {
            return row;
        }
    }
    return NULL;
}

bool dialect_changes_field(const struct dialect_request *request, const struct migration_spec *spec,
                           size_t field)
{
    for (size_t i = 0; i < dialect_property_count; i++) {
        const struct property *row = &dialect_properties[i];
        if (is_given(request, i) && row->field == field && !same_value(row, &request->spec, spec)) {
            return true;
        }
    }
    return false;
}

static bool copy_value(const struct property *row, const struct migration_spec *from,
                       struct migration_spec *to)
{
    void *field = (char *)to + row->field;
    switch (row->kind) {
    case KIND_TEXT:
    case KIND_SOURCE_TYPE:
    case KIND_SSL_MODE:
        return str_replace(field, *(char *const *)member(from, row));
    case KIND_NAMES:
        return str_list_copy(field, member(from, row));
    case KIND_FLAG:
    case KIND_FLAG_WORD:
        *(enum flag *)field = *(const enum flag *)member(from, row);
        break;
    case KIND_MODE:
    case KIND_OPTION:
        *(int *)field = *(const int *)member(from, row);
        break;
    case KIND_TIME:
        *(int64_t *)field = *(const int64_t *)member(from, row);
        break;
    case KIND_RUN_ID:
    case KIND_NAME:
    case KIND_DETAILS_LEVEL:
    case KIND_STATUS:
    case KIND_TARGET_ID:
    case KIND_SOURCE_METADATA:
    case KIND_TARGET_METADATA:
        break;
    }
    return true;
}

int dialect_merge(const struct dialect_request *request, struct migration_spec *spec, struct err *err)
{
    for (size_t i = 0; i < dialect_property_count; i++) {
        const struct property *row = &dialect_properties[i];
        if (is_given(request, i) && (row->access & ACCESS_PATCH) != 0 &&
            !copy_value(row, &request->spec, spec)) {
            return err_no_memory(err);
        }
    }
    return 0;
}

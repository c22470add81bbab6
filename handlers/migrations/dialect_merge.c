/* SPDX-License-Identifier: MIT */
/* Compares the values of a request with the stored ones, and stores them. */
#include "core/attr.h"
#include "core/str.h"
#include "handlers/migrations/dialect_private.h"

/* ---- the values of one property --------------------------------------------------------------------------
 */

/* Resource ids compare without case and with or without the leading slash. */
static bool same_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return str_iequals(a[0] == '/' ? a + 1 : a, b[0] == '/' ? b + 1 : b);
}

bool dialect_same_text(const struct property *row, const void *a, const void *b)
{
    return same_text(*(char *const *)property_value(row, a), *(char *const *)property_value(row, b));
}

bool dialect_same_names(const struct property *row, const void *a, const void *b)
{
    return str_list_equals(property_value(row, a), property_value(row, b));
}

/* Unset means false. */
bool dialect_same_flag(const struct property *row, const void *a, const void *b)
{
    return (*(const enum flag *)property_value(row, a) == FLAG_TRUE) ==
           (*(const enum flag *)property_value(row, b) == FLAG_TRUE);
}

bool dialect_same_time(const struct property *row, const void *a, const void *b)
{
    return *(const int64_t *)property_value(row, a) == *(const int64_t *)property_value(row, b);
}

bool dialect_same_word(const struct property *row, const void *a, const void *b)
{
    return *(const int *)property_value(row, a) == *(const int *)property_value(row, b);
}

/* Clients may send back a response. */
bool dialect_same_ssl_mode(const struct property *row, const void *a, const void *b)
{
    (void)row;
    return str_iequals(dialect_shown_ssl_mode(a), dialect_shown_ssl_mode(b));
}

bool dialect_copy_text(const struct property *row, const void *from, void *to)
{
    return str_replace(property_member(row, to), *(char *const *)property_value(row, from));
}

bool dialect_copy_names(const struct property *row, const void *from, void *to)
{
    return str_list_copy(property_member(row, to), property_value(row, from));
}

bool dialect_copy_flag(const struct property *row, const void *from, void *to)
{
    *(enum flag *)property_member(row, to) = *(const enum flag *)property_value(row, from);
    return true;
}

bool dialect_copy_time(const struct property *row, const void *from, void *to)
{
    *(int64_t *)property_member(row, to) = *(const int64_t *)property_value(row, from);
    return true;
}

bool dialect_copy_word(const struct property *row, const void *from, void *to)
{
    *(int *)property_member(row, to) = *(const int *)property_value(row, from);
    return true;
}

/* ---- all properties of a request -------------------------------------------------------------------------
 */

/* The row that the request contains, if it is one of the migration's settings; NULL otherwise. */
static const struct property *given_row(const struct dialect_request *request, size_t index)
{
    const struct property *row = &migration_description.rows[index];
    bool setting = row->type != NULL && row->type->same != NULL;
    return setting && request->given[index] ? row : NULL;
}

bool dialect_gives_field(const struct dialect_request *request, size_t field)
{
    for (size_t i = 0; i < migration_description.count; i++) {
        const struct property *row = given_row(request, i);
        if (row != NULL && row->field == field) {
            return true;
        }
    }
    return false;
}

bool dialect_gives_patchable(const struct dialect_request *request)
{
    for (size_t i = 0; i < migration_description.count; i++) {
        const struct property *row = given_row(request, i);
        if (row != NULL && (row->access & ACCESS_PATCH) != 0) {
            return true;
        }
    }
    return false;
}

const struct property *dialect_first_difference(const struct dialect_request *request,
                                                const struct migration_spec *spec, unsigned with,
                                                unsigned without)
{
    for (size_t i = 0; i < migration_description.count; i++) {
        const struct property *row = given_row(request, i);
        bool compared =
            row != NULL && (row->access & with) == with && (row->access & (without | ACCESS_SECRET)) == 0;
        if (compared && !row->type->same(row, &request->spec, spec)) {
            return row;
        }
    }
    return NULL;
}

/* What a substate waits for. */
static bool is_awaited(const struct property *row, enum migration_substate substate)
{
    static const struct {
        enum migration_substate substate;
        size_t field;
    } waits[] = {
        {SUB_WAITING_FOR_LOGICAL_REPLICATION, offsetof(struct migration_spec, setup_replication)},
        {SUB_WAITING_FOR_DATABASES, offsetof(struct migration_spec, databases)},
        {SUB_WAITING_FOR_OVERWRITE, offsetof(struct migration_spec, overwrite)},
        {SUB_WAITING_FOR_SCHEDULING, offsetof(struct migration_spec, start_data_migration)},
        {SUB_WAITING_FOR_SCHEDULING, offsetof(struct migration_spec, window_start_us)},
        {SUB_WAITING_FOR_WINDOW, offsetof(struct migration_spec, start_data_migration)},
        {SUB_WAITING_FOR_WINDOW, offsetof(struct migration_spec, window_start_us)},
    };
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        if (waits[i].substate == substate && waits[i].field == row->field) {
            return true;
        }
    }
    return false;
}

const struct property *dialect_first_undecided(const struct dialect_request *request,
                                               const struct migration_spec *spec,
                                               enum migration_substate substate)
{
    for (size_t i = 0; i < migration_description.count; i++) {
        const struct property *row = given_row(request, i);
        bool compared = row != NULL && (row->access & ACCESS_PUT) != 0 &&
                        (row->access & (ACCESS_DECIDES | ACCESS_SECRET)) == 0 && !is_awaited(row, substate);
        if (compared && !row->type->same(row, &request->spec, spec)) {
            return row;
        }
    }
    return NULL;
}

bool dialect_changes_field(const struct dialect_request *request, const struct migration_spec *spec,
                           size_t field)
{
    for (size_t i = 0; i < migration_description.count; i++) {
        const struct property *row = given_row(request, i);
        if (row != NULL && row->field == field && !row->type->same(row, &request->spec, spec)) {
            return true;
        }
    }
    return false;
}

void dialect_forget_decided(struct dialect_request *request, const struct migration_spec *spec)
{
    const struct {
        size_t flag, list;
    } pairs[] = {
        {offsetof(struct migration_spec, trigger_cutover),
         offsetof(struct migration_spec, cutover_databases)},
        {offsetof(struct migration_spec, cancel), offsetof(struct migration_spec, cancel_databases)}};
    for (size_t i = 0; i < migration_description.count; i++) {
        const struct property *row = given_row(request, i);
        if (row == NULL || (row->access & ACCESS_PATCH) == 0 || !row->type->same(row, &request->spec, spec)) {
            continue;
        }
        bool kept = false;
        for (size_t j = 0; j < ARRAY_LEN(pairs); j++) {
            kept =
                kept || (row->field == pairs[j].flag && dialect_changes_field(request, spec, pairs[j].list));
        }
        request->given[i] = kept;
    }
}

int dialect_merge(const struct dialect_request *request, struct migration_spec *spec, struct err *err)
{
    for (size_t i = 0; i < migration_description.count; i++) {
        const struct property *row = given_row(request, i);
        if (row != NULL && (row->access & ACCESS_PATCH) != 0 && !row->type->copy(row, &request->spec, spec)) {
            return err_no_memory(err);
        }
    }
    return 0;
}

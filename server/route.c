/* SPDX-License-Identifier: MIT */
/*
 * Rows are prepared once: patterns are split into segments and ordered by their number, so that a request
 * is compared only with the few rows of its length. Rows that match only the end of a path follow all
 * others.
 */
#include "server/route.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/str.h"

struct row {
    const struct route *route;
    char *text; /* the pattern, split at its slashes */
    const char *segments[REQUEST_SEGMENTS_MAX];
    size_t count;
    bool tail;         /* the pattern began with {*}: only the last segments of a path are compared */
    uint32_t params;   /* bit i: segment i is a parameter, and its text is the name */
    uint32_t literals; /* the other segments, leftmost in the highest bit: a greater value is more specific */
};

struct route_table {
    struct row *rows; /* tails last, then by count, then as given */
    size_t count;
    size_t first[REQUEST_SEGMENTS_MAX + 2]; /* first[n]: index of the first row with n segments */
    size_t first_tail;
};

/* Removes the braces of a parameter and records it. */
static bool add_segment(struct row *row, char *segment)
{
    if (row->count == REQUEST_SEGMENTS_MAX) {
        return false;
    }
    size_t len = strlen(segment);
    if (strcmp(segment, "{*}") == 0) {
        bool leading = row->count == 0 && !row->tail;
        row->tail = true;
        return leading;
    }
    if (segment[0] == '{') {
        if (len < 3 || segment[len - 1] != '}') {
            return false;
        }
        segment[len - 1] = '\0';
        segment++;
        row->params |= UINT32_C(1) << row->count;
    } else {
        row->literals |= UINT32_C(1) << (31 - row->count);
    }
    row->segments[row->count++] = segment;
    return true;
}

static int prepare_row(struct row *row, const struct route *route, struct err *err)
{
    if (route->pattern == NULL || route->pattern[0] != '/' || route->handler == NULL ||
        route->operation_id == NULL) {
        return err_set(err, ERR_INTERNAL, "a row of the route table is incomplete");
    }
    row->route = route;
    row->text = strdup(route->pattern);
    if (row->text == NULL) {
        return err_no_memory(err);
    }
    char *rest = row->text;
    while (rest != NULL) {
        char *segment = strsep(&rest, "/");
        if (*segment != '\0' && !add_segment(row, segment)) {
            return err_set(err, ERR_INTERNAL, "route '%s' has a bad segment or too many", route->pattern);
        }
    }
    if (row->tail && row->count == 0) {
        return err_set(err, ERR_INTERNAL, "route '%s' would match everything", route->pattern);
    }
    if (__builtin_popcount(row->params) > REQUEST_PARAMS_MAX) {
        return err_set(err, ERR_INTERNAL, "route '%s' has too many parameters", route->pattern);
    }
    return 0;
}

/* Both match the same requests. */
static bool same_pattern(const struct row *a, const struct row *b)
{
    if (a->tail != b->tail || a->count != b->count || a->params != b->params) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        bool param = (a->params >> i & 1) != 0;
        if (!param && strcasecmp(a->segments[i], b->segments[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* Call it before the rows are sorted, because both arrays must correspond. */
static int check_unique(const struct route_table *table, const struct route *given, struct err *err)
{
    for (size_t i = 1; i < table->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (given[i].method == given[k].method && same_pattern(&table->rows[i], &table->rows[k])) {
                return err_set(err, ERR_INTERNAL, "route '%s %s' is in the table twice",
                               method_name(given[i].method), given[i].pattern);
            }
        }
    }
    return 0;
}

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left;
    const struct row *b = right;
    if (a->tail != b->tail) {
        return a->tail ? 1 : -1;
    }
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    return a->route < b->route ? -1 : a->route > b->route;
}

static void index_rows(struct route_table *table)
{
    if (table->count > 0) {
        qsort(table->rows, table->count, sizeof(table->rows[0]), compare_rows);
    }
    table->first_tail = table->count;
    while (table->first_tail > 0 && table->rows[table->first_tail - 1].tail) {
        table->first_tail--;
    }
    size_t at = 0;
    for (size_t n = 0; n < ARRAY_LEN(table->first); n++) {
        while (at < table->first_tail && table->rows[at].count < n) {
            at++;
        }
        table->first[n] = at;
    }
}

int route_table_new(const struct route *rows, size_t count, struct err *err, struct route_table **ret_table)
{
    struct route_table *table = calloc(1, sizeof(*table));
    struct row *prepared = calloc(count + 1, sizeof(*prepared));
    if (table == NULL || prepared == NULL) {
        free(table);
        free(prepared);
        return err_no_memory(err);
    }
    table->rows = prepared;
    table->count = count;
    for (size_t i = 0; i < count; i++) {
        if (prepare_row(&table->rows[i], &rows[i], err) < 0) {
            route_table_free(table);
            return -1;
        }
    }
    if (check_unique(table, rows, err) < 0) {
        route_table_free(table);
        return -1;
    }
    index_rows(table);
    *ret_table = table;
    return 0;
}

void route_table_free(struct route_table *table)
{
    if (table == NULL) {
        return;
    }
    for (size_t i = 0; i < table->count; i++) {
        free(table->rows[i].text);
    }
    free(table->rows);
    free(table);
}

static bool matches(const struct row *row, const struct request *request)
{
    if (row->count > request->segment_count) {
        return false;
    }
    char *const *segments = request->segments + (request->segment_count - row->count);
    /* From the right: the types at the end differ more often than "subscriptions" at the start. */
    for (size_t i = row->count; i-- > 0;) {
        if ((row->params >> i & 1) == 0 && strcasecmp(row->segments[i], segments[i]) != 0) {
            return false;
        }
    }
    return true;
}

static void fill_params(const struct row *row, struct request *request)
{
    char *const *segments = request->segments + (request->segment_count - row->count);
    request->route = row->route;
    request->param_count = 0;
    for (size_t i = 0; i < row->count; i++) {
        if ((row->params >> i & 1) != 0) {
            request->params[request->param_count++] = (struct request_pair){row->segments[i], segments[i]};
        }
    }
}

static void list_methods(unsigned methods, char allow[static ROUTE_ALLOW_SIZE])
{
    size_t used = 0;
    allow[0] = '\0';
    for (unsigned i = 0; i < METHOD_OTHER; i++) {
        if ((methods >> i & 1) != 0 && used < ROUTE_ALLOW_SIZE) {
            int len = snprintf(allow + used, ROUTE_ALLOW_SIZE - used, "%s%s", used == 0 ? "" : ", ",
                               method_name((enum method)i));
            used += len < 0 ? 0 : (size_t)len;
        }
    }
}

struct search {
    const struct row *best;
    unsigned methods; /* of all rows that match the path, bit by bit */
};

static bool is_better(const struct row *row, const struct row *best, bool exact)
{
    if (best == NULL || row->count != best->count) {
        return best == NULL || row->count > best->count;
    }
    return row->literals > best->literals ||
           (row->literals == best->literals && exact && best->route->method != row->route->method);
}

static void search_rows(const struct route_table *table, size_t from, size_t to,
                        const struct request *request, struct search *search)
{
    for (size_t i = from; i < to; i++) {
        const struct row *row = &table->rows[i];
        if (!matches(row, request)) {
            continue;
        }
        enum method method = row->route->method;
        search->methods |= 1U << method;
        bool exact = method == request->method;
        if ((exact || (request->method == METHOD_HEAD && method == METHOD_GET)) &&
            is_better(row, search->best, exact)) {
            search->best = row;
        }
    }
}

int route_match(const struct route_table *table, struct request *request, char allow[static ROUTE_ALLOW_SIZE],
                struct err *err)
{
    size_t count = request->segment_count;
    struct search search = {0};
    search_rows(table, table->first[count], table->first[count + 1], request, &search);
    if (search.methods == 0) {
        search_rows(table, table->first_tail, table->count, request, &search);
    }
    if (search.best != NULL) {
        fill_params(search.best, request);
        return 0;
    }
    unsigned methods = search.methods;
    if (methods == 0) {
        return err_set(err, ERR_NOT_FOUND, "There is nothing at this path.");
    }
    methods |= (methods >> METHOD_GET & 1) << METHOD_HEAD | 1U << METHOD_OPTIONS;
    list_methods(methods, allow);
    return err_set(err, ERR_METHOD_NOT_ALLOWED,
                   "The requested resource does not support http method '%s'. It supports: %s.",
                   request->method_text[0] != '\0' ? request->method_text : method_name(request->method),
                   allow);
}

void route_print(FILE *out)
{
    for (size_t i = 0; i < route_count; i++) {
        fprintf(out, "%-7s %s  %s  %s\n", method_name(routes[i].method), routes[i].pattern,
                routes[i].operation_id, routes[i].action == NULL ? "-" : routes[i].action);
    }
}

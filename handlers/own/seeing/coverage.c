/* SPDX-License-Identifier: MIT */
/* What a test suite has seen of all that exists: the lists come from the tables that decide it. */
#include "handlers/own/seeing/coverage.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "executor/fsm/migration_fsm.h"
#include "handlers/arm/api_version.h"
#include "handlers/arm/app.h"
#include "handlers/own/seeing/seeing.h"
#include "server/reply.h"
#include "server/route.h"
#include "store/testing/coverage.h"

enum { SUBSCRIPTIONS_MAX = 1000, NAME_SIZE = 256 };

struct coverage {
    pthread_mutex_t mutex;
    json_t *all;             /* {kind: {name: count}} */
    json_t *by_subscription; /* {id: the same} */
};

struct coverage *coverage_new(void)
{
    struct coverage *coverage = calloc(1, sizeof(*coverage));
    if (coverage != NULL) {
        pthread_mutex_init(&coverage->mutex, NULL);
        coverage->all = json_object();
        coverage->by_subscription = json_object();
    }
    return coverage;
}

void coverage_free(struct coverage *coverage)
{
    if (coverage == NULL) {
        return;
    }
    json_decref(coverage->all);
    json_decref(coverage->by_subscription);
    pthread_mutex_destroy(&coverage->mutex);
    free(coverage);
}

static void count(json_t *kinds, const char *kind, const char *name, json_int_t by)
{
    json_t *names = json_object_get(kinds, kind);
    if (names == NULL) {
        names = json_object();
        json_object_set_new(kinds, kind, names);
    }
    json_t *number = json_object_get(names, name);
    if (number == NULL) {
        json_object_set_new(names, name, json_integer(by));
    } else {
        json_integer_set(number, json_integer_value(number) + by);
    }
}

static void count_request(json_t *kinds, const struct request *request)
{
    const struct route *route = request->route;
    const char *error = request->reply.error_code;
    if (error != NULL) {
        count(kinds, "errorCodes", error, 1);
    }
    if (route == NULL) {
        return;
    }
    count(kinds, "operations", route->operation_id, 1);
    const struct resource_type *type =
        route->resource_type == NULL ? NULL : resource_type_find(route->resource_type);
    if (type != NULL && request->api_version != NULL &&
        resource_type_has_version(type, request->api_version)) {
        char name[NAME_SIZE];
        snprintf(name, sizeof(name), "%s/%s@%s", type->namespace_name, type->name, request->api_version);
        count(kinds, "apiVersions", name, 1);
    }
}

/* Of the path; NULL: none. Ids are compared without case, so they are written in small letters. */
static const char *subscription_of(const struct request *request, char id[static NAME_SIZE])
{
    if (request->segment_count < 2 || !str_iequals(request->segments[0], "subscriptions") ||
        !str_is_uuid(request->segments[1])) {
        return NULL;
    }
    snprintf(id, NAME_SIZE, "%s", request->segments[1]);
    for (char *at = id; *at != '\0'; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
    return id;
}

void coverage_add(struct coverage *coverage, const struct request *request)
{
    char id[NAME_SIZE];
    if (coverage == NULL) {
        return;
    }
    const char *subscription_id = subscription_of(request, id);
    pthread_mutex_lock(&coverage->mutex);
    count_request(coverage->all, request);
    if (subscription_id != NULL) {
        json_t *kinds = json_object_get(coverage->by_subscription, subscription_id);
        if (kinds == NULL && json_object_size(coverage->by_subscription) < SUBSCRIPTIONS_MAX) {
            kinds = json_object();
            json_object_set_new(coverage->by_subscription, subscription_id, kinds);
        }
        if (kinds != NULL) {
            count_request(kinds, request);
        }
    }
    pthread_mutex_unlock(&coverage->mutex);
}

/* ---- the answer ---- */

struct section {
    const json_t *counts; /* {name: count}, or NULL */
    json_t *value;
    json_int_t seen;
};

static void add_name(struct section *section, const char *name)
{
    json_int_t seen = json_integer_value(json_object_get(section->counts, name));
    section->seen += seen > 0;
    json_array_append_new(section->value, json_pack("{s:s, s:I}", "name", name, "count", seen));
}

static void add_words(struct section *section, enum vocabulary vocabulary, int max)
{
    for (int i = 0; i < max; i++) {
        add_name(section, word_of(vocabulary, i));
    }
}

static void add_states(struct section *section)
{
    add_words(section, WORDS_MIGRATION_STATE, STATE_COUNT);
}

static void add_substates(struct section *section)
{
    add_words(section, WORDS_SUBSTATE, SUB_COUNT);
}

static void add_transitions(struct section *section)
{
    char name[NAME_SIZE];
    for (int from = 0; from < SUB_COUNT; from++) {
        for (int to = 0; to < SUB_COUNT; to++) {
            if (migration_may_move((enum migration_substate)from, (enum migration_substate)to)) {
                snprintf(name, sizeof(name), "%s>%s", word_of(WORDS_SUBSTATE, from),
                         word_of(WORDS_SUBSTATE, to));
                add_name(section, name);
            }
        }
    }
}

static void add_errors(struct section *section)
{
    for (int i = 0; i < ERR_COUNT; i++) {
        const char *name = err_wire_code((enum err_code)i);
        bool again = false; /* two rows may have one code */
        for (int j = 0; j < i; j++) {
            again = again || str_equals(err_wire_code((enum err_code)j), name);
        }
        if (!again) {
            add_name(section, name);
        }
    }
}

static void add_versions(struct section *section)
{
    char name[NAME_SIZE];
    for (size_t i = 0; i < resource_type_count; i++) {
        const struct resource_type *type = &resource_types[i];
        const char *version = resource_type_version(type, 0);
        for (size_t j = 0; version != NULL; version = resource_type_version(type, ++j)) {
            snprintf(name, sizeof(name), "%s/%s@%s", type->namespace_name, type->name, version);
            add_name(section, name);
        }
    }
}

static void add_operations(struct section *section)
{
    for (size_t i = 0; i < route_count; i++) {
        add_name(section, routes[i].operation_id);
    }
}

static void take(void *arg, const char *kind, const char *name, int64_t number)
{
    count(arg, kind, name, (json_int_t)number);
}

static json_t *counts_of_requests(struct coverage *coverage, const char *subscription_id)
{
    json_t *found = NULL;
    if (coverage != NULL) {
        pthread_mutex_lock(&coverage->mutex);
        found = json_deep_copy(subscription_id == NULL
                                   ? coverage->all
                                   : json_object_get(coverage->by_subscription, subscription_id));
        pthread_mutex_unlock(&coverage->mutex);
    }
    return found == NULL ? json_object() : found;
}

void malachite_coverage(struct request *request)
{
    static const struct {
        const char *name;
        const char *kind;
        void (*add)(struct section *section);
    } sections[] = {{"states", "state", add_states},
                    {"substates", "substate", add_substates},
                    {"transitions", "transition", add_transitions},
                    {"errorCodes", "errorCodes", add_errors},
                    {"apiVersions", "apiVersions", add_versions},
                    {"operations", "operations", add_operations}};
    struct err err = {0};
    const char *subscription_id = request_query(request, "subscription");
    json_auto_t *counts = counts_of_requests(request->app->coverage, subscription_id);
    if (store_coverage_list(request->app->store, subscription_id, &err, take, counts) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *body = json_pack("{s:s*}", "subscription", subscription_id);
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        struct section section = {.counts = json_object_get(counts, sections[i].kind), .value = json_array()};
        sections[i].add(&section);
        json_object_set_new(body, sections[i].name,
                            json_pack("{s:I, s:I, s:o}", "seen", section.seen, "of",
                                      (json_int_t)json_array_size(section.value), "value", section.value));
    }
    reply_json(request, 200, body);
}

void malachite_coverage_clear(struct request *request)
{
    struct err err = {0};
    struct coverage *coverage = request->app->coverage;
    const char *subscription_id = request_query(request, "subscription");
    if (store_coverage_clear(request->app->store, subscription_id, &err) < 0) {
        reply_error(request, &err);
        return;
    }
    if (coverage != NULL) {
        pthread_mutex_lock(&coverage->mutex);
        if (subscription_id == NULL) {
            json_object_clear(coverage->all);
            json_object_clear(coverage->by_subscription);
        } else {
            json_object_del(coverage->by_subscription, subscription_id);
        }
        pthread_mutex_unlock(&coverage->mutex);
    }
    reply_empty(request, 204);
}

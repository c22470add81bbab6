/* SPDX-License-Identifier: MIT */
/* The journal of requests: a long poll for calls, and a check that calls came in an order. */
#include <string.h>

#include "core/str.h"
#include "handlers/arm/app.h"
#include "handlers/own/own.h"
#include "handlers/own/seeing/seeing.h"
#include "handlers/own/seeing/wait_timeout.h"
#include "server/reply.h"
#include "server/request_log.h"

enum { COUNT_MAX = 100000, STEPS_MAX = 100, STEP_SIZE = 128 };

void malachite_request_wait(struct request *request)
{
    struct err err = {0};
    struct request_log_filter filter;
    int64_t timeout_ms = 0;
    int64_t count = 1;
    const char *text = request_query(request, "count");
    if (own_request_filter(request, &err, &filter) < 0 || wait_timeout(request, &err, &timeout_ms) < 0) {
        reply_error(request, &err);
        return;
    }
    if (text != NULL && !str_to_int(text, 1, COUNT_MAX, &count)) {
        reply_fail(request, ERR_BAD_PARAMETER, "The query parameter count must be a number from 1 to %d.",
                   COUNT_MAX);
        return;
    }
    json_auto_t *list = request_log_list(request->app->request_log, &filter);
    bool good = json_integer_value(json_object_get(list, "count")) >= count;
    if (list != NULL && !good && request_keep_waiting(request, timeout_ms)) {
        return;
    }
    reply_json(request, good ? 200 : 408, TAKE(list));
}

/* One expected call: "Migrations_Create", or with its status, "Migrations_Create:201". */
struct step {
    char operation[STEP_SIZE];
    int64_t status; /* 0: any */
};

static int read_steps(const struct request *request, struct err *err, struct step steps[static STEPS_MAX],
                      size_t *ret_count)
{
    const char *at = request_query(request, "sequence");
    size_t count = 0;
    while (at != NULL && *at != '\0' && count < STEPS_MAX) {
        size_t len = strcspn(at, ",");
        size_t name = strcspn(at, ":,");
        struct step *step = &steps[count];
        auto_free char *status = name < len ? str_format("%.*s", (int)(len - name - 1), at + name + 1) : NULL;
        step->status = 0;
        if (name == 0 || name >= STEP_SIZE ||
            (status != NULL && !str_to_int(status, 100, 599, &step->status))) {
            count = 0;
            break;
        }
        memcpy(step->operation, at, name);
        step->operation[name] = '\0';
        count++;
        at += len + (at[len] == ',');
    }
    if (at == NULL || count == 0 || *at != '\0') {
        err_set(
            err, ERR_BAD_PARAMETER,
            "The query parameter sequence must be 1 to %d operations with commas in between, each with its "
            "status if that matters: Migrations_Create:201,Migrations_Get.",
            STEPS_MAX);
        return err_target(err, "sequence");
    }
    *ret_count = count;
    return 0;
}

static bool is_operation(const json_t *entry, const struct step *step)
{
    return str_iequals(json_string_value(json_object_get(entry, "operation")), step->operation);
}

static bool is_call(const json_t *entry, const struct step *step)
{
    return is_operation(entry, step) &&
           (step->status == 0 || json_integer_value(json_object_get(entry, "status")) == step->status);
}

/* The calls from `from` on; the list is newest first. */
static json_t *call_at(const json_t *list, size_t index)
{
    return json_array_get(list, json_array_size(list) - 1 - index);
}

/* The first call of this kind in [from, to), or `to`. */
static size_t find(const json_t *list, size_t from, size_t to, const struct step *step,
                   bool (*is)(const json_t *, const struct step *))
{
    while (from < to && !is(call_at(list, from), step)) {
        from++;
    }
    return from;
}

/* The call that comes closest to the missing one, and how it differs. */
static json_t *nearest_miss(const json_t *list, size_t after, const struct step *step)
{
    size_t total = json_array_size(list);
    size_t same = find(list, after, total, step, is_operation);
    if (same < total) {
        return json_pack("{s:s, s:O}", "differs", "status", "call", call_at(list, same));
    }
    size_t early = find(list, 0, after, step, is_call);
    if (early < after) {
        return json_pack("{s:s, s:O}", "differs", "order", "call", call_at(list, early));
    }
    return after < total ? json_pack("{s:s, s:O}", "differs", "operation", "call", call_at(list, after))
                         : json_pack("{s:s}", "differs", "missing");
}

/* With exact, nothing may come between two calls of the sequence. */
static json_t *verify(const json_t *list, const struct step *steps, size_t count, bool exact)
{
    size_t total = json_array_size(list);
    size_t at = 0;
    json_t *matched = json_array();
    for (size_t i = 0; i < count; i++) {
        size_t end = exact && i > 0 && at < total ? at + 1 : total;
        size_t found = find(list, at, end, &steps[i], is_call);
        if (found == end) {
            json_t *instead = at < total ? json_incref(call_at(list, at)) : NULL;
            return json_pack("{s:b, s:o, s:{s:I, s:s, s:I}, s:o*, s:o}", "verified", 0, "matched", matched,
                             "missing", "index", (json_int_t)i, "operation", steps[i].operation, "status",
                             (json_int_t)steps[i].status, "instead", instead, "nearest",
                             nearest_miss(list, at, &steps[i]));
        }
        json_array_append(matched, call_at(list, found));
        at = found + 1;
    }
    return json_pack("{s:b, s:o}", "verified", 1, "matched", matched);
}

void malachite_request_verify(struct request *request)
{
    struct err err = {0};
    struct request_log_filter filter;
    struct step steps[STEPS_MAX];
    size_t count = 0;
    const char *exact = request_query(request, "exact");
    if (own_request_filter(request, &err, &filter) < 0 || read_steps(request, &err, steps, &count) < 0) {
        reply_error(request, &err);
        return;
    }
    filter.limit = 0;
    json_auto_t *list = request_log_list(request->app->request_log, &filter);
    json_t *result = verify(json_object_get(list, "value"), steps, count, str_iequals(exact, "true"));
    reply_json(request, json_is_true(json_object_get(result, "verified")) ? 200 : 409, result);
}

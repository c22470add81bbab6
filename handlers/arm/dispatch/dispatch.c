/* SPDX-License-Identifier: MIT */
/*
 * The order of the checks is Resource Manager's: api-version present, authentication, subscription,
 * provider and type, api-version valid for the type, access control. The handlers check registration,
 * resource group and body.
 */
#include "handlers/arm/dispatch/dispatch.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "core/log.h"
#include "core/memory.h"
#include "core/options/subscriptions.h"
#include "core/points/points.h"
#include "core/str.h"
#include "handlers/arm/api_version.h"
#include "handlers/arm/app.h"
#include "handlers/arm/dispatch/service_headers.h"
#include "handlers/arm/dispatch/subscription_entry.h"
#include "handlers/arm/http/origin.h"
#include "handlers/arm/http/precondition.h"
#include "server/answer_cache.h"
#include "server/reply.h"

/* Replies with an error of Resource Manager itself rather than of the resource provider behind it. */
static void answer_as_gateway(struct request *request, const struct err *err)
{
    reply_header(request, "x-ms-failure-cause", "gateway");
    reply_error(request, err);
}

static int check_api_version_given(const struct request *request, struct err *err)
{
    if (request->api_version == NULL) {
        return err_set(err, ERR_MISSING_API_VERSION,
                       "The api-version query parameter (?api-version=) is required for all requests.");
    }
    return 0;
}

static int authenticate(struct request *request, struct err *err)
{
    return request->app->authenticate == NULL ? 0 : request->app->authenticate(request, err);
}

static int check_subscription(const struct request *request, const char *id, struct err *err)
{
    if (!str_is_uuid(id)) {
        return err_set(err, ERR_BAD_SUBSCRIPTION_ID,
                       "The provided subscription identifier '%s' is malformed or invalid.", id);
    }
    if (!subscriptions_admit(request->app->options, id)) {
        return err_set(err, ERR_SUBSCRIPTION_NOT_FOUND, "The subscription '%s' could not be found.", id);
    }
    return 0;
}

/* The location in the path, which the error for an api-version quotes. */
static const char *location_of(const struct request *request)
{
    const char *location = request_param(request, "location");
    return location != NULL ? location : request_param(request, "locationName");
}

static int check_api_version(struct request *request, struct err *err)
{
    const char *type = request->route->resource_type;
    if ((request->route->flags & ROUTE_ARM) == 0 || type == NULL) {
        return 0;
    }
    const char *warning = NULL;
    const struct options *options = request->app->options;
    bool strict = options->strict_api_version || options->strict_service;
    if (api_version_check(type, request->api_version, strict, location_of(request), err, &warning) < 0) {
        return -1;
    }
    if (warning != NULL) {
        reply_warning(request, warning);
    }
    return 0;
}

static bool segment_is(const struct request *request, size_t at, const char *literal)
{
    return at < request->segment_count && strcasecmp(request->segments[at], literal) == 0;
}

/* Malachite's own calls reveal what is migrated and from where; with strict sign-in they need a token. */
static bool needs_token(const struct request *request)
{
    unsigned flags = request->route->flags;
    if ((flags & (ROUTE_ARM | ROUTE_TOKEN)) != 0) {
        return true;
    }
    return segment_is(request, 0, "_malachite") && (flags & ROUTE_OPEN) == 0 &&
           str_equals(request->app->options->auth, "strict");
}

/* A list that comes whole has no further page. */
static int check_paging(struct request *request, struct err *err)
{
    const struct route *route = request->route;
    bool whole = route->answer != NULL && str_istarts(route->answer, "[]") &&
                 (route->query == NULL || strstr(route->query, "$skipToken") == NULL);
    if (whole && route->method == METHOD_GET && request_query(request, "$skipToken") != NULL) {
        err_set(err, ERR_BAD_PARAMETER, "The $skipToken is not valid: this list has only one page.");
        return err_target(err, "$skipToken");
    }
    return 0;
}

static int check_route(struct request *request, struct err *err)
{
    if (origin_check_site(request, err) < 0 || origin_check_media_type(request, err) < 0) {
        return -1;
    }
    if ((request->route->flags & ROUTE_ARM) != 0 && check_api_version_given(request, err) < 0) {
        return -1;
    }
    if (needs_token(request) && authenticate(request, err) < 0) {
        return -1;
    }
    if ((request->route->flags & ROUTE_FORM) != 0 && request_parse_form(request, err) < 0) {
        return -1;
    }
    const char *subscription_id = request_param(request, "subscriptionId");
    if (subscription_id != NULL && check_subscription(request, subscription_id, err) < 0) {
        return -1;
    }
    if (check_api_version(request, err) < 0 || check_paging(request, err) < 0) {
        return -1;
    }
    return request->app->authorize == NULL ? 0 : request->app->authorize(request, err);
}

/* The index of "providers" in the path, or the number of segments. */
static size_t find_providers(const struct request *request)
{
    size_t at = 0;
    while (at < request->segment_count && !segment_is(request, at, "providers")) {
        at++;
    }
    return at;
}

static bool is_known_namespace(const char *name)
{
    for (size_t i = 0; i < resource_type_count; i++) {
        if (strcasecmp(resource_types[i].namespace_name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The path ends in "providers/{namespace}/{type}/{name}/{type}...". */
static int explain_provider(const struct request *request, struct err *err)
{
    size_t at = find_providers(request) + 1;
    if (at >= request->segment_count) {
        return 0;
    }
    const char *name = request->segments[at];
    if (!is_known_namespace(name)) {
        return err_set(err, ERR_BAD_RESOURCE_NAMESPACE, "The resource namespace '%s' is invalid.", name);
    }
    auto_buf struct buf type = BUF_MAX(REQUEST_URI_MAX);
    buf_adds(&type, name);
    for (size_t i = at + 1; i < request->segment_count; i += 2) {
        buf_addc(&type, '/');
        buf_adds(&type, request->segments[i]);
    }
    if (at + 1 == request->segment_count || resource_type_find(buf_text(&type)) != NULL) {
        return 0;
    }
    auto_buf struct buf versions = BUF_MAX(2048);
    api_versions_of_namespace(name, &versions);
    return err_set(
        err, ERR_BAD_RESOURCE_TYPE,
        "The resource type '%s' could not be found in the namespace '%s' for api version '%s'. The "
        "supported api-versions are '%s'.",
        buf_text(&type) + strlen(name) + 1, name, request->api_version, buf_text(&versions));
}

/* Explains why an Azure path does not exist, in Resource Manager's words and order; leaves err unchanged
 * for all other paths. */
static void explain_not_found(struct request *request, struct err *err)
{
    bool in_subscription = segment_is(request, 0, "subscriptions");
    if (!in_subscription && !segment_is(request, 0, "providers") && !segment_is(request, 0, "tenants")) {
        return;
    }
    if (check_api_version_given(request, err) < 0 || authenticate(request, err) < 0) {
        return;
    }
    if (in_subscription && request->segment_count > 1 &&
        check_subscription(request, request->segments[1], err) < 0) {
        return;
    }
    explain_provider(request, err);
}

/* Polling clients are answered from memory as long as the store does not change. */
static bool reply_from_memory(struct request *request)
{
    struct app *app = request->app;
    if ((request->route->flags & ROUTE_STORED) == 0 || app->answers == NULL ||
        !answer_cache_reply(app->answers, request, store_generation(app->store))) {
        return false;
    }
    service_headers_add(request);
    return true;
}

/* A response from memory never reaches the points of testers' rules, and is counted as no poll. */
static bool rules_may_act(void)
{
    return point_is_armed(POINT_REQUEST) || point_is_armed(POINT_REPLY) ||
           point_is_armed(POINT_SUBSTATE_LEAVE);
}

static bool prepare(struct request *request)
{
    char allow[ROUTE_ALLOW_SIZE] = "";
    struct err err = {0};
    if (route_match(request->app->routes, request, allow, &err) < 0) {
        if (err.code == ERR_NOT_FOUND) {
            explain_not_found(request, &err);
            answer_as_gateway(request, &err);
            return false;
        }
        reply_header(request, "Allow", allow);
        if (request->method == METHOD_OPTIONS) {
            reply_empty(request, 200);
        } else {
            answer_as_gateway(request, &err);
        }
        return false;
    }
    if (check_route(request, &err) < 0) {
        answer_as_gateway(request, &err);
        return false;
    }
    return rules_may_act() || !reply_from_memory(request);
}

static void answer_bug(struct request *request, const char *what)
{
    log_event(LOG_ERROR, what, "operation", request->route->operation_id, "request", request->request_id,
              NULL);
    reply_discard(request);
    reply_fail(request, ERR_INTERNAL, "Internal error. See Malachite's log, request %s.",
               request->request_id);
}

static void run_handler(struct request *request)
{
    struct app *app = request->app;
    const bool stored = (request->route->flags & ROUTE_STORED) != 0 && app->answers != NULL;
    const uint64_t generation = stored ? store_generation(app->store) : 0;
    request->waits = false;
    if (subscription_enter(request)) {
        request->route->handler(request);
    }
    if (stored && !memory_watch_failed()) { /* else pieces of it may be missing */
        answer_cache_keep(app->answers, request, generation);
    }
    service_headers_add(request); /* not kept: they name the caller and the request */
    if (request->body != NULL && request->app->note_unknown != NULL) {
        request->app->note_unknown(request);
    }
    if (request->reply.status == 0 && !request->waits && request->again_ms == 0) {
        answer_bug(request, "handler returned without an answer");
    } else if (request->reply.repeated) {
        answer_bug(request, "handler answered more than once");
    }
    struct store *store = request->app->store;
    if (store != NULL && store_in_transaction(store)) {
        /* Closing the thread's handle rolls back; the next request opens a new one. */
        store_thread_done(store);
        answer_bug(request, "handler left a transaction open");
    }
}

/* Reads the resource that a conditional request is about, as GET of the same URL does. */
static int check_precondition(struct request *request, struct err *err)
{
    struct request *get = request_new(request->app);
    if (get == NULL) {
        return err_no_memory(err);
    }
    get->method = METHOD_GET;
    get->https = request->https;
    get->host = str_dup(request->host);
    get->authorization = str_dup(request->authorization);
    int result = get->host == NULL ? err_no_memory(err) : request_set_uri(get, request->raw_uri, err);
    if (result == 0) {
        if (prepare(get)) {
            run_handler(get);
        }
        const struct reply *reply = &get->reply;
        json_auto_t *body = reply->body == NULL
                                ? NULL
                                : memory_parse_json(reply->body, reply->body_len, JSON_DECODE_ANY, NULL);
        result = precondition_check(request, reply->status, body, err);
    }
    request_free(get);
    return result;
}

/* Conditional requests run one after the other, so that of two with "If-None-Match: *" only one creates. */
static void run_conditionally(struct request *request)
{
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    struct err err = {0};
    pthread_mutex_lock(&turn);
    if (check_precondition(request, &err) < 0) {
        answer_as_gateway(request, &err);
    } else {
        run_handler(request);
    }
    pthread_mutex_unlock(&turn);
}

/* The reply may be incomplete, or reject a valid request as malformed. */
static void answer_out_of_memory(struct request *request)
{
    if (request->reply.status < 500) {
        struct err err = {0};
        err_no_memory(&err);
        reply_discard(request);
        reply_error(request, &err);
    }
}

bool dispatch_prepare(struct request *request)
{
    memory_watch_begin();
    bool ready = prepare(request);
    if (!memory_watch_end()) {
        return ready;
    }
    answer_out_of_memory(request);
    return false;
}

void dispatch_run(struct request *request)
{
    memory_watch_begin();
    if (precondition_given(request)) {
        run_conditionally(request);
    } else {
        run_handler(request);
    }
    if (memory_watch_end()) {
        answer_out_of_memory(request);
    }
}

/* SPDX-License-Identifier: MIT */
/* The request log for testers: the client's actual calls, and the ignored properties of their bodies. */
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "handlers/arm/app.h"
#include "handlers/own/own.h"
#include "server/reply.h"
#include "server/request_log.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 100000 };

static int refuse(const char *name, const char *value, const char *rule, struct err *err)
{
    err_set(err, ERR_BAD_PARAMETER, "The query parameter %s is '%.60s'; it must be %s.", name, value, rule);
    return err_target(err, "%s", name);
}

/* "404", or "4xx" for a whole class. */
static int read_status(const char *text, struct err *err, struct request_log_filter *filter)
{
    int64_t status = 0;
    if (text == NULL) {
        return 0;
    }
    if (strlen(text) == 3 && text[0] >= '1' && text[0] <= '5' && str_iequals(text + 1, "xx")) {
        filter->status_from = (text[0] - '0') * 100;
        filter->status_to = filter->status_from + 99;
        return 0;
    }
    if (!str_to_int(text, 100, 599, &status)) {
        return refuse("status", text, "a status such as 404, or a class such as 4xx", err);
    }
    filter->status_from = filter->status_to = (int)status;
    return 0;
}

int own_request_filter(const struct request *request, struct err *err, struct request_log_filter *ret_filter)
{
    struct request_log_filter filter = {.method = METHOD_OTHER,
                                        .operation_id = request_query(request, "operation"),
                                        .path = request_query(request, "path"),
                                        .request = request_query(request, "request"),
                                        .client = request_query(request, "client"),
                                        .subscription_id = request_query(request, "subscription")};
    const char *method = request_query(request, "method");
    const char *since = request_query(request, "since");
    const char *noted = request_query(request, "notUnderstood");
    const char *limit_text = request_query(request, "limit");
    int64_t limit = LIMIT_DEFAULT;
    if (method != NULL) {
        for (int i = 0; i < METHOD_OTHER; i++) {
            if (str_iequals(method, method_name((enum method)i))) {
                filter.method = (enum method)i;
            }
        }
        if (filter.method == METHOD_OTHER) {
            return refuse("method", method, "GET, HEAD, PUT, POST, PATCH, DELETE or OPTIONS", err);
        }
    }
    if (since != NULL && !clock_parse(since, &filter.since_us)) {
        return refuse("since", since, "a date and time such as 2026-01-31T18:30:00Z", err);
    }
    if (noted != NULL && !str_iequals(noted, "true") && !str_iequals(noted, "false")) {
        return refuse("notUnderstood", noted, "true or false", err);
    }
    if (limit_text != NULL && !str_to_int(limit_text, 1, LIMIT_MAX, &limit)) {
        return refuse("limit", limit_text, "a number from 1 to 100000", err);
    }
    filter.only_noted = str_iequals(noted, "true");
    filter.limit = (size_t)limit;
    *ret_filter = filter;
    return read_status(request_query(request, "status"), err, ret_filter);
}

void malachite_request_list(struct request *request)
{
    struct err err = {0};
    struct request_log_filter filter;
    if (own_request_filter(request, &err, &filter) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_json(request, 200, request_log_list(request->app->request_log, &filter));
}

void malachite_request_clear(struct request *request)
{
    const char *subscription_id = request_query(request, "subscription");
    if (subscription_id == NULL) {
        request_log_clear(request->app->request_log);
    } else {
        request_log_clear_subscription(request->app->request_log, subscription_id);
    }
    reply_empty(request, 204);
}

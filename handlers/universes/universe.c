/* SPDX-License-Identifier: MIT */
/* Lists, empties and removes subscriptions. */
#include <stdlib.h>

#include "core/clock.h"
#include "core/options/subscriptions.h"
#include "core/parse/duration.h"
#include "core/str.h"
#include "executor/removal.h"
#include "handlers/arm/resource.h"
#include "handlers/universes/universes.h"
#include "handlers/universes/universes_private.h"
#include "server/request_log.h"
#include "store/subscriptions.h"

enum { TIMEOUT_DEFAULT_S = 60, TIMEOUT_MAX_S = 600 };

int universe_check(const struct request *request, const char *subscription_id, struct err *err)
{
    if (!str_is_uuid(subscription_id)) {
        err_set(err, ERR_BAD_SUBSCRIPTION_ID,
                "The provided subscription identifier '%.60s' is malformed or invalid.", subscription_id);
        return err_target(err, "subscription");
    }
    if (!subscriptions_admit(request->app->options, subscription_id)) {
        err_set(err, ERR_SUBSCRIPTION_NOT_FOUND, "The subscription '%s' could not be found.",
                subscription_id);
        return err_target(err, "subscription");
    }
    return 0;
}

void universe_list(struct request *request)
{
    struct err err = {0};
    struct subscription *rows = NULL;
    size_t count = 0;
    if (store_subscription_list(request->app->store, &err, &rows, &count) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *value = json_array();
    for (size_t i = 0; i < count; i++) {
        char created[CLOCK_TEXT_SIZE];
        char advanced[DURATION_TEXT_SIZE];
        json_array_append_new(value, json_pack("{s:s, s:s, s:b, s:s}", "subscription", rows[i].id,
                                               "createdAt", clock_format(rows[i].created_us, created),
                                               "removing", rows[i].removing != REMOVAL_NONE, "advanced",
                                               duration_format(rows[i].advanced_us, advanced)));
    }
    free(rows);
    reply_json(request, 200, json_pack("{s:o}", "value", value));
}

static int read_timeout(const struct request *request, struct err *err, int *ret_ms)
{
    int64_t seconds = TIMEOUT_DEFAULT_S;
    const char *text = request_query(request, "timeout");
    if (text != NULL && !str_to_int(text, 0, TIMEOUT_MAX_S, &seconds)) {
        err_set(err, ERR_BAD_PARAMETER,
                "The query parameter timeout is '%.60s'; it must be a number from 0 to %d.", text,
                TIMEOUT_MAX_S);
        return err_target(err, "timeout");
    }
    *ret_ms = (int)seconds * 1000;
    return 0;
}

/* ---- removal ---------------------------------------------------------------------------------------------
 */

struct cleaning {
    struct request *request;
    enum removal removal;
    int64_t deadline_ms;
    json_t *left; /* an object for each subscription of which something is left */
};

static json_t *write_left(const char *subscription_id, const struct removal_left *left)
{
    json_t *names = json_array();
    for (size_t i = 0; i < left->names.count; i++) {
        json_array_append_new(names, json_string(left->names.items[i]));
    }
    return json_pack("{s:s, s:I, s:I, s:I, s:o}", "subscription", subscription_id, "migrations",
                     (json_int_t)left->migrations, "operations", (json_int_t)left->operations, "servers",
                     (json_int_t)left->servers, "names", names);
}

static int clean(struct cleaning *cleaning, const char *subscription_id, struct err *err)
{
    struct app *app = cleaning->request->app;
    auto_removal_left struct removal_left left = {0};
    int result = executor_remove(app->executor, subscription_id, cleaning->removal,
                                 clock_ms_left(cleaning->deadline_ms), err, &left);
    if (result == 0 && json_array_append_new(cleaning->left, write_left(subscription_id, &left)) != 0) {
        return err_no_memory(err);
    }
    return result < 0 ? -1 : 0;
}

/* All removals begin before the first is waited for. */
static int clean_all(struct cleaning *cleaning, struct err *err)
{
    struct store *store = cleaning->request->app->store;
    struct subscription *rows = NULL;
    size_t count = 0;
    int result = store_subscription_list(store, err, &rows, &count);
    for (size_t i = 0; i < count && result >= 0; i++) {
        result = store_removal_begin(store, rows[i].id, cleaning->removal, err);
    }
    for (size_t i = 0; i < count && result >= 0; i++) {
        result = clean(cleaning, rows[i].id, err);
    }
    free(rows);
    return result < 0 ? -1 : 0;
}

static void answer(struct cleaning *cleaning, int result, const struct err *err)
{
    struct request *request = cleaning->request;
    if (result < 0) {
        reply_error(request, err);
        json_decref(cleaning->left);
    } else if (json_array_size(cleaning->left) == 0) {
        reply_empty(request, 204);
        json_decref(cleaning->left);
    } else {
        reply_header(request, "Retry-After", "1");
        reply_json(request, 202, json_pack("{s:o}", "left", cleaning->left));
    }
}

void universe_delete(struct request *request)
{
    struct err err = {0};
    int timeout_ms = 0;
    struct cleaning cleaning = {.request = request, .removal = REMOVAL_OF_SUBSCRIPTION, .left = json_array()};
    int result = read_timeout(request, &err, &timeout_ms);
    if (result == 0) {
        cleaning.deadline_ms = clock_monotonic_ms() + timeout_ms;
        result = clean(&cleaning, request_param(request, "subscriptionId"), &err);
    }
    answer(&cleaning, result, &err);
}

void universe_reset(struct request *request)
{
    struct err err = {0};
    int timeout_ms = 0;
    const char *subscription_id = request_query(request, "subscription");
    struct cleaning cleaning = {.request = request, .removal = REMOVAL_OF_CONTENT, .left = json_array()};
    int result = read_timeout(request, &err, &timeout_ms);
    cleaning.deadline_ms = clock_monotonic_ms() + timeout_ms;
    if (result == 0 && subscription_id != NULL) {
        result =
            universe_check(request, subscription_id, &err) < 0 ? -1 : clean(&cleaning, subscription_id, &err);
    } else if (result == 0) {
        result = clean_all(&cleaning, &err);
        request_log_clear(request->app->request_log);
    }
    answer(&cleaning, result, &err);
}

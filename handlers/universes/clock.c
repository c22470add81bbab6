/* SPDX-License-Identifier: MIT */
/*
 * The time of a subscription. The clock itself is real: its stored instants are moved into the past, so
 * that windows open and limits pass. Leases, logs and timeouts are not affected.
 */
#include "core/clock.h"
#include "core/parse/duration.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "executor/removal.h"
#include "handlers/arm/resource.h"
#include "handlers/universes/universes.h"
#include "handlers/universes/universes_private.h"
#include "store/subscriptions.h"

/* Ten years: instants stay behind 1970. */
static const int64_t ADVANCE_MOST_US = (int64_t)3650 * 24 * 3600 * 1000000;

static void reply_clock(struct request *request, const char *subscription_id, int64_t advanced_us)
{
    char advanced[DURATION_TEXT_SIZE];
    char now[CLOCK_TEXT_SIZE];
    reply_json(request, 200,
               json_pack("{s:s, s:s, s:f, s:s}", "subscription", subscription_id, "advanced",
                         duration_format(advanced_us, advanced), "advancedSeconds",
                         (double)advanced_us / 1000000.0, "now",
                         clock_format(clock_now_us() + advanced_us, now)));
}

void clock_get(struct request *request)
{
    struct err err = {0};
    struct subscription subscription = {0};
    const char *asked = request_query(request, "subscription");
    const char *id = asked != NULL ? asked : request->app->options->subscription_id;
    if (universe_check(request, id, &err) < 0 ||
        store_subscription_get(request->app->store, id, &err, &subscription) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_clock(request, id, subscription.advanced_us);
}

static int read_advance(json_t *body, struct err *err, const char **ret_subscription, int64_t *ret_us)
{
    const char *advance = NULL;
    if (field_string(body, "", "advance", err, &advance) < 0 ||
        field_string(body, "", "subscription", err, ret_subscription) < 0) {
        return -1;
    }
    if (advance == NULL) {
        err_set(err, ERR_BAD_PARAMETER, "The property 'advance' is required.");
        return err_target(err, "advance");
    }
    if (!duration_parse(advance, ADVANCE_MOST_US, ret_us)) {
        err_set(err, ERR_BAD_PARAMETER,
                "The property 'advance' is '%.60s'; it must be an ISO 8601 duration of weeks, days, hours, "
                "minutes "
                "and seconds, such as PT72H or P7D, of at most 3650 days.",
                advance);
        return err_target(err, "advance");
    }
    return 0;
}

/* In one transaction, so that two calls cannot exceed the limit together. */
static int advance(struct request *request, const char *id, int64_t by_us, struct err *err, int64_t *ret_us)
{
    struct store *store = request->app->store;
    struct subscription subscription = {0};
    enum removal removing = REMOVAL_NONE;
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0 || store_subscription_touch(store, id, err, &removing) < 0 ||
        store_subscription_get(store, id, err, &subscription) < 0) {
        return -1;
    }
    if (by_us > ADVANCE_MOST_US - subscription.advanced_us) {
        err_set(
            err, ERR_BAD_PARAMETER,
            "The time of a subscription can be advanced by at most 3650 days in all. POST /_malachite/reset "
            "returns to the real time.");
        return err_target(err, "advance");
    }
    *ret_us = subscription.advanced_us + by_us;
    if (store_subscription_advance(store, id, by_us, err) < 0) {
        return -1;
    }
    return store_commit(&tx, err);
}

void clock_advance(struct request *request)
{
    struct err err = {0};
    const char *asked = NULL;
    int64_t by_us = 0;
    int64_t advanced_us = 0;
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    if (read_advance(body, &err, &asked, &by_us) < 0) {
        reply_error(request, &err);
        return;
    }
    const char *id = asked != NULL ? asked : request->app->options->subscription_id;
    if (universe_check(request, id, &err) < 0 || advance(request, id, by_us, &err, &advanced_us) < 0) {
        reply_error(request, &err);
        return;
    }
    executor_moved(request->app->executor);
    reply_clock(request, id, advanced_us);
}

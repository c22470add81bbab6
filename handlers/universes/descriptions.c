/* SPDX-License-Identifier: MIT */
/* The bodies of the calls that concern a whole subscription. */
#include "core/attr.h"
#include "handlers/arm/property.h"
#include "handlers/universes/universes.h"

#define DOC PROPERTY_DOC
#define ANY (ACCESS_PUT | ACCESS_PATCH | ACCESS_SHOWN)
#define REQ (ANY | ACCESS_REQUIRED)

/* clang-format off */
static const struct property universe_rows[] = {
    DOC("subscription", "uuid", ANY, NULL), DOC("createdAt", "date-time", ANY, NULL),
    DOC("removing", "boolean", ANY, "It accepts no changes until everything in it is deleted."),
    DOC("advanced", "string", ANY, "How far its time has been advanced: an ISO 8601 duration."),
};
static const struct property left_rows[] = {
    DOC("left", "[]SubscriptionLeft", ANY, "The subscriptions that are not empty yet. The removal continues."),
};
static const struct property subscription_left_rows[] = {
    DOC("subscription", "uuid", ANY, NULL),
    DOC("migrations", "integer", ANY, "Active ones, and those whose replication must be removed from a server that Malachite does not run."),
    DOC("operations", "integer", ANY, "Long-running operations in progress."), DOC("servers", "integer", ANY, NULL),
    DOC("names", "[]string", ANY, "The first 20 of them."),
};
static const struct property clock_rows[] = {
    DOC("subscription", "uuid", ANY, NULL), DOC("advanced", "string", ANY, "The sum of all advances: an ISO 8601 duration."),
    DOC("advancedSeconds", "number", ANY, NULL), DOC("now", "date-time", ANY, "The time in the subscription: the real time and the sum."),
};
static const struct property clock_advance_rows[] = {
    DOC("advance", "string", REQ, "An ISO 8601 duration of weeks, days, hours, minutes and seconds, such as PT72H; at most 3650 days in all."),
    DOC("subscription", "uuid", ANY, "Default: the one of --subscription-id."),
};

const struct description universe_descriptions[] = {
    DESCRIPTION("Universe", universe_rows, "A subscription in use. Subscriptions do not see each other."),
    DESCRIPTION("RemovalLeft", left_rows, NULL),
    DESCRIPTION("SubscriptionLeft", subscription_left_rows, "A subscription that is not empty yet."),
    DESCRIPTION("Clock", clock_rows, "How far a subscription's time has been advanced."),
    DESCRIPTION("ClockAdvance", clock_advance_rows, NULL),
};
/* clang-format on */
const size_t universe_description_count = ARRAY_LEN(universe_descriptions);

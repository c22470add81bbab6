/* SPDX-License-Identifier: MIT */
/* The bodies of the calls of testers' rules. */
#include "core/attr.h"
#include "handlers/arm/property.h"
#include "handlers/rules/rules_calls.h"

#define DOC PROPERTY_DOC
#define SET (ACCESS_PUT | ACCESS_SHOWN)
#define REQ (SET | ACCESS_REQUIRED)

/* clang-format off */
static const struct property point_rows[] = {
    DOC("name", "string", ACCESS_SHOWN, NULL), DOC("counts", "string", ACCESS_SHOWN, "What one hit is."),
    DOC("attributes", "[]string", ACCESS_SHOWN, "What a rule can match here."), DOC("actions", "[]string", ACCESS_SHOWN, "What a rule can do here."),
    DOC("description", "string", ACCESS_SHOWN, NULL),
};
static const struct property rule_rows[] = {
    DOC("name", "string", ACCESS_SHOWN, NULL), DOC("at", "string", REQ, "The point: GET /_malachite/points lists them."),
    DOC("match", "{}string", SET, "Attributes that must all match; {}: everything."),
    DOC("skip", "integer", SET, "Hits that pass first; rows at copy.rows. Default 0."),
    DOC("times", "integer", SET, "How often it acts after that; 0: unlimited. Default 1, of slow 0."),
    DOC("ttlSeconds", "integer", SET, "Seconds until the rule expires. Default 600."),
    DOC("do", "{}any", REQ, "One of hold, delay {ms}, fail {sqlstate, message, code}, cut {side, rst}, slow {bytesPerSecond}, answer {status, code, message, retryAfter, headers}, server {name, action}."),
    DOC("hits", "integer", ACCESS_SHOWN, "Visits that matched so far."), DOC("fired", "integer", ACCESS_SHOWN, "How often it has acted."),
    DOC("held", "[]HeldVisit", ACCESS_SHOWN, "What it holds now, longest first."), DOC("expires", "date-time", ACCESS_SHOWN, NULL),
    DOC("origin", "string", ACCESS_SHOWN, "The id of the migration whose tag made the rule."),
    DOC("trouble", "string", ACCESS_SHOWN, "Why its action could not be carried out."),
    DOC("released", "integer", ACCESS_SHOWN, "Of a release: how many."),
};
static const struct property held_rows[] = {
    DOC("migration", "string", ACCESS_SHOWN, NULL), DOC("migrationId", "string", ACCESS_SHOWN, NULL), DOC("database", "string", ACCESS_SHOWN, NULL),
    DOC("table", "string", ACCESS_SHOWN, NULL), DOC("operation", "string", ACCESS_SHOWN, "Of a held request."), DOC("since", "date-time", ACCESS_SHOWN, NULL),
};
static const struct property release_rows[] = {
    DOC("count", "integer", SET, "How many to release, longest held first. Default: all."), DOC("as", "{}any", SET, "{\"fail\": {...}}: they continue as if they had failed."),
};

const struct description test_rule_descriptions[] = {
    DESCRIPTION("TestPoint", point_rows, NULL),
    DESCRIPTION("TestRule", rule_rows, "What happens at a point of a migration or request, to whom, and how often."),
    DESCRIPTION("HeldVisit", held_rows, NULL),
    DESCRIPTION("TestRuleRelease", release_rows, NULL),
};
/* clang-format on */
const size_t test_rule_description_count = ARRAY_LEN(test_rule_descriptions);

/* SPDX-License-Identifier: MIT */
#ifndef HANDLERS_RULES_RULES_PRIVATE_H
#define HANDLERS_RULES_RULES_PRIVATE_H

#include <jansson.h>

#include "core/points/rules.h"
#include "server/request.h"

/* A rule that was read from a body; document is normalized JSON. The strings of rule point into both. */
struct rule_body {
    struct rule_request rule;
    json_t *normal; /* with all defaults */
    char *document;
};
void rule_body_done(struct rule_body *body);
#define auto_rule_body __attribute__((cleanup(rule_body_done)))

/* Reads and checks a rule, apart from what the store knows. The error lists what exists. */
int rule_read(json_t *body, struct err *err, struct rule_body *ret_rule);
/* The values of "do": {"hold": {}}. */
int rule_read_action(json_t *action, enum point at, struct err *err, struct rule_request *rule,
                     json_t *normal);
/* {"sqlstate", "message", "code"} */
int rule_read_failure(json_t *value, const char *path, struct err *err, struct point_failure *ret_failure);
/* Checks names against the store: servers, and for a fault that the server is provisioned. Without a
 * subscription, a fault's server is of the default one, which is written into the rule. */
int rule_check_names(struct request *request, struct rule_request *rule, struct err *err);

/* The rule as JSON with what it has done so far. */
json_t *test_rule_write(const struct rule_status *status);
/* A new reference to the oldest of this name, or NULL if there is none; how many have it. subscription may
 * be NULL. */
json_t *test_rule_find(const char *name, const char *subscription, size_t *ret_count);

/* An error that ends with what exists: "... Known points: a, b." */
struct name_list {
    const char *what; /* "points" */
    size_t count;
    const char *(*name)(size_t index);
};
int rule_refuse_unknown(struct err *err, const char *path, const char *value, const struct name_list *known);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Limits the cost of evaluating a template. Values share their parts, so an expression of 250 bytes can
 * describe a value of 2^40 members, and loops multiply. So every function pays for its arguments and its
 * result at their full size, before anything visits them.
 */
#ifndef HANDLERS_DEPLOYMENTS_TEMPLATE_TEMPLATE_BUDGET_PRIVATE_H
#define HANDLERS_DEPLOYMENTS_TEMPLATE_TEMPLATE_BUDGET_PRIVATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    TEMPLATE_STEPS_MAX = 2 * 1000 * 1000, /* for one evaluation: a resource's body, the outputs, the rest */
    TEMPLATE_TOTAL_STEPS = 20 * 1000 * 1000,
    TEMPLATE_MEMBERS_MAX = 100 * 1000,         /* of one value, including members of members */
    TEMPLATE_VALUE_BYTES = 4 * 1024 * 1024,    /* of the strings of one value; a request cannot be longer */
    TEMPLATE_CREATED_BYTES = 24 * 1024 * 1024, /* created by one evaluation */
    TEMPLATE_KEPT_BYTES = 8 * 1024 * 1024,     /* of all variables */
    TEMPLATE_TIME_MS = 2000,
};

struct template_budget {
    int64_t given; /* steps at the start */
    int64_t steps;
    int64_t bytes;
    int64_t deadline_ms; /* monotonic clock */
};

/* The cost of a value. */
struct template_size {
    int64_t members;
    int64_t bytes;
    int64_t fresh; /* memory of values without other references */
};

/* The budget of one evaluation, which may spend at most steps_left, the rest of the common budget. */
struct template_budget template_budget_begin(int64_t steps_left);
/* The steps spent so far. */
int64_t template_budget_used(const struct template_budget *budget);
/* Spends steps (members visited) and memory. False: too little is left. */
bool template_budget_spend(struct template_budget *budget, int64_t steps, int64_t bytes);
/* Adds the cost of these values. False: they are too large to process. */
bool template_budget_measure(json_t *const *values, size_t count, struct template_size *size);

#endif

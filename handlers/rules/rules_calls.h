/* SPDX-License-Identifier: MIT */
/*
 * The handlers of testers' rules and points, below /_malachite/. The route table assigns each to a request.
 * Any thread; none keeps a pointer to the request.
 */
#ifndef HANDLERS_RULES_RULES_CALLS_H
#define HANDLERS_RULES_RULES_CALLS_H

#include "handlers/arm/property.h"
#include "server/request.h"

void point_list(struct request *request);
void test_rule_put(struct request *request);
void test_rule_get(struct request *request);
void test_rule_list(struct request *request);
void test_rule_delete(struct request *request);
void test_rule_delete_all(struct request *request); /* ?subscription= narrows */
void test_rule_release(struct request *request);
void test_rule_wait(struct request *request); /* a long poll: holds no thread */

extern const struct description test_rule_descriptions[];
extern const size_t test_rule_description_count;

#endif

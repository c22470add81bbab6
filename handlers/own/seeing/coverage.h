/* SPDX-License-Identifier: MIT */
/* How often operations, api-versions and error codes were seen since the start, by subscription. Any thread.
 */
#ifndef HANDLERS_OWN_SEEING_COVERAGE_H
#define HANDLERS_OWN_SEEING_COVERAGE_H

#include "server/request.h"

struct coverage;

/* NULL when memory is out: nothing is counted then. */
struct coverage *coverage_new(void);
void coverage_free(struct coverage *coverage);
/* Counts an answered request. */
void coverage_add(struct coverage *coverage, const struct request *request);

#endif

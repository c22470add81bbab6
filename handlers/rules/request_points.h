/* SPDX-License-Identifier: MIT */
/* The points "request" and "reply": what testers' rules do to a request of Resource Manager. Malachite's own
 * calls and its portal are exempt, so that a rule can always be released. */
#ifndef HANDLERS_RULES_REQUEST_POINTS_H
#define HANDLERS_RULES_REQUEST_POINTS_H

#include "server/request.h"

/* dispatch_run() between both points. Returns without a reply while a rule holds the request: it runs again
 * later (reply_later()). */
void request_points_run(struct request *request);

#endif

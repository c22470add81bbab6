/* SPDX-License-Identifier: MIT */
/* Turns the findings of the prechecks into an error text, or into validationDetails, for the client. */
#ifndef EXECUTOR_STEPS_VALIDATION_PRIVATE_H
#define EXECUTOR_STEPS_VALIDATION_PRIVATE_H

#include <stdint.h>

#include "core/err.h"
#include "core/str_list.h"
#include "engine/precheck/precheck.h"

/* Puts all FAILED findings into err, the first ones in full: "shop: Error 603102: ...". */
void validation_error(const struct findings *findings, struct err *err);

/* One line for one finding: "shop: Error 603405: ..."; the caller frees. */
char *validation_line(const struct finding *finding);

/* The JSON text of validationDetails: every rule type with its state, per server and per database. The caller
 * frees; NULL when memory is out. */
char *validation_report(const struct findings *findings, const struct str_list *databases, int64_t started_us,
                        int64_t ended_us);

/* Appends a finding about the servers without a code. False when memory is out. */
bool validation_add(struct findings *findings, enum finding_level level, const char *type,
                    const char *message);

/* Appends a finding about an unreachable server or a rejected login. False when memory is out. */
bool validation_add_login(struct findings *findings, const struct err *err);

#endif

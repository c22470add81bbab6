/* SPDX-License-Identifier: MIT */
/* Decides when a migration is too old to continue. */
#ifndef EXECUTOR_EXPIRY_H
#define EXECUTOR_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "executor/executor_parts.h"

/* It is being canceled or has ended, so it cannot expire. */
bool migration_ends_by_itself(const struct migration *migration);
/* Its expiry time, counted from its creation or from the requested start. */
int64_t migration_expires_us(const struct executor *executor, const struct migration *migration);
/* Whether that time has passed. Setting the clock forward does not expire it. */
bool migration_is_expired(int64_t expires_us);

#endif

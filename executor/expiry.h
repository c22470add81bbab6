/* SPDX-License-Identifier: MIT */
/* When a migration is too old to continue. */
#ifndef EXECUTOR_EXPIRY_H
#define EXECUTOR_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "executor/executor_parts.h"

/* It is being canceled or has ended: nothing expires any more. */
bool migration_ends_by_itself(const struct migration *migration);
/* When its life is over: counted from its creation, or from the start that was asked for.
 */
int64_t migration_expires_us(const struct executor *executor, const struct migration *migration);
/* Whether that moment has come. A clock that is set forward does not bring it. */
bool migration_is_expired(int64_t expires_us);

#endif

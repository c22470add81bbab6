/* SPDX-License-Identifier: MIT */
/* Helpers of the steps for the row of one database. */
#ifndef EXECUTOR_FSM_DATABASE_ROW_H
#define EXECUTOR_FSM_DATABASE_ROW_H

#include <stdbool.h>

#include "executor/work.h"

/* Succeeded, Failed or Canceled. */
bool database_ended(const struct migration_database *row);
/* The user has canceled this database. */
bool database_is_canceled(const struct work *work, const struct migration_database *row);
/* Neither ended nor followed: it will be copied. */
bool database_is_to_move(const struct migration_database *row);
/* The names of all such databases. */
int databases_to_move(struct work *work, struct str_list *ret_names);
/* Stores its terminal state. message NULL: keeps the present one. */
int database_end(struct work *work, struct migration_database *row, enum database_state state,
                 const char *message);
/* Ends it as Failed; code: see struct migration_error. */
int database_fail(struct work *work, struct migration_database *row, const char *message, const char *code);
/* Ends all databases that have not ended. */
int databases_end(struct work *work, enum database_state state, const char *message);
/* The same when the migration fails: if one of them has failed, that ends the others; otherwise all have
 * failed. */
int databases_fail(struct work *work, const char *message, const char *code);

#endif

/* SPDX-License-Identifier: MIT */
/* What the steps have in common about the row of one database. */
#ifndef EXECUTOR_DATABASE_ROW_H
#define EXECUTOR_DATABASE_ROW_H

#include <stdbool.h>

#include "executor/work.h"

/* Succeeded, Failed or Canceled. */
bool database_ended(const struct migration_database *row);
/* The user has canceled this database. */
bool database_is_canceled(const struct work *work, const struct migration_database *row);
/* Neither ended nor followed: it is copied when data moves. */
bool database_is_to_move(const struct migration_database *row);
/* The names of all those. */
int databases_to_move(struct work *work, struct str_list *ret_names);
/* Stores its end. message NULL: keeps the present one. */
int database_end(struct work *work, struct migration_database *row, enum database_state state,
                 const char *message);
/* Ends all that have not ended. */
int databases_end(struct work *work, enum database_state state, const char *message);
/* The same when the migration fails: where one of them has failed, that ends the others; else it is the
 * failure of all. */
int databases_fail(struct work *work, const char *message);

#endif

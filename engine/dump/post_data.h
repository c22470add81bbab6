/* SPDX-License-Identifier: MIT */
/*
 * The entries of an archive that follow the rows: indexes, constraints, triggers. Lanes execute them, several
 * at once, each on a session of its own; a table's indexes and keys do not wait for the rows of other tables.
 */
#ifndef ENGINE_DUMP_POST_DATA_H
#define ENGINE_DUMP_POST_DATA_H

#include <stddef.h>

#include "core/err.h"
#include "engine/catalog/transfer_catalog.h"
#include "engine/dump/restore.h"
#include "engine/pg/pg.h"

struct post_data;

/* The restore must outlive the result, which post_data_free() frees. */
int post_data_new(struct restore *restore, struct err *err, struct post_data **ret_post_data);
/* Accepts NULL. Call it after all lanes have ended. */
void post_data_free(struct post_data *post_data);
/* The number of entries that have not been attempted. Call it while no lane works. */
size_t post_data_left(const struct post_data *post_data);

/* The table's rows are committed. Any thread. */
void post_data_table_copied(struct post_data *post_data, const struct catalog_table *table);
/* So are those of all tables: from now on everything may be created. Any thread. */
void post_data_all_copied(struct post_data *post_data);

/* Opens a session for post_data_step(), which the caller closes. One that has copied rows would not do: it
 * may keep plans of functions that checks and generated columns called under other settings. */
int post_data_open_session(const struct post_data *post_data, const struct stop *stop, struct err *err,
                           struct pg *ret_pg);

enum post_data_result {
    POST_DATA_FAILED = -1, /* the session is lost, or a stop was requested (err) */
    POST_DATA_WAITING,     /* nothing is ready; ask again when rows or entries have ended */
    POST_DATA_CREATED,
    POST_DATA_OVER, /* no further entry will become ready */
};

/* Takes the next entries and creates them. Entries that fail are kept for post_data_finish(). Any thread that
 * has a session. */
enum post_data_result post_data_step(struct post_data *post_data, struct pg *target, struct err *err);

/* Tries the entries that failed again, and reports those that still fail. After the last step. */
int post_data_finish(struct post_data *post_data, struct pg *target, struct err *err);

#endif

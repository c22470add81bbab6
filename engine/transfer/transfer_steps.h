/* SPDX-License-Identifier: MIT */
/* The steps of a transfer and what they share; for engine/transfer*.c and the files of the steps only. */
#ifndef ENGINE_TRANSFER_TRANSFER_STEPS_H
#define ENGINE_TRANSFER_TRANSFER_STEPS_H

#include "core/str_list.h"
#include "engine/catalog/source_database.h"
#include "engine/catalog/source_settings.h"
#include "engine/catalog/transfer_catalog.h"
#include "engine/copy/copy_pool.h"
#include "engine/dump/archive.h"
#include "engine/dump/restore.h"
#include "engine/pg/pg.h"
#include "engine/pg/report.h"
#include "engine/transfer/transfer.h"

struct transfer_state {
    const struct transfer *transfer;
    struct pg source; /* its transaction holds the snapshot */
    struct pg target; /* closed until the database is there */
    int target_version;
    bool no_compression; /* the target cannot compress as some columns ask for */
    char *snapshot;
    const char *encoding; /* of statements, names and the archive on every session */
    struct source_database database;
    struct source_settings settings; /* in force where the target evaluates the user's expressions */
    struct catalog catalog;
    struct archive archive;
    PGresult *trigger_states; /* of constraints whose triggers are not simply enabled */
    PGresult *own_identities; /* of tables that are FULL only for the time of the migration; NULL: offline */
    PGresult *origin;         /* engine/replication/stale.h; NULL: offline */
    PGresult *seen;           /* engine/replication/seen.h; NULL: offline */
    struct report report;
    struct restore restore;
    struct copy_pool pool;
    struct str_list shown_names;   /* those that had to be changed to be shown */
    struct transfer_table *tables; /* what the observer sees, in the order of pool.pieces */
};

/* Tells the observer of warnings so far and of a new step. */
void transfer_tell_step(struct transfer_state *state, const char *text);
/* Makes an empty database with the source's properties, or finds one. */
int target_database_prepare(struct transfer_state *state, struct err *err);
/* Brings every sequence to where the source's is. */
int sequences_copy(struct transfer_state *state, struct err *err);
/* Contents, then owners, privileges and comments. OIDs are kept. */
int large_objects_copy(struct transfer_state *state, struct err *err);
int large_objects_describe(struct transfer_state *state, struct err *err);
/* The triggers behind constraints: reads which are disabled, and disables them on the target. */
int trigger_states_read(struct transfer_state *state, struct err *err);
int trigger_states_apply(struct transfer_state *state, struct err *err);
/* The replica identities that tables have when no migration runs: reads them, and sets them on the target. */
int own_identities_read(struct transfer_state *state, struct err *err);
int own_identities_apply(struct transfer_state *state, struct err *err);
/* Fills the materialized views that are filled on the source. */
int views_refresh(struct transfer_state *state, struct err *err);
/* Statistics for every table, with several sessions. */
int tables_analyze(struct transfer_state *state, struct err *err);
/* Stores with the target's database what the source's sessions get from the configuration of their server or
 * from their role alone, where it differs and stored expressions may depend on it: the target's own sessions
 * would not find what was computed otherwise. */
int server_settings_apply(struct transfer_state *state, struct err *err);
/* Owner, privileges, comment, settings and limits of the database itself. */
int database_properties_apply(struct transfer_state *state, struct err *err);

#endif

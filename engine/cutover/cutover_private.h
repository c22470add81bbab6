/* SPDX-License-Identifier: MIT */
/* The stages of a cutover and their shared state; for engine/cutover/ only. */
#ifndef ENGINE_CUTOVER_CUTOVER_PRIVATE_H
#define ENGINE_CUTOVER_CUTOVER_PRIVATE_H

#include "engine/catalog/source_settings.h"
#include "engine/catalog/transfer_catalog.h"
#include "engine/cutover/cutover.h"
#include "engine/dump/restore.h"
#include "engine/pg/pg.h"
#include "engine/pg/report.h"

/* A user's relation: table ('r'), partitioned table ('p'), sequence ('S') or materialized view ('m'). */
struct cutover_relation {
    char kind;
    char *schema;
    char *name;
    char *condition; /* SQL "WHERE ..." that selects the user's rows of an extension's configuration table, or
                        ""; NULL: another table */
    char *root; /* topmost partitioned table, quoted, whose rows may be in other partitions on the target; or
                   NULL */
    uint32_t oid; /* on the source */
    uint32_t target_oid;
    bool source_readable;
    bool target_readable;
    bool permanent; /* neither unlogged nor temporary */
    bool differs;   /* state->missing names a part of it */
    bool published; /* table: it is in the publication */
    bool carried;   /* table: the stream has carried all changes of its rows */
    bool filled;    /* view: it is populated on the source */
    int64_t pages;  /* table: estimate, the larger of both sides */
};

/* More facts from one side's catalog, as text, for comparison. */
struct cutover_shape {
    struct cutover_relation relation;
    char *parents; /* tables that it inherits from, quoted */
    char *columns; /* an array, by name */
};

struct cutover_state {
    const struct cutover *cutover;
    struct pg source; /* one session per side runs all stages */
    struct pg target;
    struct source_settings settings; /* in force where the target evaluates expressions */
    const char *encoding;            /* of statements and names on both sessions */
    struct report report;            /* collects warnings */
    struct evidence *evidence;
    uint64_t applied; /* everything before it has been applied */
    bool closed;      /* an earlier run reached replica_restore(): only the evidence is left */
    /* Set by cutover_read_catalogs(). */
    struct cutover_relation *relations; /* of both sides, by schema and name */
    size_t relation_count;
    bool published;          /* the publication exists */
    struct str_list missing; /* "table a.b": created on the source later, missing on the target */
    struct str_list renamed; /* "a.b": names of tables on the source that differ on the target */
    bool large_objects;      /* a side has large objects */
    char *transactions;      /* the source's snapshot before the recopy */
    bool copied;             /* tables have been recopied */
};

/* Opens both sessions and puts the source's settings in force. */
int cutover_open_sessions(struct cutover_state *state, struct err *err);
/* Sends one query to both sides at once; the caller clears the results. */
int cutover_ask_both(struct cutover_state *state, const char *sql, int count, const char *const *params,
                     struct err *err, PGresult **ret_source, PGresult **ret_target);
/* Add to the evidence's lists: see struct evidence. */
void cutover_note(struct cutover_state *state, const char *format, ...) printf_like(2, 3);
void cutover_warn(struct cutover_state *state, const char *format, ...) printf_like(2, 3);
void cutover_lose(struct cutover_state *state, const char *format, ...) printf_like(2, 3);

/* Moves the warnings of state->report to the evidence. */
void cutover_take_warnings(struct cutover_state *state);
/* Makes evidence and error valid UTF-8: names and PostgreSQL's messages may have another encoding. */
void cutover_make_texts_utf8(struct evidence *evidence, struct err *err);

/* Adds tables and columns that were renamed on the source to state->missing and state->renamed. */
int cutover_compare_identities(struct cutover_state *state, struct err *err);
/* Reads the relations of both sides. Adds what the target lacks to state->missing, and notes target-only
 * ones. */
int cutover_read_catalogs(struct cutover_state *state, struct err *err);
/* For cutover_read_catalogs(): adds the differences of one relation to state->missing. */
int cutover_compare_shapes(struct cutover_state *state, const struct cutover_shape *source,
                           const struct cutover_shape *target, struct err *err);
int cutover_miss(struct cutover_state *state, struct err *err, const char *format, ...) printf_like(3, 4);
/* After cutover_read_catalogs(): adds columns whose type on the target cannot hold the source's values to
 * state->missing. Clears "carried" of tables whose rows on the target have another origin. */
int cutover_compare_types(struct cutover_state *state, struct err *err);
/* Fails with a waiting error if state->missing is not empty. */
int cutover_check_missing(struct cutover_state *state, struct err *err);
/* Warns of other DDL of the source that nobody has repeated on the target. */
int cutover_warn_of_ddl(struct cutover_state *state, struct err *err);
/* Clears "carried" of tables whose rows have changed without the stream: engine/replication/tables/stale.h.
 */
int cutover_find_stale(struct cutover_state *state, struct err *err);
/* After cutover_find_stale(): lists tables that were created on both sides since the base copy, have the same
 * columns and are not followed. */
int cutover_list_late(struct cutover_state *state, struct err *err, struct late_tables *ret_late);
/* Notes which tables have joined; "oids" is an array as text. */
void cutover_note_joined(struct cutover_state *state, const char *oids);
/* Gives the target's sequences the source's parameters. Call it before setting values. */
int cutover_set_sequence_options(struct cutover_state *state, struct err *err);
/* Gives the target's sequences the source's values; fills the evidence's sequences. */
int cutover_set_sequences(struct cutover_state *state, struct err *err);
/* Recopy the tables that are not "carried", and the large objects that differ; each from one snapshot. */
int cutover_copy_tables(struct cutover_state *state, struct err *err);
int cutover_copy_large_objects(struct cutover_state *state, struct err *err);
/* Refreshes the materialized views that are populated on the source. */
int cutover_refresh_views(struct cutover_state *state, struct err *err);
/* Counts rows, and finds out whether the source was quiet. Fails only without memory or when stopped. */
int cutover_count(struct cutover_state *state, struct err *err);
/* Whether a published table of the source was written to since the applied position. */
enum source_quiet { SOURCE_UNKNOWN, SOURCE_QUIET, SOURCE_WRITTEN };
enum source_quiet cutover_source_is_quiet(struct cutover_state *state);
/* Whether no transaction has ended since tables were recopied. */
bool cutover_copies_are_current(struct cutover_state *state);

#endif

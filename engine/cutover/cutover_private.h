/* SPDX-License-Identifier: MIT */
/* The parts of a cutover and what they share; for engine/cutover*.c and engine/evidence*.c only. */
#ifndef ENGINE_CUTOVER_CUTOVER_PRIVATE_H
#define ENGINE_CUTOVER_CUTOVER_PRIVATE_H

#include "engine/catalog/source_settings.h"
#include "engine/catalog/transfer_catalog.h"
#include "engine/cutover/cutover.h"
#include "engine/dump/restore.h"
#include "engine/pg/pg.h"
#include "engine/pg/report.h"

/* A relation of the user's: table with rows ('r'), partitioned table ('p'), sequence ('S') or materialized
 * view ('m'). */
struct cutover_relation {
    char kind;
    char *schema;
    char *name;
    char *condition; /* SQL "WHERE ..." of an extension's configuration table: only these rows are the user's;
                        "" without one, NULL: no such table */
    char *root; /* topmost partitioned table, quoted, whose rows may be in other partitions on the target; or
                   NULL */
    uint32_t oid; /* on the source */
    uint32_t target_oid;
    bool source_readable;
    bool target_readable;
    bool permanent; /* neither unlogged nor temporary */
    bool differs;   /* something of it is in state->missing */
    bool published; /* table: it is in the publication, */
    bool carried;   /* and the stream has brought all its rows */
    bool filled;    /* view: it is on the source */
    int64_t pages;  /* table: about, the larger of both sides */
};

/* What one side's catalog says of a relation beyond that, as text; for comparing. */
struct cutover_shape {
    struct cutover_relation relation;
    char *parents; /* tables that it inherits from, quoted */
    char *columns; /* an array, by name */
};

struct cutover_state {
    const struct cutover *cutover;
    struct pg source; /* one session per side does it all */
    struct pg target;
    struct source_settings settings; /* of the source's own sessions: in force where the target evaluates */
    const char *encoding;            /* of statements and names on both sessions */
    struct report report;            /* of what could not be described on the target */
    struct evidence *evidence;
    uint64_t applied; /* everything before it has been applied */
    bool closed;      /* an earlier run got as far as replica_restore(): all but the evidence is done */
    /* Set by cutover_read_catalogs(). */
    struct cutover_relation *relations; /* that both sides have, by schema and name */
    size_t relation_count;
    bool published;          /* the publication is there: what is not in it is known */
    struct str_list missing; /* "table a.b": made on the source after the base copy, and not on the target */
    struct str_list renamed; /* "a.b": tables that are called so on the source only */
    bool large_objects;      /* one side has some */
    char *transactions;      /* the source's snapshot before anything was copied again */
    bool copied;             /* tables have been copied again */
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

/* Moves the warnings of state->report there. */
void cutover_take_warnings(struct cutover_state *state);
/* Names and PostgreSQL's messages need not be UTF-8; what the evidence and the error hold must be. */
void cutover_make_texts_utf8(struct evidence *evidence, struct err *err);

/* Tables and columns that have other names on the source now; in state->missing and state->renamed. */
int cutover_compare_identities(struct cutover_state *state, struct err *err);
/* Reads what both sides have. What the target lacks is in state->missing; what only the target has becomes a
 * note. */
int cutover_read_catalogs(struct cutover_state *state, struct err *err);
/* For cutover_read_catalogs(): what one side has, or has otherwise. */
int cutover_compare_shapes(struct cutover_state *state, const struct cutover_shape *source,
                           const struct cutover_shape *target, struct err *err);
int cutover_miss(struct cutover_state *state, struct err *err, const char *format, ...) printf_like(3, 4);
/* After cutover_read_catalogs(): types that the target's columns do not hold are missing, too; a table whose
 * rows on the target are others' is no longer "carried". */
int cutover_compare_types(struct cutover_state *state, struct err *err);
/* -1, and an error that is not lasting, when something is missing: it waits for the user. */
int cutover_check_missing(struct cutover_state *state, struct err *err);
/* Warns of other DDL of the source that was not repeated on the target. */
int cutover_warn_of_ddl(struct cutover_state *state, struct err *err);
/* Tables whose rows have changed in a way that the stream does not tell are no longer "carried". */
int cutover_find_stale(struct cutover_state *state, struct err *err);
/* After cutover_find_stale(): tables that both sides have got since the base copy, with the same columns, and
 * that are not followed. */
int cutover_list_late(struct cutover_state *state, struct err *err, struct late_tables *ret_late);
/* Notes which tables have joined, of an array of their OIDs as text. */
void cutover_note_joined(struct cutover_state *state, const char *oids);
/* Gives the target's sequences the source's parameters: before their values. */
int cutover_set_sequence_options(struct cutover_state *state, struct err *err);
/* Brings the target's sequences to where the source's are; fills the evidence's sequences. */
int cutover_set_sequences(struct cutover_state *state, struct err *err);
/* Copies the tables again that the stream does not carry, and the large objects that are not the same, both
 * as they are on the source in one snapshot. */
int cutover_copy_tables(struct cutover_state *state, struct err *err);
int cutover_copy_large_objects(struct cutover_state *state, struct err *err);
/* Fills the materialized views again that are filled on the source. */
int cutover_refresh_views(struct cutover_state *state, struct err *err);
/* Counts rows, and finds out whether the source was quiet. -1 only when memory is out or a stop is wished. */
int cutover_count(struct cutover_state *state, struct err *err);
/* Whether all that was to be seen on the source up to now is on the target: nothing of a published table was
 * written since. */
enum source_quiet { SOURCE_UNKNOWN, SOURCE_QUIET, SOURCE_WRITTEN };
enum source_quiet cutover_source_is_quiet(struct cutover_state *state);
/* No transaction at all has ended since tables were recopied. */
bool cutover_copies_are_current(struct cutover_state *state);

#endif

/* SPDX-License-Identifier: MIT */
/* The parts of a cutover and what they share; for engine/cutover*.c and engine/evidence*.c only. */
#ifndef ENGINE_CUTOVER_PRIVATE_H
#define ENGINE_CUTOVER_PRIVATE_H

#include "engine/cutover.h"
#include "engine/transfer_steps.h"

/* A relation of the user's: table with rows ('r'), sequence ('S') or materialized view ('m'). */
struct cutover_relation {
    char kind;
    char *schema;
    char *name;
    bool source_readable;
    bool target_readable;
    bool carried;  /* table: it is in the publication */
    bool filled;   /* view: it is on the source */
    int64_t pages; /* table: about, the larger of both sides */
};

struct cutover_state {
    const struct cutover *cutover;
    struct transfer transfer;
    struct transfer_state base; /* what the steps of the base copy use: both sessions, report, roles */
    struct evidence *evidence;
    uint64_t applied; /* everything before it has been applied */
    bool closed;      /* an earlier run got as far as replica_restore(): all but the evidence is done */
    /* Set by cutover_read_catalogs(). */
    struct cutover_relation *relations; /* that both sides have, by schema and name */
    size_t relation_count;
    bool published;     /* the publication is there: what is not in it is known */
    bool large_objects; /* one side has some */
    char *transactions; /* the source's snapshot before anything was copied again */
    bool copied;        /* tables have been copied again */
};

/* Sends one query to both sides at once; the caller clears the results. */
int cutover_ask_both(struct cutover_state *state, const char *sql, int count, const char *const *params,
                     struct err *err, PGresult **ret_source, PGresult **ret_target);
void cutover_note(struct cutover_state *state, const char *format, ...) printf_like(2, 3);

/* Reads what both sides have; what only one has becomes notes. */
int cutover_read_catalogs(struct cutover_state *state, struct err *err);
/* Tables whose rows have changed in a way that the stream does not tell are no longer "carried". */
int cutover_find_stale(struct cutover_state *state, struct err *err);
/* Brings the target's sequences to where the source's are; fills the evidence's sequences. */
int cutover_set_sequences(struct cutover_state *state, struct err *err);
/* Copies the tables again that the stream does not carry, and the large objects that are not the same, both
 * as they are on the source in one snapshot. */
int cutover_copy_tables(struct cutover_state *state, struct err *err);
int cutover_copy_large_objects(struct cutover_state *state, struct err *err);
/* Fills the materialized views again that are filled on the source. */
int cutover_refresh_views(struct cutover_state *state, struct err *err);
/* Makes the target's session look names up as ordinary sessions of the database do. */
extern const char cutover_search_path_sql[];
/* Counts rows, and finds out whether the source was quiet. -1 only when memory is out or a stop is wished. */
int cutover_count(struct cutover_state *state, struct err *err);
/* Whether all that was to be seen on the source up to now is on the target; false also when that cannot be
 * told. */
bool cutover_source_is_quiet(struct cutover_state *state);

#endif

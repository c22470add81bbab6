/* SPDX-License-Identifier: MIT */
/*
 * The last part of an online migration, when every change up to the trigger has been applied: what logical
 * decoding does not carry is brought up to date (sequences, large objects, tables that are not in the
 * publication, materialized views that depend on changed rows), the target's own triggers are as they should
 * be again, and both sides are compared.
 */
#ifndef ENGINE_CUTOVER_CUTOVER_H
#define ENGINE_CUTOVER_CUTOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "core/str_list.h"
#include "engine/pg/endpoint.h"

struct cutover {
    const struct endpoint *source;
    const struct endpoint *target;
    const char *database;
    const char *name; /* of publication and helper schema */
    const char *heir; /* as in engine/transfer/transfer.h */
    int jobs;
    bool changed;            /* at least one change has been applied since the base copy */
    int count_ms;            /* time for counting rows; what is not counted by then is told as unknown */
    bool skip_large_objects; /* as in engine/transfer/transfer.h */
    const struct stop *stop;
};

struct evidence_table {
    char *schema;
    char *name;
    int64_t source_rows; /* -1: not counted */
    int64_t target_rows;
};
struct evidence_sequence {
    char *schema;
    char *name;
    int64_t source_value; /* the value that nextval() goes on from */
    int64_t target_value;
};
struct evidence {
    struct evidence_table *tables; /* by schema and name */
    size_t table_count;
    struct evidence_sequence *sequences;
    size_t sequence_count;
    bool quiet; /* nothing was written to the source while it was counted: the counts must be equal */
    struct str_list losses; /* data that is not as on the source, or could not be compared: none is allowed */
    struct str_list warnings; /* what was not carried over and costs no data */
    struct str_list notes;    /* what was recopied, what was not counted */
};

/* A table that was created on both sides after the base copy, and is not replicated. */
struct late_table {
    uint32_t oid; /* on the source */
    char *schema;
    char *name;
    bool has_rows; /* on the target; Malachite did not write them */
};
struct late_tables {
    struct late_table *items;
    size_t count;
};

/*
 * Whether the target lacks what was made on the source after the base copy, or rows violate a foreign key
 * that the cutover has to add again: ret_missing says what, and waits (engine/pg/ddl_wait.h); its message is
 * empty when nothing is missing. And which tables could join (engine/online/join.h); the caller frees them.
 * Reads both catalogs, changes nothing; takes a few seconds at most once connected.
 */
int cutover_find_missing(const struct cutover *cutover, struct err *err, struct err *ret_missing,
                         struct late_tables *ret_late);
void late_tables_done(struct late_tables *late);

/*
 * Runs it; may be run again after an interruption anywhere. The helper schema stays (replica_end()).
 * ret_evidence is filled as far as it got. -1: something that costs data could not be brought up to date;
 * when err->waiting, the user has to repeat DDL on the target first. 0 with evidence.losses: it has happened,
 * and the target cannot be trusted.
 */
int cutover_finish(const struct cutover *cutover, struct err *err, struct evidence *ret_evidence);
void evidence_done(struct evidence *evidence);

#endif

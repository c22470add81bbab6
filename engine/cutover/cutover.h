/* SPDX-License-Identifier: MIT */
/*
 * The cutover ends an online migration, once all changes up to its trigger have been applied. It copies what
 * logical decoding does not carry: sequences, large objects, tables outside the publication. It refreshes
 * materialized views whose rows changed, restores the target's triggers, and compares both sides.
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
    const char *name;           /* of publication and helper schema */
    const char *fallback_owner; /* as in engine/transfer/transfer.h */
    int jobs;
    bool changed;            /* at least one change has been applied since the base copy */
    int count_ms;            /* time limit for counting rows; the rest is reported as unknown */
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
    int64_t source_value; /* the value that nextval() continues from */
    int64_t target_value;
};
struct evidence {
    struct evidence_table *tables; /* by schema and name */
    size_t table_count;
    struct evidence_sequence *sequences;
    size_t sequence_count;
    bool quiet; /* nothing was written to the source while rows were counted: the counts must be equal */
    struct str_list losses;   /* data that differs from the source or could not be compared: any makes the
                                 migration Failed */
    struct str_list warnings; /* differences that cost no data */
    struct str_list notes;    /* recopied and uncounted tables, and the like */
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
 * Looks for reasons why a cutover would wait: the target lacks objects that were created on the source after
 * the base copy, or rows violate a foreign key that the cutover has to add. *ret_missing describes one and
 * waits (engine/pg/ddl_wait.h), or has an empty message. *ret_late are tables that could join
 * (engine/online/join.h); the caller frees them. Reads both catalogs and changes nothing; takes a few seconds
 * once connected.
 */
int cutover_find_missing(const struct cutover *cutover, struct err *err, struct err *ret_missing,
                         struct late_tables *ret_late);
void late_tables_done(struct late_tables *late);

/*
 * Runs the cutover; may be repeated after an interruption at any point. The helper schema stays
 * (replica_end()). *ret_evidence is filled in any case, as far as the cutover got. -1: it failed before data
 * was complete; if err->waiting, the user has to repeat DDL on the target first. 0 with evidence.losses: the
 * cutover happened, but the target cannot be trusted.
 */
int cutover_finish(const struct cutover *cutover, struct err *err, struct evidence *ret_evidence);
void evidence_done(struct evidence *evidence);

#endif

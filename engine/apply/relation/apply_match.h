/* SPDX-License-Identifier: MIT */
/*
 * Which table and columns of the target the changes of a table go to. They are found by identity
 * (engine/catalog/identity.h), so that a name which the source has given to something else leads nobody
 * astray; a name or a type that the target has yet to get makes the changes wait (engine/pg/ddl_wait.h).
 *
 * The catalog of the source can be newer than the changes that the stream brings. What both the changes and
 * the catalog are right about is applied; where it cannot be told which column a change means, the table's
 * changes are left out ("unresolved"), and the cutover recopies the table. For this room only.
 */
#ifndef ENGINE_APPLY_RELATION_APPLY_MATCH_H
#define ENGINE_APPLY_RELATION_APPLY_MATCH_H

#include "core/err.h"
#include "engine/apply/relation/apply_relation.h"
#include "engine/catalog/identity.h"

struct match {
    struct apply_relation *relation;
    struct pg *target; /* not in pipeline mode */
    struct pg *source; /* of relation->source; NULL: nothing is known of the source */
    struct identities *identities;
    const struct identity_table *pair; /* as it was; NULL: none */
    /* Results. */
    struct table_now there; /* on the target; no OID: its changes are left out */
    bool recopy;            /* the cutover has to recopy the table */
    bool skipped;           /* neither side has it any more: nothing is missed */
    bool changed;           /* the pair is new, or has changed */
};

/* Finds the table and, for relation->columns, their names and numbers on the target. -1: err waits, or is
 * transient, or lasting. */
int apply_match(struct match *match, struct err *err);
void apply_match_done(struct match *match);
#define auto_match __attribute__((cleanup(apply_match_done)))

/* SQL: whether the names that were found still are those of the same table and columns. NULL: memory is out.
 */
char *apply_match_check(const struct match *match);
/* The part about columns; "there" is known. */
int apply_match_columns(struct match *match, struct err *err);

#endif

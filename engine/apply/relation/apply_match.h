/* SPDX-License-Identifier: MIT */
/*
 * Finds the target's table and columns for the changes of a source's table. It goes by identity
 * (engine/catalog/identity.h), because the source may give a name to another table or column. Changes wait if
 * the target lacks a name or a suitable type (engine/pg/ddl_wait.h).
 *
 * The source's catalog may be newer than the stream. Changes are applied where both agree. If the column of a
 * change is ambiguous, the table becomes "unresolved": its changes are skipped, and the cutover recopies it.
 * For this room only.
 */
#ifndef ENGINE_APPLY_RELATION_APPLY_MATCH_H
#define ENGINE_APPLY_RELATION_APPLY_MATCH_H

#include "core/err.h"
#include "engine/apply/relation/apply_relation.h"
#include "engine/catalog/identity.h"

struct match {
    struct apply_relation *relation;
    struct pg *target; /* not in pipeline mode */
    struct pg *source; /* of relation->source; NULL: the source's catalog is unknown */
    struct identities *identities;
    const struct identity_table *pair; /* the known pair; NULL: none */
    /* Results. */
    struct table_now there; /* on the target; without an OID, changes are skipped */
    bool recopy;            /* the cutover has to recopy the table */
    bool skipped;           /* both sides have dropped the table: nothing is lost */
    bool changed;           /* the pair is new or has changed */
};

/* Finds the table, and the names and numbers of relation->columns on the target. -1: err waits, or is
 * transient or permanent. */
int apply_match(struct match *match, struct err *err);
void apply_match_done(struct match *match);
#define auto_match __attribute__((cleanup(apply_match_done)))

/* SQL that checks whether the names still belong to the same table and columns. NULL: out of memory. */
char *apply_match_check(const struct match *match);
/* Matches the columns, once "there" is known. */
int apply_match_columns(struct match *match, struct err *err);

#endif

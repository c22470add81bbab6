/* SPDX-License-Identifier: MIT */
/*
 * A table: its description in the stream, the facts about the target that decide how changes are applied, and
 * its pending changes. For this room only.
 */
#ifndef ENGINE_APPLY_RELATION_APPLY_RELATION_H
#define ENGINE_APPLY_RELATION_APPLY_RELATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "engine/pg/pg.h"
#include "engine/replication/pgoutput.h"
#include "engine/replication/tables/table_now.h"

struct apply_column {
    char *source_name;
    int number; /* on the source; 0: not known */
    uint32_t type_id;
    int32_t modifier;
    bool source_key; /* part of the replica identity on the source */
    int target_number;
    char *name; /* on the target */
    char *quoted;
    char *type;         /* as SQL, without modifier, so that too long a value is an error */
    uint32_t base;      /* its OID, or that of the type below the domain */
    char *equals;       /* the key's operator as SQL; NULL: the texts are compared */
    const char *digest; /* SQL function that stands for the text of a bytea; NULL: another type */
    bool by_array;      /* its cast from text may not accept the type's output */
    char delimiter;     /* between the elements of an array of the type, as text */
    bool key;           /* one of facts.keys */
    bool unique;        /* another unique index of the target depends on it */
};

/* ---- what the target's catalog says: engine/apply/relation/apply_facts.h ---- */

enum apply_identity {
    APPLY_BY_NOTHING, /* rows cannot be found: only inserts are possible */
    APPLY_BY_KEY,     /* at most one row has the values of the key columns */
    APPLY_BY_ROW,     /* REPLICA IDENTITY FULL without a key on the target: equal rows are all the same */
};

struct apply_facts {
    char *check;       /* SQL that checks whether the names on the target are still current; NULL: unknown */
    char *table;       /* quoted name of the target's table in statements */
    bool through;      /* statements name a partitioned table above it, because partitions may differ */
    size_t partitions; /* of that partitioned table; else 0 */
    enum apply_identity identity;
    size_t *keys; /* indexes of the key columns */
    size_t key_count;
    /* There are other unique indexes, so the order of changes matters. Rows are rewritten (APPLY_REWRITE), or
     * runs of changes of one kind keep their order where rewriting would do harm. */
    bool rewrites;
    bool ordered;
    /* The order of changes matters between such tables: foreign keys act, or partitions are written through
     * one table. */
    bool grouped;
    bool has_target_only_columns; /* the target has columns that the source lacks */
    bool acts;                    /* foreign keys of the target change or reject rows immediately */
    bool lenient;                 /* foreign keys may have deleted a row before its own change arrives */
    bool keeps_rows;              /* an UPDATE may not become a DELETE and an INSERT */
    bool runs;                    /* only changes of one kind are pending at the same time */
    bool may_gather;              /* temporary tables are permitted */
};

/* ---- changes that have not been sent yet ---- */

enum apply_write { APPLY_WRITES_NOTHING, APPLY_WRITES_INSERT, APPLY_WRITES_UPDATE };

struct apply_row {
    struct apply_row *next; /* in the order of the first change */
    struct apply_row *next_of_bucket;
    struct apply_row *next_of_statement;
    uint64_t hash;
    struct pgoutput_value *key;    /* of the key columns; BY_ROW: of all columns */
    struct pgoutput_value *fresh;  /* of all columns, when something is written */
    struct pgoutput_value *before; /* BY_ROW, UPDATE: of all columns, as they were; "key" is as "fresh" */
    bool remove;                   /* the row with that key goes first */
    bool moves;                    /* UPDATE: the key changes too */
    enum apply_write write;
    int64_t copies; /* BY_ROW: so many more (or, negative, fewer) */
};

struct apply_relation;

struct apply_pending {
    struct apply_relation *next; /* with pending changes, while listed */
    bool listed;
    struct apply_row *first_row;
    struct apply_row *last_row;
    size_t row_count;
    struct apply_row **buckets;
    size_t bucket_count;
    int run; /* what kind of change it holds, where only one kind may be pending */
    /* Deletes that the target has gathered: engine/apply/apply_send_private.h. */
    struct apply_relation *next_gathered;
    int64_t gathered_rows;
    bool gathers; /* the temporary table is there */
};

/* ---- prepared statements: engine/apply/apply_send_private.h ---- */

enum apply_statement_kind {
    APPLY_INSERT,
    APPLY_UPDATE,
    APPLY_UPDATE_ROW, /* of rows without a key */
    APPLY_REWRITE,    /* an UPDATE of a table with other unique indexes: see apply_add_statement() */
    APPLY_DELETE,
    APPLY_GATHER, /* deletes that are done later */
};

struct apply_statement {
    struct apply_statement *next;
    enum apply_statement_kind kind;
    bool *set; /* UPDATE: for each column, whether it is given; else NULL */
    char name[32];
    /* Rows that wait for it, in the order of their changes; linked by row->next_of_statement. */
    struct apply_row *first_row;
    struct apply_row *last_row;
    size_t row_count;
};

/* ---- the table ---- */

struct apply_relation {
    struct apply_relation *next; /* with the same hash of "id" */
    uint32_t id;                 /* OID on the source */
    char *schema;
    char *name;
    char *what; /* "table schema.name" */
    char source_identity;
    struct apply_column *columns;
    size_t column_count;
    bool described;          /* "source" is known: */
    struct table_now source; /* as the source's catalog has it; no OID: dropped since */

    bool loaded;     /* the rest is known */
    bool unresolved; /* its changes cannot be applied: see engine/apply/relation/apply_match.h */
    bool stale;      /* its changes are not applied: engine/replication/tables/stale.h */
    bool noted;      /* and the helper knows it */
    int64_t checked; /* the transaction of struct apply_target that checks facts.check already */
    struct apply_facts facts;
    struct apply_pending pending;
    struct apply_statement *statements;
};

/* Creates one from a RELATION message, without querying the target. */
int apply_relation_new(const struct pgoutput_message *message, struct pg *target, struct err *err,
                       struct apply_relation **ret_relation);
/* NULL is allowed. */
void apply_relation_free(struct apply_relation *relation);
/* Whether both have the same description in the stream and the source's catalog. */
bool apply_relation_same(const struct apply_relation *a, const struct apply_relation *b);
/* NULL: no column has that name. */
struct apply_column *apply_relation_column(struct apply_relation *relation, const char *name);
/* Sets the column's name on the target. */
int apply_relation_name_column(struct apply_column *column, struct pg *target, const char *name,
                               struct err *err);

void apply_statement_free(struct apply_statement *statement);
/* Forgets the prepared statements. */
void apply_relation_free_statements(struct apply_relation *relation);

/* ---- all that the stream has described, by OID; and those with pending changes, in their order ---- */

enum { RELATION_BUCKETS = 256 };

/* All-zero is empty. */
struct apply_relations {
    struct apply_relation *buckets[RELATION_BUCKETS];
    struct apply_relation *first_pending;
    struct apply_relation *last_pending;
};

/* NULL: not described. */
struct apply_relation *apply_relations_find(const struct apply_relations *relations, uint32_t id);
/* Takes the relation over; one with the same OID is freed. */
void apply_relations_put(struct apply_relations *relations, struct apply_relation *relation);
/* Iterates over all; "after" NULL: the first. Returns NULL after the last. */
struct apply_relation *apply_relations_next(const struct apply_relations *relations,
                                            const struct apply_relation *after);
void apply_relations_done(struct apply_relations *relations);

/* A listed one keeps its place. */
void apply_relations_add_pending(struct apply_relations *relations, struct apply_relation *relation);
/* Removes and returns the first; NULL: the list is empty. */
struct apply_relation *apply_relations_take_pending(struct apply_relations *relations);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A table as the stream names it, and what of the target decides how its changes are applied: by which
 * columns a row is found again, whether the order of changes matters, through which table they go. For
 * engine/apply*.c only.
 */
#ifndef ENGINE_APPLY_APPLY_RELATION_PRIVATE_H
#define ENGINE_APPLY_APPLY_RELATION_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "engine/apply/apply_pipeline_private.h"
#include "engine/replication/pgoutput.h"
#include "engine/replication/table_now.h"

enum apply_identity {
    APPLY_BY_NOTHING, /* no way to find a row again: only inserts come */
    APPLY_BY_KEY,     /* at most one row has the values of the key columns */
    APPLY_BY_ROW,     /* REPLICA IDENTITY FULL without a key on the target: equal rows are all the same */
};

struct apply_column {
    char *source_name;
    int number; /* on the source; 0: not known */
    uint32_t type_id;
    int32_t modifier;
    int target_number;
    char *name; /* on the target */
    char *quoted;
    char *type;         /* as SQL, without modifier, so that too long a value is an error */
    char *equals;       /* the key's operator as SQL; NULL: the texts are compared */
    bool by_array;      /* a cast from text would not read what the type writes */
    uint32_t base;      /* its type, or that below its domain; on the target */
    const char *digest; /* SQL function that stands for the text of a bytea; NULL: another type */
    char delimiter;     /* between the elements of an array of the type, as text */
    bool source_key;    /* part of the replica identity on the source */
    bool key;           /* one of relation->keys */
    bool unique;        /* another unique index of the target depends on it */
};

struct apply_row;
struct apply_statement;

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

    bool loaded;       /* the rest is known */
    char *check;       /* SQL: whether its names on the target still mean what they meant; NULL: not known */
    int64_t checked;   /* the transaction of struct apply_target that checks it already */
    char *table;       /* quoted name of the table on the target that the statements name */
    bool through;      /* that is a partitioned table above it, as its partitions may differ */
    size_t partitions; /* of that table, where it is not the one that the source names; else 0 */
    enum apply_identity identity;
    size_t *keys; /* indexes of the key columns */
    size_t key_count;
    /* Other unique indexes: a change may need one before it. Rows are rewritten (apply_add_rewrite()), or,
     * where that would do harm, runs of changes of one kind keep their order. */
    bool rewrites;
    bool ordered;
    /* Order matters between this and other such tables (foreign keys that cannot be switched off, partitions
     * reached through one table). */
    bool grouped;
    bool spare;      /* the target has columns that the source lacks */
    bool acts;       /* foreign keys of the target act on rows, or refuse them, at once: apply_actions.h */
    bool lenient;    /* and may have deleted a row before its own change arrives */
    bool keeps_rows; /* an UPDATE may not become a DELETE and an INSERT */
    bool runs;       /* only changes of one kind are pending at the same time */
    bool stale;      /* its changes are not applied: engine/replication/stale.h */
    bool noted;      /* and the helper knows it */
    bool unresolved; /* nor can they be: see engine/apply/apply_match_private.h */
    bool may_gather; /* temporary tables are permitted: engine/apply/apply_gather_private.h */
    struct apply_statement *statements;

    /* Pending changes: engine/apply/apply_batch_private.h. */
    struct apply_relation *next_pending;
    bool pending;
    struct apply_row *first_row;
    struct apply_row *last_row;
    size_t row_count;
    struct apply_row **buckets;
    size_t bucket_count;
    int run; /* what kind of change an ordered table holds */

    /* Deletes that the target has gathered: engine/apply/apply_gather_private.h. */
    struct apply_relation *next_gathered;
    int64_t gathered_rows;
    bool gathers; /* the temporary table is there */
};

/* A new one from a RELATION message; nothing is asked of the target yet. */
int apply_relation_new(const struct pgoutput_message *message, struct pg *target, struct err *err,
                       struct apply_relation **ret_relation);
/* NULL is fine. */
void apply_relation_free(struct apply_relation *relation);
/* Whether the stream and the source's catalog say the same of both. */
bool apply_relation_same(const struct apply_relation *a, const struct apply_relation *b);

/* NULL: there is none of that name. */
struct apply_column *apply_relation_column(struct apply_relation *relation, const char *name);

/* Another name on the target. */
int apply_relation_name_column(struct apply_column *column, struct pg *target, const char *name,
                               struct err *err);

/* Reads how changes get to the table "there" of the target; target is not in pipeline mode. */
int apply_relation_load(struct apply_relation *relation, const struct table_now *there, struct pg *target,
                        struct err *err);

#endif

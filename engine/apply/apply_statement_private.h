/* SPDX-License-Identifier: MIT */
/*
 * The statements that change one table, each for many rows at once: parameters are arrays, one for each
 * column, which the statement takes apart with unnest(). For engine/apply*.c only.
 */
#ifndef ENGINE_APPLY_APPLY_STATEMENT_PRIVATE_H
#define ENGINE_APPLY_APPLY_STATEMENT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"
#include "engine/apply/apply_pipeline_private.h"
#include "engine/apply/apply_relation_private.h"

enum apply_statement_kind {
    APPLY_INSERT,
    APPLY_UPDATE,
    APPLY_UPDATE_ROW, /* of rows without a key */
    APPLY_REWRITE,    /* an UPDATE of a table with other unique indexes: see apply_add_rewrite() */
    APPLY_DELETE,
    APPLY_GATHER, /* deletes that are done later: engine/apply/apply_gather_private.h */
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

/* Memory for parameters that is used again. All-zero is empty. */
struct apply_space {
    char *bytes;
    size_t room;
};
void apply_space_done(struct apply_space *space);

/* The statement of that kind and shape; it is prepared when it is new. *serial numbers the names. */
int apply_statement_find(struct apply_relation *relation, enum apply_statement_kind kind, const bool *set,
                         unsigned *serial, struct pipeline *pipeline, struct err *err,
                         struct apply_statement **ret_statement);
void apply_statements_free(struct apply_relation *relation);

/* Adds a row to those that wait for the statement. */
void apply_statement_take(struct apply_statement *statement, struct apply_row *row);
/* Executes it for all rows that wait. */
int apply_statement_run(struct apply_relation *relation, struct apply_statement *statement,
                        struct apply_space *space, struct pipeline *pipeline, struct err *err);

#endif

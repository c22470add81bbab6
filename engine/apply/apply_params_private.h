/* SPDX-License-Identifier: MIT */
/* The parameters of a statement for the rows that wait for it; for engine/apply/apply_send.c only. */
#ifndef ENGINE_APPLY_APPLY_PARAMS_PRIVATE_H
#define ENGINE_APPLY_APPLY_PARAMS_PRIVATE_H

#include "core/err.h"
#include "engine/apply/apply_pipeline_private.h"
#include "engine/apply/relation/apply_relation.h"

/* Memory for parameters that is used again. All-zero is empty. */
struct apply_space {
    char *bytes;
    size_t room;
};
void apply_space_done(struct apply_space *space);

/* All-zero is empty. */
struct apply_params {
    const char **starts;
    int *lengths;
    int *formats;
    Oid *types;                   /* apply_params_alone() only, and so are these: */
    bool *set;                    /* UPDATE of a whole row: the columns that change; else NULL */
    char **texts;                 /* copies that end with NUL */
    struct pipeline_params shape; /* the same in libpq's shape; count 0: the statement has no columns */
};

/* The values are in "space", and hold until it is used again. */
int apply_params_make(const struct apply_relation *relation, const struct apply_statement *statement,
                      struct apply_space *space, struct err *err, struct apply_params *ret_params);
/* For the only row, without copying its values, which have to last until the statement is queued. -1: err
 * waits when a value cannot be sent. */
int apply_params_alone(const struct apply_relation *relation, const struct apply_statement *statement,
                       const char *database, struct err *err, struct apply_params *ret_params);
void apply_params_done(struct apply_params *params);
#define auto_apply_params __attribute__((cleanup(apply_params_done)))

#endif

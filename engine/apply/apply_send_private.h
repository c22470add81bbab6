/* SPDX-License-Identifier: MIT */
/*
 * Sends what is pending for one table, by statements that change many rows at once: parameters are arrays,
 * one for each column, which the statement takes apart with unnest(). For engine/apply/apply_target.c only.
 *
 * Where rows have no key, finding those that go means reading the whole table. A transaction that is sent in
 * many parts would have that done for each of them; instead the target gathers the rows in a temporary table,
 * and deletes them all at once before it commits. That the rows which are inserted come first then does not
 * matter: equal rows are all the same, and no unique index is there.
 */
#ifndef ENGINE_APPLY_APPLY_SEND_PRIVATE_H
#define ENGINE_APPLY_APPLY_SEND_PRIVATE_H

#include <stdbool.h>

#include "core/err.h"
#include "engine/apply/apply_params_private.h"
#include "engine/apply/apply_pipeline_private.h"
#include "engine/apply/relation/apply_relation.h"

struct apply_sender {
    struct pipeline *pipeline;
    struct apply_space space;
    unsigned serial;                 /* of the prepared statements */
    struct apply_relation *gathered; /* tables whose deletes have been gathered */
};

/* Queues deletes, updates and inserts, in this order, and clears what was pending. "more" of the same
 * transaction comes: deletes may be left to apply_send_gathered(). */
int apply_send_relation(struct apply_sender *sender, struct apply_relation *relation, bool more,
                        struct err *err);
/* Queues the deletes of all tables that have gathered some. */
int apply_send_gathered(struct apply_sender *sender, struct err *err);

#endif

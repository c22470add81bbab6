/* SPDX-License-Identifier: MIT */
/*
 * Where rows have no key, finding those that go means reading the whole table. A transaction that is sent in
 * many parts would have that done for each of them; instead the target gathers the rows in a temporary table,
 * and deletes them all at once before it commits. That the rows which are inserted come first then does not
 * matter: equal rows are all the same, and no unique index is there. For engine/apply*.c only.
 */
#ifndef ENGINE_APPLY_APPLY_GATHER_PRIVATE_H
#define ENGINE_APPLY_APPLY_GATHER_PRIVATE_H

#include <stdbool.h>

#include "core/err.h"
#include "engine/apply/apply_send_private.h"

/* Whether the table's deletes go there: "more" of the same transaction comes. */
bool apply_gathers(const struct apply_relation *relation, bool more);
/* Queues what the statement that gathers needs before it. */
int apply_gather_prepare(struct apply_sender *sender, struct apply_relation *relation, struct err *err);
/* The statement of that relation has been queued for so many rows. */
void apply_gather_note(struct apply_sender *sender, struct apply_relation *relation, int64_t rows);
/* Queues the deletes of all tables that have gathered some. */
int apply_gather_finish(struct apply_sender *sender, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/* Sends what is pending for one table; for engine/apply/apply.c only. */
#ifndef ENGINE_APPLY_APPLY_SEND_PRIVATE_H
#define ENGINE_APPLY_APPLY_SEND_PRIVATE_H

#include "engine/apply/apply_pipeline_private.h"
#include "engine/apply/apply_relation_private.h"
#include "engine/apply/apply_statement_private.h"

struct apply_sender {
    struct pipeline *pipeline;
    struct apply_space space;
    unsigned serial;                 /* of the prepared statements */
    struct apply_relation *gathered; /* engine/apply/apply_gather_private.h */
};

/* Queues deletes, updates and inserts, in this order, and clears what was pending. "more" of the same
 * transaction comes: deletes may be left to apply_gather_finish(). */
int apply_send_relation(struct apply_sender *sender, struct apply_relation *relation, bool more,
                        struct err *err);

#endif

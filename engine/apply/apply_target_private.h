/* SPDX-License-Identifier: MIT */
/*
 * The target's side of the applier: its transaction, how far it has committed, and how much of that would
 * survive a crash. For this room only.
 */
#ifndef ENGINE_APPLY_APPLY_TARGET_PRIVATE_H
#define ENGINE_APPLY_APPLY_TARGET_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "engine/apply/apply_pipeline_private.h"
#include "engine/apply/apply_send_private.h"
#include "engine/apply/relation/apply_relation.h"
#include "engine/replica/replica.h"
#include "engine/replication/tables/seen.h"

struct apply_target {
    struct pipeline pipeline;
    struct apply_sender sender;
    const char *helper; /* the schema that has the progress */
    struct seen seen;   /* what the base copy holds already */
    char *newest;       /* trigger that has been looked at; NULL: none fires */
    unsigned forgotten; /* sender.serial when all statements were deallocated */
    bool open;          /* the transaction has begun */
    struct buf checks;  /* of its tables, with AND between */
    int64_t number;     /* of the transaction */
    bool checking;      /* all of it has been sent; COMMIT follows when the answers are as expected: */
    bool committing;    /* COMMIT has been sent and not answered: */
    struct replica_progress sent;
    int64_t sent_us;
    bool sent_durable;
    struct replica_progress progress; /* has been committed */
    int64_t commit_us;                /* on the source, of the last of it; 0: nothing yet */
    uint64_t durable;                 /* everything before it would survive a crash */
    int64_t durable_ms;
};

/* Connects, and reads how far it is. "helper" has to outlive it. The target may be closed after a failure
 * too.
 */
int target_open(const struct pipeline_session *session, const char *helper, struct err *err,
                struct apply_target *ret_target);
void target_close(struct apply_target *target);

/* Queue: the pending changes of one table (see apply_send_relation(); *ret_forget: all prepared statements
 * are forgotten, those of every table have to be freed), what has been left for the end, one statement. The
 * transaction begins with the first of them. */
int target_queue(struct apply_target *target, struct apply_relation *relation, bool more, struct err *err,
                 bool *ret_forget);
int target_queue_rest(struct apply_target *target, struct err *err);
int target_queue_command(struct apply_target *target, const char *sql, struct err *err);
/* Lets the target begin with what is queued; does not wait. */
int target_send(struct apply_target *target, struct err *err);
/* Ends the transaction with the position of "progress" in it; does not wait. Now and then the commit waits
 * for the target's disk. */
int target_commit(struct apply_target *target, const struct replica_progress *progress, int64_t commit_us,
                  struct err *err);
/* Waits until all that was queued has been done. */
int target_wait(struct apply_target *target, struct err *err);
/* Takes answers that are there. */
int target_pump(struct apply_target *target, struct err *err);
/* What has been committed survives a crash from now on. Nothing is under way. */
int target_make_durable(struct apply_target *target, struct err *err);
/* Nothing that it would have to be told has happened up to there. */
void target_pass(struct apply_target *target, uint64_t position);

/* Neither a transaction nor a commit is under way. */
bool target_is_idle(const struct apply_target *target);
/* The transaction shall not commit if somebody has renamed the table or its columns on the target. */
int target_check_names(struct apply_target *target, struct apply_relation *relation, struct err *err);

#endif

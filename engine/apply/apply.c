/* SPDX-License-Identifier: MIT */
/*
 * While there is a backlog, one target transaction combines several source transactions. Changes are sent in
 * batches of bounded size: while the target executes a batch, the applier gathers the next one.
 */
#include "engine/apply/apply.h"

#include <stdlib.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/str.h"
#include "engine/apply/apply_batch_private.h"
#include "engine/apply/apply_tables_private.h"
#include "engine/apply/apply_target_private.h"
#include "engine/apply/apply_truncate_private.h"

enum {
    BATCH_BYTES = 4 * 1024 * 1024, /* pending bytes that are sent, also inside a source transaction */
    COMMIT_BYTES = 1024 * 1024,    /* limits at which the end of a source transaction commits: bytes, */
    COMMIT_CHANGES = 5000,         /* number of changes, */
    COMMIT_AGE_MS = 100,           /* age of the oldest transaction */
    PUMP_MESSAGES = 32,
};

struct apply {
    struct apply_target target;
    struct arena arena;
    struct apply_tables tables;
    struct apply_relation *group; /* of the tables whose order matters, only this one may be pending */

    uint64_t careful_until; /* up to this position, changes are sent one by one in the source's order */
    uint64_t begun;         /* commit position of the newest source transaction that has begun */
    uint32_t transaction;   /* its number */
    bool inside;            /* a source transaction has begun */
    bool skip;              /* the target already has this transaction */
    bool changed;           /* the transaction has changed something */
    unsigned messages;
    int64_t waiting_since_ms; /* 0: no complete transaction waits to be committed */
    int64_t waiting_changes;
    struct replica_progress taken; /* progress, including gathered changes */
    int64_t taken_us;
};

static int open_target(struct apply *apply, const struct apply_request *request, struct err *err)
{
    const struct pipeline_session session = {.target = request->target,
                                             .database = request->database,
                                             .encoding = request->encoding,
                                             .settings = request->settings,
                                             .stop = request->stop,
                                             .tick = request->tick,
                                             .context = request->context};
    apply->tables = (struct apply_tables){.target = &apply->target,
                                          .look = request->look,
                                          .hides_truncate = request->hides_truncate,
                                          .source = request->source,
                                          .context = request->context};
    return target_open(&session, request->name, err, &apply->target) != 0 ? -1
                                                                          : tables_open(&apply->tables, err);
}

int apply_open(const struct apply_request *request, struct err *err, struct apply **ret_apply)
{
    struct apply *apply = calloc(1, sizeof(*apply));
    if (apply == NULL) {
        return err_no_memory(err);
    }
    if (open_target(apply, request, err) != 0) {
        apply_close(apply);
        return -1;
    }
    apply->taken = apply->target.progress;
    apply->careful_until = request->careful_until;
    *ret_apply = apply;
    return 0;
}

void apply_close(struct apply *apply)
{
    if (apply == NULL) {
        return;
    }
    target_close(&apply->target);
    tables_close(&apply->tables);
    arena_done(&apply->arena);
    free(apply);
}

/* ---- sending ---------------------------------------------------------------------------------------------
 */

/* "more": the same transaction continues. */
static int send_relation(struct apply *apply, struct apply_relation *relation, bool more, struct err *err)
{
    bool forget = false;
    if (relation->pending.row_count == 0) {
        return 0;
    }
    if (target_queue(&apply->target, relation, more, err, &forget) != 0) {
        return -1;
    }
    if (forget) {
        tables_forget_statements(&apply->tables);
    }
    return 0;
}

/* Queues all pending changes, once the target has finished the previous batch. */
static int queue_pending(struct apply *apply, bool more, struct err *err)
{
    if (target_wait(&apply->target, err) != 0) {
        return -1;
    }
    for (struct apply_relation *relation;
         (relation = apply_relations_take_pending(&apply->tables.relations)) != NULL;) {
        if (send_relation(apply, relation, more, err) != 0) {
            return -1;
        }
    }
    apply->group = NULL;
    arena_reset(&apply->arena);
    return more ? 0 : target_queue_rest(&apply->target, err);
}

static int send_pending(struct apply *apply, bool more, struct err *err)
{
    return queue_pending(apply, more, err) != 0 ? -1 : target_send(&apply->target, err);
}

static int commit(struct apply *apply, struct err *err)
{
    if (queue_pending(apply, false, err) != 0 ||
        target_commit(&apply->target, &apply->taken, apply->taken_us, err) != 0) {
        return -1;
    }
    apply->waiting_since_ms = 0;
    apply->waiting_changes = 0;
    return 0;
}

/* ---- tables ----------------------------------------------------------------------------------------------
 */

/* The source describes a table before its first change in a stream, and after each alteration. */
static int take_relation(struct apply *apply, const struct pgoutput_message *message, struct err *err)
{
    const struct apply_relation *known = apply_relations_find(&apply->tables.relations, message->relation);
    struct apply_relation *fresh = NULL;
    if (tables_look(&apply->tables, message, err) != 0) {
        return -1;
    }
    if (apply_relation_new(message, &apply->target.pipeline.pg, err, &fresh) != 0) {
        return -1;
    }
    if (tables_describe(&apply->tables, fresh, err) != 0) {
        apply_relation_free(fresh);
        return -1;
    }
    if (known != NULL && !known->loaded && apply_relation_same(known, fresh)) {
        apply_relation_free(fresh);
        return 0;
    }
    /* The previous description applies to the pending changes. The alteration may show in the target's
     * catalogs only, such as a new index. */
    if (known != NULL && (send_pending(apply, false, err) != 0 || target_wait(&apply->target, err) != 0)) {
        apply_relation_free(fresh);
        return -1;
    }
    fresh->noted = known != NULL && known->noted;
    apply_relations_put(&apply->tables.relations, fresh);
    return 0;
}

static bool is_careful(const struct apply *apply)
{
    return apply->careful_until != 0 && apply->begun <= apply->careful_until;
}

/* ---- changes ---------------------------------------------------------------------------------------------
 */

/* Sends pending changes first where the order matters. */
static int keep_order(struct apply *apply, struct apply_relation *relation, enum pgoutput_kind kind,
                      struct err *err)
{
    if (relation->facts.grouped && apply->group != relation) {
        if (apply->group != NULL && send_relation(apply, apply->group, true, err) != 0) {
            return -1;
        }
        apply->group = relation;
    }
    bool another = relation->pending.run != (int)kind || (relation->facts.ordered && kind == PGOUTPUT_UPDATE);
    if (relation->facts.runs && another && send_relation(apply, relation, true, err) != 0) {
        return -1;
    }
    relation->pending.run = (int)kind;
    apply_relations_add_pending(&apply->tables.relations, relation);
    return 0;
}

static int take_change(struct apply *apply, const struct pgoutput_message *message, struct err *err)
{
    struct apply_relation *relation = NULL;
    if (joined_holds(&apply->tables.stale.joined, message->relation, apply->transaction, apply->begun)) {
        return 0;
    }
    if (tables_need(&apply->tables, message->relation, is_careful(apply), err, &relation) != 0) {
        return -1;
    }
    if (relation->stale) {
        return relation->noted ? 0 : tables_note_stale(&apply->tables, relation, "", err);
    }
    if (keep_order(apply, relation, message->kind, err) != 0) {
        return -1;
    }
    bool large = apply_batch_is_large(message);
    if (large && send_relation(apply, relation, true, err) != 0) {
        return -1;
    }
    int added = apply_batch_add(relation, &apply->arena, message, err);
    if (added == 0) {
        added = send_relation(apply, relation, true, err) != 0
                    ? -1
                    : apply_batch_add(relation, &apply->arena, message, err);
    }
    if (added == 0) {
        err_set(err, ERR_INTERNAL, "Cannot apply a change to the %s.", relation->what);
    }
    if (added <= 0) {
        return -1;
    }
    bool alone =
        is_careful(apply) || (relation->pending.first_row != NULL && relation->pending.first_row->moves);
    if (alone && send_relation(apply, relation, true, err) != 0) {
        return -1;
    }
    return large || arena_used(&apply->arena) >= BATCH_BYTES ? send_pending(apply, true, err) : 0;
}

static int take_truncate(struct apply *apply, struct pgoutput_message *message, struct err *err)
{
    tables_skip_copied(&apply->tables, apply->transaction, apply->begun, message);
    for (size_t i = 0; i < message->relation_count; i++) {
        struct apply_relation *relation = NULL;
        if (tables_need(&apply->tables, message->relations[i], is_careful(apply), err, &relation) != 0 ||
            target_check_names(&apply->target, relation, err) != 0) {
            return -1;
        }
    }
    if (send_pending(apply, false, err) != 0 || tables_end_stale(&apply->tables, message, err) != 0 ||
        tables_leave_out(&apply->tables, message, err) != 0) {
        return -1;
    }
    return apply_truncate(&apply->tables, message, err);
}

/* ---- transactions ----------------------------------------------------------------------------------------
 */

/* After the careful part, the tables are loaded again. */
static int begin(struct apply *apply, const struct pgoutput_message *message, struct err *err)
{
    bool careful = apply->careful_until != 0;
    apply->begun = message->commit_position;
    apply->transaction = message->transaction;
    if (careful && !is_careful(apply)) {
        apply->careful_until = 0;
        if (send_pending(apply, false, err) != 0) {
            return -1;
        }
        tables_unload(&apply->tables);
    }
    apply->inside = true;
    apply->changed = false;
    apply->skip = message->commit_position < apply->taken.position ||
                  seen_has(&apply->target.seen, message->commit_position, message->transaction);
    return 0;
}

static bool is_nothing_under_way(const struct apply *apply)
{
    return apply->waiting_since_ms == 0 && target_is_idle(&apply->target);
}

/* The transaction has no change for the target, so nothing is sent. */
static void pass(struct apply *apply, uint64_t position)
{
    apply->taken.position = position;
    if (is_nothing_under_way(apply)) {
        target_pass(&apply->target, position);
    }
}

static int end(struct apply *apply, const struct pgoutput_message *message, struct err *err)
{
    apply->inside = false;
    if (message->end_position <= apply->taken.position) {
        return 0;
    }
    if (!apply->changed) {
        pass(apply, message->end_position);
        return 0;
    }
    int64_t now_ms = clock_monotonic_ms();
    apply->taken.position = message->end_position;
    apply->taken.transactions++;
    apply->taken_us = message->commit_us;
    apply->waiting_since_ms = apply->waiting_since_ms == 0 ? now_ms : apply->waiting_since_ms;
    bool due = is_careful(apply) || arena_used(&apply->arena) >= COMMIT_BYTES ||
               apply->waiting_changes >= COMMIT_CHANGES || now_ms - apply->waiting_since_ms >= COMMIT_AGE_MS;
    return due ? commit(apply, err) : 0;
}

static int count(struct apply *apply, int64_t *counter, int result)
{
    *counter += 1;
    apply->waiting_changes++;
    apply->changed = true;
    return result;
}

static int take(struct apply *apply, struct pgoutput_message *message, struct err *err)
{
    switch (message->kind) {
    case PGOUTPUT_BEGIN:
        return begin(apply, message, err);
    case PGOUTPUT_COMMIT:
        return end(apply, message, err);
    case PGOUTPUT_RELATION:
        return take_relation(apply, message, err);
    case PGOUTPUT_INSERT:
        return apply->skip ? 0 : count(apply, &apply->taken.inserts, take_change(apply, message, err));
    case PGOUTPUT_UPDATE:
        return apply->skip ? 0 : count(apply, &apply->taken.updates, take_change(apply, message, err));
    case PGOUTPUT_DELETE:
        return apply->skip ? 0 : count(apply, &apply->taken.deletes, take_change(apply, message, err));
    case PGOUTPUT_TRUNCATE:
        return apply->skip ? 0 : count(apply, &apply->taken.truncates, take_truncate(apply, message, err));
    case PGOUTPUT_IGNORED:
        return 0;
    }
    return 0;
}

int apply_message(struct apply *apply, struct pgoutput_message *message, struct err *err)
{
    if (++apply->messages % PUMP_MESSAGES == 0 && target_pump(&apply->target, err) != 0) {
        return -1;
    }
    return take(apply, message, err);
}

int apply_flush(struct apply *apply, struct err *err)
{
    if (apply->inside) {
        return 0;
    }
    if (apply->waiting_since_ms != 0 && commit(apply, err) != 0) {
        return -1;
    }
    return target_wait(&apply->target, err);
}

int apply_make_durable(struct apply *apply, struct err *err)
{
    return is_nothing_under_way(apply) ? target_make_durable(&apply->target, err) : 0;
}

bool apply_is_busy(const struct apply *apply)
{
    return apply->inside || !is_nothing_under_way(apply);
}

const struct replica_progress *apply_progress(const struct apply *apply)
{
    return &apply->target.progress;
}

struct pg *apply_session(struct apply *apply)
{
    return &apply->target.pipeline.pg;
}

uint64_t apply_durable_position(const struct apply *apply)
{
    return apply->target.durable;
}

uint64_t apply_begun(const struct apply *apply)
{
    return apply->begun;
}

int64_t apply_commit_us(const struct apply *apply)
{
    return apply->target.commit_us;
}

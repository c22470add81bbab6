/* SPDX-License-Identifier: MIT */
/*
 * Source transactions are gathered into one target transaction while there is a backlog. What one of them
 * holds is sent in batches of bounded size; while the target works on one batch the next is gathered.
 */
#include "engine/apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/str.h"
#include "engine/apply_batch.h"
#include "engine/apply_send.h"

enum {
    BATCH_BYTES = 4 * 1024 * 1024, /* sent when so much is pending, also inside a source transaction */
    COMMIT_BYTES = 1024 * 1024,    /* committed at the end of a source transaction when so much is pending, */
    COMMIT_CHANGES = 5000,         /* or so many changes, */
    COMMIT_AGE_MS = 100,           /* or when the oldest of them has waited so long */
    DURABLE_MS = 1000,             /* so often a commit waits for the target's disk */
    PUMP_MESSAGES = 32,
    QUEUED_MAX = 512,      /* statements without an answer */
    STATEMENTS_MAX = 2000, /* prepared at the same time */
    RELATION_BUCKETS = 256,
    SQL_MAX_BYTES = 1024 * 1024,
    NUMBER_TEXT_SIZE = 24,
};

struct apply {
    struct apply_request request;
    struct pipeline pipeline;
    struct apply_sender sender;
    struct arena arena;
    struct apply_relation *relations[RELATION_BUCKETS];
    struct apply_relation *first_pending;
    struct apply_relation *group; /* the one table of those whose order matters that may be pending */

    bool inside;  /* a source transaction has begun */
    bool skip;    /* that the target has already */
    bool changed; /* and it has changed something */
    bool open;    /* the target's transaction has begun */
    unsigned messages;
    unsigned forgotten;       /* sender.serial when all statements were deallocated */
    int64_t waiting_since_ms; /* 0: no complete transaction waits to be committed */
    int64_t waiting_changes;

    struct replica_progress taken; /* with what has been gathered */
    int64_t taken_us;
    bool committing; /* the target is at it: */
    struct replica_progress sent;
    int64_t sent_us;
    bool sent_durable;
    struct replica_progress progress; /* has been committed */
    int64_t commit_us;
    uint64_t durable; /* of progress.position: would survive a crash */
    int64_t durable_ms;
};

/* ---- opening ---------------------------------------------------------------------------------------------
 */

static int read_progress(struct apply *apply, struct err *err)
{
    const struct apply_request *request = &apply->request;
    struct pg *pg = &apply->pipeline.pg;
    bool closed = false;
    int there = replica_read(pg, request->name, err, &apply->progress);
    if (there < 0 || (there > 0 && replica_is_closed(pg, request->name, err, &closed) != 0)) {
        return -1;
    }
    if (there == 0 || closed) {
        err_set(err, ERR_CONFLICT, "The target's database '%s' does not follow the source%s.",
                request->database, closed ? " any more" : "");
        err->lasting = true;
        return err_target(err, "%s", request->database);
    }
    apply->taken = apply->progress;
    return 0;
}

static int prepare_progress(struct apply *apply, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "UPDATE ");
    pg_add_qualified(&apply->pipeline.pg, &sql, apply->request.name, "progress");
    buf_adds(&sql, " SET position = $1::pg_lsn, inserts = $2::bigint, updates = $3::bigint,"
                   " deletes = $4::bigint, truncates = $5::bigint, transactions = $6::bigint"
                   " WHERE NOT closed");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    return pipeline_prepare(&apply->pipeline, "progress", buf_text(&sql), "table of progress", err);
}

int apply_open(const struct apply_request *request, struct err *err, struct apply **ret_apply)
{
    struct apply *apply = calloc(1, sizeof(*apply));
    if (apply == NULL) {
        return err_no_memory(err);
    }
    apply->request = *request;
    apply->sender.pipeline = &apply->pipeline;
    if (pipeline_open(request, err, &apply->pipeline) != 0 || read_progress(apply, err) != 0 ||
        pipeline_enter(&apply->pipeline, err) != 0 || prepare_progress(apply, err) != 0) {
        apply_close(apply);
        return -1;
    }
    *ret_apply = apply;
    return 0;
}

void apply_close(struct apply *apply)
{
    if (apply == NULL) {
        return;
    }
    pipeline_close(&apply->pipeline);
    for (size_t i = 0; i < RELATION_BUCKETS; i++) {
        while (apply->relations[i] != NULL) {
            struct apply_relation *relation = apply->relations[i];
            apply->relations[i] = relation->next;
            apply_relation_free(relation);
        }
    }
    apply_values_done(&apply->sender.values);
    arena_done(&apply->arena);
    free(apply);
}

/* ---- answers ---------------------------------------------------------------------------------------------
 */

static void note_commit(struct apply *apply)
{
    if (!apply->committing || !pipeline_is_idle(&apply->pipeline)) {
        return;
    }
    apply->committing = false;
    apply->progress = apply->sent;
    apply->commit_us = apply->sent_us;
    if (apply->sent_durable) {
        apply->durable = apply->sent.position;
    }
}

static int wait_for_target(struct apply *apply, struct err *err)
{
    if (pipeline_wait(&apply->pipeline, err) != 0) {
        return -1;
    }
    note_commit(apply);
    return 0;
}

static int sync_and_wait(struct apply *apply, struct err *err)
{
    return pipeline_sync(&apply->pipeline, err) != 0 ? -1 : wait_for_target(apply, err);
}

/* ---- sending ---------------------------------------------------------------------------------------------
 */

static int command(struct apply *apply, const char *sql, struct err *err)
{
    static const struct pipeline_expectation any = {.rows = -1};
    return pipeline_command(&apply->pipeline, sql, &any, err);
}

static int open_transaction(struct apply *apply, struct err *err)
{
    if (apply->open) {
        return 0;
    }
    apply->open = true;
    return command(apply, "BEGIN", err) != 0 || command(apply, "SET CONSTRAINTS ALL DEFERRED", err) != 0 ? -1
                                                                                                         : 0;
}

/* The target's memory for prepared statements is bounded too. */
static int forget_statements(struct apply *apply, struct err *err)
{
    if (apply->sender.serial - apply->forgotten < STATEMENTS_MAX) {
        return 0;
    }
    apply->forgotten = apply->sender.serial;
    for (size_t i = 0; i < RELATION_BUCKETS; i++) {
        for (struct apply_relation *at = apply->relations[i]; at != NULL; at = at->next) {
            apply_statements_free(at);
        }
    }
    return command(apply, "DEALLOCATE ALL", err) != 0 ? -1 : prepare_progress(apply, err);
}

static int send_relation(struct apply *apply, struct apply_relation *relation, struct err *err)
{
    if (relation->row_count == 0) {
        return 0;
    }
    if (open_transaction(apply, err) != 0 || apply_send_relation(&apply->sender, relation, err) != 0 ||
        forget_statements(apply, err) != 0) {
        return -1;
    }
    return apply->pipeline.unsynced > QUEUED_MAX ? sync_and_wait(apply, err) : 0;
}

/* Queues everything that is pending, when the target has done with what was sent before. */
static int queue_pending(struct apply *apply, struct err *err)
{
    if (apply->pipeline.unsynced > 0 && pipeline_sync(&apply->pipeline, err) != 0) {
        return -1;
    }
    if (wait_for_target(apply, err) != 0) {
        return -1;
    }
    while (apply->first_pending != NULL) {
        struct apply_relation *relation = apply->first_pending;
        apply->first_pending = relation->next_pending;
        relation->pending = false;
        if (send_relation(apply, relation, err) != 0) {
            return -1;
        }
    }
    apply->group = NULL;
    arena_reset(&apply->arena);
    return 0;
}

static int send_pending(struct apply *apply, struct err *err)
{
    if (queue_pending(apply, err) != 0 || pipeline_sync(&apply->pipeline, err) != 0) {
        return -1;
    }
    return pipeline_pump(&apply->pipeline, err);
}

static int execute_progress(struct apply *apply, const struct replica_progress *progress, struct err *err)
{
    static const struct pipeline_expectation one = {.what = "table of progress", .rows = 1};
    const int64_t counts[] = {progress->inserts, progress->updates, progress->deletes, progress->truncates,
                              progress->transactions};
    char position[POSITION_TEXT_SIZE];
    char texts[ARRAY_LEN(counts)][NUMBER_TEXT_SIZE];
    const char *values[1 + ARRAY_LEN(counts)] = {position_format(progress->position, position)};
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        snprintf(texts[i], sizeof(texts[i]), "%lld", (long long)counts[i]);
        values[1 + i] = texts[i];
    }
    const struct pipeline_params params = {.values = values, .count = (int)ARRAY_LEN(values)};
    return pipeline_execute(&apply->pipeline, "progress", &params, &one, err);
}

/* Ends the target's transaction with the position of "progress" in it; does not wait. */
static int send_commit(struct apply *apply, const struct replica_progress *progress, bool durable,
                       struct err *err)
{
    if (open_transaction(apply, err) != 0 || execute_progress(apply, progress, err) != 0 ||
        (durable && command(apply, "SET LOCAL synchronous_commit = local", err) != 0) ||
        command(apply, "COMMIT", err) != 0 || pipeline_sync(&apply->pipeline, err) != 0) {
        return -1;
    }
    apply->open = false;
    apply->committing = true;
    apply->sent = *progress;
    apply->sent_durable = durable;
    if (durable) {
        apply->durable_ms = clock_monotonic_ms();
    }
    return 0;
}

static int commit(struct apply *apply, struct err *err)
{
    bool durable = clock_monotonic_ms() - apply->durable_ms >= DURABLE_MS;
    if (queue_pending(apply, err) != 0 || send_commit(apply, &apply->taken, durable, err) != 0) {
        return -1;
    }
    apply->sent_us = apply->taken_us;
    apply->waiting_since_ms = 0;
    apply->waiting_changes = 0;
    return pipeline_pump(&apply->pipeline, err);
}

/* ---- tables ----------------------------------------------------------------------------------------------
 */

static struct apply_relation **find_relation(struct apply *apply, uint32_t id)
{
    struct apply_relation **at = &apply->relations[id % RELATION_BUCKETS];
    while (*at != NULL && (*at)->id != id) {
        at = &(*at)->next;
    }
    return at;
}

/* The source tells it before the first change in a stream, and whenever the table has been altered. */
static int take_relation(struct apply *apply, const struct pgoutput_message *message, struct err *err)
{
    struct apply_relation **at = find_relation(apply, message->relation);
    struct apply_relation *fresh = NULL;
    if (*at != NULL && apply_relation_is(*at, message)) {
        return 0;
    }
    /* What was said before holds for what was sent before. */
    if (*at != NULL && (send_pending(apply, err) != 0 || wait_for_target(apply, err) != 0)) {
        return -1;
    }
    if (apply_relation_new(message, &apply->pipeline.pg, err, &fresh) != 0) {
        return -1;
    }
    if (*at != NULL) {
        struct apply_relation *old = *at;
        *at = old->next;
        apply_relation_free(old);
    }
    fresh->next = apply->relations[message->relation % RELATION_BUCKETS];
    apply->relations[message->relation % RELATION_BUCKETS] = fresh;
    return 0;
}

static int load(struct apply *apply, struct apply_relation *relation, struct err *err)
{
    if (pipeline_leave(&apply->pipeline, err) != 0) {
        return -1;
    }
    note_commit(apply);
    return apply_relation_load(relation, &apply->pipeline.pg, err) != 0
               ? -1
               : pipeline_enter(&apply->pipeline, err);
}

static int need_relation(struct apply *apply, uint32_t id, struct err *err,
                         struct apply_relation **ret_relation)
{
    *ret_relation = *find_relation(apply, id);
    if (*ret_relation == NULL) {
        err_set(err, ERR_INTERNAL, "The source's stream changes a table that it has not described.");
        err->lasting = true;
        return -1;
    }
    return (*ret_relation)->loaded ? 0 : load(apply, *ret_relation, err);
}

/* ---- changes ---------------------------------------------------------------------------------------------
 */

/* Where the order of changes matters, what is pending goes first. */
static int keep_order(struct apply *apply, struct apply_relation *relation, enum pgoutput_kind kind,
                      struct err *err)
{
    if (relation->grouped && apply->group != relation) {
        if (apply->group != NULL && send_relation(apply, apply->group, err) != 0) {
            return -1;
        }
        apply->group = relation;
    }
    bool another = relation->run != (int)kind || kind == PGOUTPUT_UPDATE;
    if (relation->ordered && relation->identity == APPLY_BY_KEY && another &&
        send_relation(apply, relation, err) != 0) {
        return -1;
    }
    relation->run = (int)kind;
    if (!relation->pending) {
        relation->pending = true;
        relation->next_pending = apply->first_pending;
        apply->first_pending = relation;
    }
    return 0;
}

static int add(struct apply *apply, struct apply_relation *relation, const struct pgoutput_message *message,
               struct err *err)
{
    switch (message->kind) {
    case PGOUTPUT_INSERT:
        return apply_batch_insert(relation, &apply->arena, &message->fresh, err);
    case PGOUTPUT_UPDATE:
        return apply_batch_update(relation, &apply->arena, &message->old, &message->fresh, message->old_full,
                                  err);
    default:
        return apply_batch_delete(relation, &apply->arena, &message->old, err);
    }
}

static int take_change(struct apply *apply, const struct pgoutput_message *message, struct err *err)
{
    struct apply_relation *relation = NULL;
    if (need_relation(apply, message->relation, err, &relation) != 0 ||
        keep_order(apply, relation, message->kind, err) != 0) {
        return -1;
    }
    int added = add(apply, relation, message, err);
    if (added == 0) {
        added = send_relation(apply, relation, err) != 0 ? -1 : add(apply, relation, message, err);
    }
    if (added == 0) {
        err_set(err, ERR_INTERNAL, "A change of the %s cannot be applied.", relation->what);
    }
    if (added <= 0) {
        return -1;
    }
    if (relation->first_row != NULL && relation->first_row->moves &&
        send_relation(apply, relation, err) != 0) {
        return -1;
    }
    return arena_used(&apply->arena) >= BATCH_BYTES ? send_pending(apply, err) : 0;
}

/* The rows of such a partition may be in any of the target's: only all of them can be emptied. */
static int check_truncate(struct apply *apply, const struct apply_relation *relation,
                          const struct pgoutput_message *message, struct err *err)
{
    size_t emptied = 0;
    for (size_t i = 0; i < message->relation_count && relation->partitions > 0; i++) {
        const struct apply_relation *other = *find_relation(apply, message->relations[i]);
        emptied +=
            other != NULL && other->partitions > 0 && str_equals(other->table, relation->table) ? 1 : 0;
    }
    if (emptied >= relation->partitions) {
        return 0;
    }
    err_set(err, ERR_CONFLICT,
            "The source has emptied the %s alone, which is a partition of %s by a hash that differs on the "
            "target: which of its rows belong to it there is not known.",
            relation->what, relation->table);
    err->lasting = true;
    return -1;
}

static int add_truncate(struct apply *apply, const struct pgoutput_message *message, struct buf *sql,
                        struct err *err)
{
    struct apply_relation *relation = NULL;
    buf_adds(sql, "TRUNCATE ");
    for (size_t i = 0; i < message->relation_count; i++) {
        if (need_relation(apply, message->relations[i], err, &relation) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < message->relation_count; i++) {
        relation = *find_relation(apply, message->relations[i]);
        if (check_truncate(apply, relation, message, err) != 0) {
            return -1;
        }
        buf_addf(sql, "%s%s%s", i == 0 ? "" : ", ", relation->through ? "" : "ONLY ", relation->table);
    }
    buf_adds(sql, message->restart_identity ? " RESTART IDENTITY" : "");
    buf_adds(sql, message->cascade ? " CASCADE" : "");
    return buf_failed(sql) ? err_no_memory(err) : 0;
}

static int take_truncate(struct apply *apply, const struct pgoutput_message *message, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    if (message->relation_count == 0) {
        return 0;
    }
    if (send_pending(apply, err) != 0 || add_truncate(apply, message, &sql, err) != 0) {
        return -1;
    }
    if (open_transaction(apply, err) != 0) {
        return -1;
    }
    /* TRUNCATE refuses tables whose rows are still to be checked. The source has passed this point too. */
    bool checked = apply->pipeline.pg.replica;
    if (!checked && command(apply, "SET CONSTRAINTS ALL IMMEDIATE", err) != 0) {
        return -1;
    }
    return command(apply, buf_text(&sql), err) != 0 ||
                   (!checked && command(apply, "SET CONSTRAINTS ALL DEFERRED", err) != 0)
               ? -1
               : 0;
}

/* ---- transactions ----------------------------------------------------------------------------------------
 */

static void begin(struct apply *apply, const struct pgoutput_message *message)
{
    apply->inside = true;
    apply->changed = false;
    apply->skip = message->commit_position < apply->taken.position;
}

static bool is_nothing_under_way(const struct apply *apply)
{
    return apply->waiting_since_ms == 0 && !apply->open && !apply->committing;
}

/* Nothing of it concerns the target; it need not hear of it. */
static void pass(struct apply *apply, uint64_t position)
{
    apply->taken.position = position;
    if (is_nothing_under_way(apply)) {
        apply->durable = apply->durable == apply->progress.position ? position : apply->durable;
        apply->progress.position = position;
    }
}

static int end(struct apply *apply, const struct pgoutput_message *message, struct err *err)
{
    apply->inside = false;
    if (apply->skip || message->end_position <= apply->taken.position) {
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
    bool due = arena_used(&apply->arena) >= COMMIT_BYTES || apply->waiting_changes >= COMMIT_CHANGES ||
               now_ms - apply->waiting_since_ms >= COMMIT_AGE_MS;
    return due ? commit(apply, err) : 0;
}

static int count(struct apply *apply, int64_t *counter, int result)
{
    *counter += 1;
    apply->waiting_changes++;
    apply->changed = true;
    return result;
}

static int take(struct apply *apply, const struct pgoutput_message *message, struct err *err)
{
    switch (message->kind) {
    case PGOUTPUT_BEGIN:
        begin(apply, message);
        return 0;
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

int apply_message(struct apply *apply, const struct pgoutput_message *message, struct err *err)
{
    if (++apply->messages % PUMP_MESSAGES == 0) {
        if (pipeline_pump(&apply->pipeline, err) != 0) {
            return -1;
        }
        note_commit(apply);
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
    return apply->committing ? wait_for_target(apply, err) : 0;
}

int apply_make_durable(struct apply *apply, struct err *err)
{
    if (!is_nothing_under_way(apply) || apply->durable >= apply->progress.position) {
        return 0;
    }
    const struct replica_progress progress = apply->progress;
    apply->sent_us = apply->commit_us;
    return send_commit(apply, &progress, true, err) != 0 ? -1 : wait_for_target(apply, err);
}

/* ---- what is known ---------------------------------------------------------------------------------------
 */

bool apply_is_busy(const struct apply *apply)
{
    return apply->inside || !is_nothing_under_way(apply);
}

const struct replica_progress *apply_progress(const struct apply *apply)
{
    return &apply->progress;
}

uint64_t apply_durable_position(const struct apply *apply)
{
    return apply->durable;
}

int64_t apply_commit_us(const struct apply *apply)
{
    return apply->commit_us;
}

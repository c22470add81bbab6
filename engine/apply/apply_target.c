/* SPDX-License-Identifier: MIT */
#include "engine/apply/apply_target_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "engine/apply/relation/apply_facts.h"
#include "engine/replication/tables/position.h"

enum {
    DURABLE_MS = 1000,     /* between commits that wait for the target's disk */
    QUEUED_MAX = 512,      /* statements without an answer */
    STATEMENTS_MAX = 2000, /* prepared at the same time */
    SQL_MAX_BYTES = 1024 * 1024,
    CHECKS_MAX_BYTES = 256 * 1024 * 1024,
    NUMBER_TEXT_SIZE = 24,
};

/* ---- opening ---------------------------------------------------------------------------------------------
 */

static int read_progress(struct apply_target *target, struct err *err)
{
    struct pg *pg = &target->pipeline.pg;
    bool closed = false;
    int there = replica_read(pg, target->helper, err, &target->progress);
    if (there < 0 || (there > 0 && replica_is_closed(pg, target->helper, err, &closed) != 0)) {
        return -1;
    }
    if (there == 0 || closed) {
        err_set(err, ERR_CONFLICT, "The target's database '%s' does not follow the source%s.", pg->database,
                closed ? " any more" : "");
        err->lasting = true;
        return err_target(err, "%s", pg->database);
    }
    return 0;
}

static int prepare_progress(struct apply_target *target, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "UPDATE ");
    pg_add_qualified(&target->pipeline.pg, &sql, target->helper, "progress");
    buf_adds(&sql, " SET position = $1::pg_lsn, inserts = $2::bigint, updates = $3::bigint,"
                   " deletes = $4::bigint, truncates = $5::bigint, transactions = $6::bigint"
                   " WHERE NOT closed");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pipeline_prepare(&target->pipeline, "progress", buf_text(&sql), "table of progress", err) != 0) {
        return -1;
    }
    return target->newest == NULL
               ? 0
               : pipeline_prepare(&target->pipeline, "newer", apply_facts_newer_sql, "list of triggers", err);
}

/* Where triggers fire, this silences those created since the last start and detects later ones. */
static int read_actions(struct apply_target *target, struct err *err)
{
    struct pg *pg = &target->pipeline.pg;
    if (replica_renew(pg, target->helper, err) != 0) {
        return -1;
    }
    return pg->replica ? 0 : apply_facts_newest(pg, err, &target->newest);
}

int target_open(const struct pipeline_session *session, const char *helper, struct err *err,
                struct apply_target *ret_target)
{
    struct apply_target *target = ret_target;
    *target = (struct apply_target){.helper = helper, .checks = BUF_MAX(CHECKS_MAX_BYTES), .number = 1};
    target->sender.pipeline = &target->pipeline;
    if (pipeline_open(session, err, &target->pipeline) != 0 ||
        replica_own(&target->pipeline.pg, helper, err) != 0 || read_progress(target, err) != 0 ||
        read_actions(target, err) != 0 || seen_load(&target->pipeline.pg, helper, err, &target->seen) != 0 ||
        pipeline_enter(&target->pipeline, err) != 0) {
        return -1;
    }
    return prepare_progress(target, err);
}

void target_close(struct apply_target *target)
{
    pipeline_close(&target->pipeline);
    apply_space_done(&target->sender.space);
    seen_done(&target->seen);
    free(target->newest);
    buf_done(&target->checks);
}

/* ---- answers ---------------------------------------------------------------------------------------------
 */

static int command(struct apply_target *target, const char *sql, struct err *err)
{
    static const struct pipeline_expectation any = {.rows = -1};
    return pipeline_command(&target->pipeline, sql, &any, err);
}

/* The server does not know how many rows were expected: COMMIT is sent when every answer has been checked. */
static int send_commit_when_checked(struct apply_target *target, struct err *err)
{
    if (!target->checking || !pipeline_is_idle(&target->pipeline)) {
        return 0;
    }
    target->checking = false;
    target->committing = true;
    return command(target, "COMMIT", err) != 0 ? -1 : pipeline_sync(&target->pipeline, err);
}

static void note_commit(struct apply_target *target)
{
    if (!target->committing || !pipeline_is_idle(&target->pipeline)) {
        return;
    }
    target->committing = false;
    target->progress = target->sent;
    target->commit_us = target->sent_us;
    if (target->sent_durable) {
        target->durable = target->sent.position;
    }
}

int target_wait(struct apply_target *target, struct err *err)
{
    if (target->pipeline.unsynced > 0 && pipeline_sync(&target->pipeline, err) != 0) {
        return -1;
    }
    if (pipeline_wait(&target->pipeline, err) != 0 || send_commit_when_checked(target, err) != 0 ||
        pipeline_wait(&target->pipeline, err) != 0) {
        return -1;
    }
    note_commit(target);
    return 0;
}

int target_pump(struct apply_target *target, struct err *err)
{
    if (pipeline_pump(&target->pipeline, err) != 0 || send_commit_when_checked(target, err) != 0) {
        return -1;
    }
    note_commit(target);
    return 0;
}

bool target_is_idle(const struct apply_target *target)
{
    return !target->open && !target->checking && !target->committing;
}

void target_pass(struct apply_target *target, uint64_t position)
{
    target->durable = target->durable == target->progress.position ? position : target->durable;
    target->progress.position = position;
}

/* ---- sending ---------------------------------------------------------------------------------------------
 */

static int begin(struct apply_target *target, struct err *err)
{
    if (target->open) {
        return 0;
    }
    if (target->checking && target_wait(target, err) != 0) {
        return -1;
    }
    target->open = true;
    return command(target, "BEGIN", err) != 0 ? -1 : command(target, "SET CONSTRAINTS ALL DEFERRED", err);
}

int target_check_names(struct apply_target *target, struct apply_relation *relation, struct err *err)
{
    if (relation->facts.check == NULL || relation->checked == target->number) {
        return 0;
    }
    relation->checked = target->number;
    buf_addf(&target->checks, "%s%s", target->checks.len > 0 ? " AND " : "", relation->facts.check);
    return buf_failed(&target->checks) ? err_no_memory(err) : 0;
}

/* From here to its end, the transaction's locks prevent renames. */
static int queue_checks(struct apply_target *target, struct err *err)
{
    static const struct pipeline_expectation one = {.rows = 1, .definitions = true};
    auto_buf struct buf sql = BUF_MAX(2 * CHECKS_MAX_BYTES);
    target->number++;
    if (target->checks.len == 0) {
        return 0;
    }
    buf_addf(&sql, "SELECT count(*) FROM (VALUES (1)) AS v WHERE %s", buf_text(&target->checks));
    buf_reset(&target->checks);
    return buf_failed(&sql) ? err_no_memory(err)
                            : pipeline_command(&target->pipeline, buf_text(&sql), &one, err);
}

int target_queue_command(struct apply_target *target, const char *sql, struct err *err)
{
    return begin(target, err) != 0 ? -1 : command(target, sql, err);
}

int target_queue_rest(struct apply_target *target, struct err *err)
{
    return target->sender.gathered == NULL ? 0 : apply_send_gathered(&target->sender, err);
}

int target_queue(struct apply_target *target, struct apply_relation *relation, bool more, struct err *err,
                 bool *ret_forget)
{
    if (begin(target, err) != 0 || target_check_names(target, relation, err) != 0 ||
        apply_send_relation(&target->sender, relation, more, err) != 0) {
        return -1;
    }
    /* The target's memory for prepared statements is bounded too. */
    *ret_forget = target->sender.serial - target->forgotten >= STATEMENTS_MAX;
    if (*ret_forget) {
        target->forgotten = target->sender.serial;
        if (command(target, "DEALLOCATE ALL", err) != 0 || prepare_progress(target, err) != 0) {
            return -1;
        }
    }
    return target->pipeline.unsynced > QUEUED_MAX ? target_wait(target, err) : 0;
}

int target_send(struct apply_target *target, struct err *err)
{
    return pipeline_sync(&target->pipeline, err) != 0 ? -1 : target_pump(target, err);
}

static int execute_progress(struct apply_target *target, const struct replica_progress *progress,
                            struct err *err)
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
    return pipeline_execute(&target->pipeline, "progress", &params, &one, err);
}

/* The locks of this transaction prevent new foreign keys on its tables. */
static int execute_newer(struct apply_target *target, struct err *err)
{
    static const struct pipeline_expectation none = {.rows = 0, .definitions = true};
    const char *const values[] = {target->newest};
    const struct pipeline_params params = {.values = values, .count = 1};
    return target->newest == NULL ? 0 : pipeline_execute(&target->pipeline, "newer", &params, &none, err);
}

static int send_commit(struct apply_target *target, const struct replica_progress *progress,
                       int64_t commit_us, bool durable, struct err *err)
{
    if (begin(target, err) != 0 || queue_checks(target, err) != 0 ||
        execute_progress(target, progress, err) != 0 || execute_newer(target, err) != 0 ||
        (durable && command(target, "SET LOCAL synchronous_commit = local", err) != 0)) {
        return -1;
    }
    target->open = false;
    target->checking = true;
    target->sent = *progress;
    target->sent_us = commit_us;
    target->sent_durable = durable;
    target->durable_ms = durable ? clock_monotonic_ms() : target->durable_ms;
    return target_send(target, err);
}

int target_commit(struct apply_target *target, const struct replica_progress *progress, int64_t commit_us,
                  struct err *err)
{
    bool durable = clock_monotonic_ms() - target->durable_ms >= DURABLE_MS;
    return send_commit(target, progress, commit_us, durable, err);
}

int target_make_durable(struct apply_target *target, struct err *err)
{
    if (target->durable >= target->progress.position) {
        return 0;
    }
    const struct replica_progress progress = target->progress;
    return send_commit(target, &progress, target->commit_us, true, err) != 0 ? -1 : target_wait(target, err);
}

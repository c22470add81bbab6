/* SPDX-License-Identifier: MIT */
/*
 * The snapshot of tables that join. Changes are applied up to it, so that referenced rows exist; following
 * stops before the first transaction that the snapshot does not see.
 */
#include <stdlib.h>

#include "core/clock.h"
#include "engine/catalog/source_lock.h"
#include "engine/copy/copy.h"
#include "engine/online/follow.h"
#include "engine/online/join_snapshot_private.h"
#include "engine/replication/replication.h"

enum {
    SQL_MAX_BYTES = 8 * 1024 * 1024,
    WRITERS_MS = 2000, /* committed transactions stay invisible to other sessions only briefly */
    WRITERS_PAUSE_MS = 20,
    HOLD_MS = 30000,
    SLICE_MS = 100,
    ASK_PAUSE_MS = 10,
};

void join_copy_done(struct join_copy *copying)
{
    pg_close(&copying->source);
    pg_close(&copying->target);
    source_settings_done(&copying->settings);
    catalog_done(&copying->catalog);
    PQclear(copying->files);
    free(copying->snapshot_text);
    source_snapshot_done(&copying->snapshot);
}

enum join_outcome join_lock_outcome(const struct err *err)
{
    return source_lock_timed_out(err) ? JOIN_NOT_NOW : JOIN_FAILED;
}

/* ---- the snapshot ----------------------------------------------------------------------------------------
 */

/* The stream contained changes, which were skipped, of transactions that other sessions may not see as
 * committed yet: those still hold their locks. */
static enum join_outcome await_writers(struct join_copy *copying, struct err *err)
{
    struct join *join = copying->join;
    auto_free char *writers = NULL;
    bool there = true;
    int64_t deadline_ms = clock_monotonic_ms() + WRITERS_MS;
    if (join_find_writers(join, &copying->source, err, &writers) != 0) {
        return JOIN_FAILED;
    }
    while (there) {
        if (join_writers_are_there(join, &copying->source, writers, err, &there, NULL) != 0) {
            return JOIN_FAILED;
        }
        if (there && (clock_ms_left(deadline_ms) == 0 || stop_requested(join->request.stop))) {
            return JOIN_NOT_NOW;
        }
        if (there) {
            clock_sleep_ms(WRITERS_PAUSE_MS);
        }
    }
    return JOIN_DONE;
}

static int list_tables(struct join_copy *copying, struct err *err, PGresult **ret_tables)
{
    const struct join *join = copying->join;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    for (size_t i = 0; i < join->count; i++) {
        if (join_is_possible(&join->tables[i])) {
            buf_addf(&sql, "%s(%u::oid, ", sql.len == 0 ? "VALUES " : ", ", (unsigned)join->tables[i].oid);
            pg_add_literal(&copying->source, &sql, join->tables[i].schema);
            buf_adds(&sql, ", ");
            pg_add_literal(&copying->source, &sql, join->tables[i].name);
            buf_adds(&sql, ")");
        }
    }
    return buf_failed(&sql) ? err_no_memory(err)
                            : pg_query(&copying->source, err, ret_tables, buf_text(&sql), 0, NULL);
}

/* Whether the snapshot shows the locked tables with their current rows. */
static int check_tables(struct join_copy *copying, int wanted, struct err *err, bool *ret_same)
{
    auto_buf struct buf oids = BUF_MAX(SQL_MAX_BYTES);
    join_add_oids(copying->join, &oids);
    const char *params[] = {buf_text(&oids)};
    if (buf_failed(&oids)) {
        return err_no_memory(err);
    }
    if (pg_query(&copying->source, err, &copying->files,
                 "SELECT c.oid, c.relfilenode FROM pg_class c WHERE c.oid = ANY ($1::oid[])"
                 " AND pg_relation_filenode(c.oid) = c.relfilenode AND EXISTS (SELECT 1 FROM pg_locks l"
                 "  WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.relation = c.oid)",
                 1, params) != 0) {
        return -1;
    }
    *ret_same = PQntuples(copying->files) == wanted;
    return 0;
}

static enum join_outcome take_snapshot(struct join_copy *copying, struct err *err)
{
    struct pg *source = &copying->source;
    auto_result PGresult *tables = NULL;
    bool same = false;
    if (list_tables(copying, err, &tables) != 0 ||
        pg_run(source, err, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") != 0) {
        return JOIN_FAILED;
    }
    if (source_tables_lock(source, tables, clock_monotonic_ms(), err) != 0) {
        return join_lock_outcome(err);
    }
    if (pg_value(source, err, &copying->snapshot_text, "SELECT txid_current_snapshot()", 0, NULL) != 0 ||
        check_tables(copying, PQntuples(tables), err, &same) != 0 ||
        source_snapshot_parse(copying->snapshot_text, err, &copying->snapshot) != 0) {
        return JOIN_FAILED;
    }
    return same ? JOIN_DONE : JOIN_NOT_NOW;
}

static int find_end(struct join_copy *copying, struct err *err)
{
    auto_pg struct pg control = {0};
    return join_open(&copying->join->request, false, err, &control) != 0
               ? -1
               : replication_flush_position(&control, err, &copying->until);
}

enum join_outcome join_take_snapshot(struct join_copy *copying, struct err *err)
{
    const struct join_request *request = &copying->join->request;
    if (source_settings_read(request->source, request->database, request->stop, err, &copying->settings) !=
            0 ||
        join_open(request, false, err, &copying->source) != 0 ||
        copy_prepare_source(&copying->source, err) != 0) {
        return JOIN_FAILED;
    }
    enum join_outcome outcome = await_writers(copying, err);
    outcome = outcome == JOIN_DONE ? take_snapshot(copying, err) : outcome;
    return outcome == JOIN_DONE && find_end(copying, err) != 0 ? JOIN_FAILED : outcome;
}

/* ---- up to the snapshot ----------------------------------------------------------------------------------
 */

static bool is_applied(const struct follow *follow, uint64_t until)
{
    return follow_is_held(follow) || follow_position(follow) >= until;
}

/* The follower itself reports whatever prevents it from continuing. */
enum join_outcome join_follow_up(struct join_copy *copying, struct err *err)
{
    const struct join_request *request = &copying->join->request;
    const struct follow_request following = {.source = request->source,
                                             .target = request->target,
                                             .database = request->database,
                                             .name = request->name,
                                             .stop = request->stop,
                                             .hold = &copying->snapshot,
                                             .waits = request->tick,
                                             .context = request->context};
    struct follow *follow = NULL;
    int64_t deadline_ms = clock_monotonic_ms() + HOLD_MS;
    int more = follow_open(&following, err, &follow) != 0 ? -1 : 0;
    bool arrived = false;
    while (more >= 0 && !arrived && clock_ms_left(deadline_ms) > 0 && !stop_requested(request->stop)) {
        more = follow_run(follow, SLICE_MS, err);
        arrived = more >= 0 && is_applied(follow, copying->until);
        if (more == 0 && !arrived) {
            more = follow_ask(follow, err);
            clock_sleep_ms(ASK_PAUSE_MS);
        }
    }
    follow_close(follow);
    return arrived ? JOIN_DONE : JOIN_NOT_NOW;
}

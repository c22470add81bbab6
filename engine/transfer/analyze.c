/* SPDX-License-Identifier: MIT */
/* Collects statistics over several sessions, largest tables first, and many small ones in one statement. */
#include <pthread.h>
#include <stdlib.h>

#include "core/str.h"
#include "engine/catalog/user_relation.h"
#include "engine/pg/lanes.h"
#include "engine/transfer/analyze_private.h"

enum { SQL_MAX_BYTES = 1024 * 1024, BATCH_TABLES = 50, BATCH_BYTES = 16 * 1024 * 1024 };

/*
 * ANALYZE of a partitioned table also processes its partitions. If one of them is a foreign table, that
 * would connect to another server, which may hang: then the local partitions are analyzed one by one.
 */
static const char tables_sql[] =
    "WITH RECURSIVE below(root, child) AS (SELECT inhparent, inhrelid FROM pg_inherits"
    "  UNION SELECT b.root, i.inhrelid FROM below b JOIN pg_inherits i ON i.inhparent = b.child),"
    " far AS (SELECT b.root FROM below b JOIN pg_class f ON f.oid = b.child WHERE f.relkind = 'f')"
    " SELECT n.nspname, c.relname, pg_table_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = "
    "c.relnamespace"
    " WHERE (c.relkind IN ('r', 'p') OR c.relkind = 'm' AND c.relispopulated) AND c.oid NOT IN (SELECT root "
    "FROM far)"
    " AND (NOT c.relispartition"
    "   OR EXISTS (SELECT 1 FROM pg_inherits i JOIN far ON far.root = i.inhparent WHERE i.inhrelid = c.oid))"
    " AND c.relpersistence <> 't' AND " USER_SCHEMA " ORDER BY 3 DESC, c.oid";

struct analysis {
    struct transfer_state *state;
    PGresult *tables;
    int next;
    pthread_mutex_t lock;
};

/* The number of tables of the batch that begins there. */
static int batch_from(const PGresult *tables, int first)
{
    int count = 0;
    int64_t bytes = 0;
    while (first + count < PQntuples(tables) && count < BATCH_TABLES) {
        int64_t more = 0;
        str_to_int(PQgetvalue(tables, first + count, 2), 0, INT64_MAX, &more);
        if (count > 0 && bytes + more > BATCH_BYTES) {
            break;
        }
        bytes += more;
        count++;
    }
    return count;
}

/* A lane for each batch, as far as there are any. */
static int count_lanes(const struct transfer *transfer, const PGresult *tables)
{
    int most = transfer->jobs > 0 ? transfer->jobs : 1;
    int batches = 0;
    for (int next = 0; next < PQntuples(tables) && batches < most; next += batch_from(tables, next)) {
        batches++;
    }
    return batches;
}

/* Takes the next tables: rows from *ret_first on. 0: none is left. */
static int take(struct analysis *analysis, int *ret_first)
{
    pthread_mutex_lock(&analysis->lock);
    int count = batch_from(analysis->tables, analysis->next);
    *ret_first = analysis->next;
    analysis->next += count;
    pthread_mutex_unlock(&analysis->lock);
    return count;
}

static int analyze_tables(struct analysis *analysis, struct pg *target, int first, int count, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    for (int row = first; row < first + count; row++) {
        buf_adds(&sql, row == first ? "ANALYZE " : ", ");
        pg_add_qualified(target, &sql, PQgetvalue(analysis->tables, row, 0),
                         PQgetvalue(analysis->tables, row, 1));
    }
    if (pg_run(target, err, buf_text(&sql)) == 0) {
        return 0;
    }
    if (restore_is_over(target, err)) {
        return -1;
    }
    for (int row = first; count > 1 && row < first + count; row++) {
        if (analyze_tables(analysis, target, row, 1, err) != 0) {
            return -1;
        }
    }
    if (count == 1) {
        report_warning(&analysis->state->report, "No statistics for %s.%s: %s",
                       PQgetvalue(analysis->tables, first, 0), PQgetvalue(analysis->tables, first, 1),
                       err->message);
    }
    return 0;
}

static int work(void *context, struct err *err)
{
    struct analysis *analysis = context;
    const struct transfer *transfer = analysis->state->transfer;
    auto_pg struct pg target = {0};
    int first = 0;
    if (pg_open(transfer->target, transfer->database, PG_WRITE, transfer->stop, err, &target) != 0 ||
        pg_set_encoding(&target, analysis->state->encoding, err) != 0 ||
        source_settings_use(&analysis->state->settings, &target, true, err) != 0) {
        return -1;
    }
    for (;;) {
        int count = take(analysis, &first);
        if (count == 0) {
            return 0;
        }
        if (analyze_tables(analysis, &target, first, count, err) != 0) {
            return -1;
        }
    }
}

int tables_analyze(struct transfer_state *state, struct err *err)
{
    auto_result PGresult *tables = NULL;
    if (pg_query(&state->target, err, &tables, tables_sql, 0, NULL) != 0) {
        return -1;
    }
    if (PQntuples(tables) == 0) {
        return 0;
    }
    struct analysis analysis = {.state = state, .tables = tables};
    pthread_mutex_init(&analysis.lock, NULL);
    const struct lanes lanes = {
        .count = count_lanes(state->transfer, tables), .work = work, .context = &analysis};
    int result = lanes_run(&lanes, err);
    pthread_mutex_destroy(&analysis.lock);
    return result;
}

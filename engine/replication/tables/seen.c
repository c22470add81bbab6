/* SPDX-License-Identifier: MIT */
#include "engine/replication/tables/seen.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/replication/tables/position.h"

enum { SQL_MAX_BYTES = 1024 * 1024, SNAPSHOT_COLUMN = 0, UNTIL_COLUMN = 1 };

/* The snapshot of the copy, a position after all its contents, and whether it contains everything before
 * the slot ($1). */
static const char read_sql[] =
    "WITH copy AS (SELECT txid_current_snapshot() AS snapshot, $1::txid_snapshot AS before)"
    " SELECT snapshot, pg_current_wal_insert_lsn() FROM copy"
    " WHERE txid_snapshot_xmax(snapshot) >= txid_snapshot_xmax(before) AND NOT EXISTS (SELECT 1"
    "  FROM txid_snapshot_xip(snapshot) AS running WHERE txid_visible_in_snapshot(running, before))";

int seen_read_source(struct pg *source, const char *before, struct err *err, PGresult **ret_seen)
{
    auto_result PGresult *row = NULL;
    *ret_seen = NULL;
    if (pg_query(source, err, &row, read_sql, 1, &before) != 0) {
        return -1;
    }
    *ret_seen = PQntuples(row) > 0 ? TAKE(row) : NULL;
    return 0;
}

void seen_add_table(struct pg *target, struct buf *sql, const char *name)
{
    buf_adds(sql, "CREATE TABLE ");
    pg_add_qualified(target, sql, name, "seen");
    buf_adds(sql, " (single boolean PRIMARY KEY DEFAULT true CHECK (single), snapshot text NOT NULL,"
                  " until pg_lsn NOT NULL); ");
}

void seen_add_copy(struct pg *target, struct buf *sql, const char *name, const PGresult *seen)
{
    buf_adds(sql, "INSERT INTO ");
    pg_add_qualified(target, sql, name, "seen");
    buf_adds(sql, " (snapshot, until) VALUES (");
    pg_add_literal(target, sql, PQgetvalue(seen, 0, SNAPSHOT_COLUMN));
    buf_adds(sql, ", ");
    pg_add_literal(target, sql, PQgetvalue(seen, 0, UNTIL_COLUMN));
    buf_adds(sql, "); ");
}

static uint32_t take_number(const char **text)
{
    char *end = NULL;
    uint64_t number = strtoull(*text, &end, 10); /* the stream has only the lower half */
    *text = *end != '\0' ? end + 1 : end;
    return (uint32_t)number;
}

/* Parses PostgreSQL's "first running:end:running,running". */
static int parse_snapshot(const char *text, struct err *err, struct seen *seen)
{
    size_t most = 0;
    for (const char *at = text; *at != '\0'; at++) {
        most += *at == ',' ? 1 : 0;
    }
    seen->running = calloc(most + 1, sizeof(*seen->running));
    if (seen->running == NULL) {
        return err_no_memory(err);
    }
    take_number(&text);
    seen->end = take_number(&text);
    while (*text != '\0') {
        seen->running[seen->count++] = take_number(&text);
    }
    return 0;
}

int seen_load(struct pg *target, const char *name, struct err *err, struct seen *ret_seen)
{
    auto_result PGresult *row = NULL;
    auto_free char *there = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    *ret_seen = (struct seen){0};
    if (pg_value(target, err, &there,
                 "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                 " WHERE n.nspname = $1 AND c.relname = 'seen'",
                 1, &name) != 0) {
        return -1;
    }
    if (there == NULL) {
        return 0;
    }
    buf_adds(&sql, "SELECT snapshot, until FROM ");
    pg_add_qualified(target, &sql, name, "seen");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_query(target, err, &row, buf_text(&sql), 0, NULL) != 0) {
        return -1;
    }
    if (PQntuples(row) == 0) {
        return 0;
    }
    position_parse(PQgetvalue(row, 0, UNTIL_COLUMN), &ret_seen->until);
    return parse_snapshot(PQgetvalue(row, 0, SNAPSHOT_COLUMN), err, ret_seen);
}

void seen_done(struct seen *seen)
{
    free(seen->running);
    *seen = (struct seen){0};
}

bool seen_has(const struct seen *seen, uint64_t position, uint32_t transaction)
{
    /* Numbers wrap around; at this distance the sign of the difference gives the order. */
    if (position >= seen->until || (int32_t)(transaction - seen->end) >= 0) {
        return false;
    }
    for (size_t i = 0; i < seen->count; i++) {
        if (seen->running[i] == transaction) {
            return false;
        }
    }
    return true;
}

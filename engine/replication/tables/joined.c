/* SPDX-License-Identifier: MIT */
#include "engine/replication/tables/joined.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/replication/tables/position.h"

enum { SQL_MAX_BYTES = 1024 * 1024 };

/* ---- snapshots -------------------------------------------------------------------------------------------
 */

static bool parse_number(const char **at, char end, uint64_t *ret_number)
{
    char *rest = NULL;
    if (**at < '0' || **at > '9') {
        return false;
    }
    *ret_number = strtoull(*at, &rest, 10);
    bool ended = *rest == end || (end == ',' && *rest == '\0');
    *at = *rest == '\0' ? rest : rest + 1;
    return ended;
}

static bool parse_running(const char *at, struct source_snapshot *snapshot)
{
    size_t most = strlen(at) / 2 + 1;
    snapshot->running = calloc(most, sizeof(*snapshot->running));
    if (snapshot->running == NULL) {
        return false;
    }
    while (*at != '\0') {
        if (!parse_number(&at, ',', &snapshot->running[snapshot->running_count++])) {
            return false;
        }
    }
    return true;
}

int source_snapshot_parse(const char *text, struct err *err, struct source_snapshot *ret_snapshot)
{
    *ret_snapshot = (struct source_snapshot){0};
    const char *at = text;
    if (parse_number(&at, ':', &ret_snapshot->first_running) && parse_number(&at, ':', &ret_snapshot->next) &&
        parse_running(at, ret_snapshot)) {
        return 0;
    }
    source_snapshot_done(ret_snapshot);
    return err_set(err, ERR_INTERNAL, "'%s' is not a snapshot of PostgreSQL.", text);
}

bool source_snapshot_sees(const struct source_snapshot *snapshot, uint32_t transaction)
{
    int32_t distance = (int32_t)(transaction - (uint32_t)snapshot->next);
    if (distance >= 0) {
        return false;
    }
    uint64_t whole = snapshot->next - (uint64_t)(-(int64_t)distance);
    for (size_t i = 0; whole >= snapshot->first_running && i < snapshot->running_count; i++) {
        if (snapshot->running[i] == whole) {
            return false;
        }
    }
    return true;
}

void source_snapshot_done(struct source_snapshot *snapshot)
{
    free(snapshot->running);
    *snapshot = (struct source_snapshot){0};
}

/* ---- the helper's table ----------------------------------------------------------------------------------
 */

void joined_add_table(struct pg *target, struct buf *sql, const char *name)
{
    buf_adds(sql, "CREATE TABLE ");
    pg_add_qualified(target, sql, name, "joined");
    buf_adds(sql, " (relation oid PRIMARY KEY, file oid NOT NULL, horizon bigint NOT NULL,"
                  " snapshot text NOT NULL, until pg_lsn NOT NULL); ");
}

void joined_add_note(struct pg *target, struct buf *sql, const char *name, const struct joined_table *table,
                     const char *snapshot)
{
    char until[POSITION_TEXT_SIZE];
    buf_adds(sql, "INSERT INTO ");
    pg_add_qualified(target, sql, name, "joined");
    buf_addf(sql, " VALUES (%u, %u, %s, ", (unsigned)table->relation, (unsigned)table->file, table->horizon);
    pg_add_literal(target, sql, snapshot);
    buf_addf(sql,
             ", '%s') ON CONFLICT (relation) DO UPDATE SET file = excluded.file, horizon = excluded.horizon,"
             " snapshot = excluded.snapshot, until = excluded.until; ",
             position_format(table->until, until));
}

static int load_row(const PGresult *rows, int row, struct err *err, struct joined *joined)
{
    struct joined_table *table = &joined->tables[joined->count++];
    int64_t relation = 0;
    int64_t file = 0;
    str_to_int(PQgetvalue(rows, row, 0), 0, UINT32_MAX, &relation);
    str_to_int(PQgetvalue(rows, row, 1), 0, UINT32_MAX, &file);
    *table = (struct joined_table){
        .relation = (uint32_t)relation, .file = (uint32_t)file, .horizon = str_dup(PQgetvalue(rows, row, 2))};
    if (table->horizon == NULL) {
        return err_no_memory(err);
    }
    if (!position_parse(PQgetvalue(rows, row, 4), &table->until)) {
        return err_set(err, ERR_INTERNAL, "'%s' is not a WAL position.", PQgetvalue(rows, row, 4));
    }
    joined->until = table->until > joined->until ? table->until : joined->until;
    return source_snapshot_parse(PQgetvalue(rows, row, 3), err, &table->snapshot);
}

int joined_load(struct pg *target, const char *name, struct err *err, struct joined *ret_joined)
{
    auto_result PGresult *rows = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    struct joined joined = {0};
    buf_adds(&sql, "SELECT relation, file, horizon, snapshot, until FROM ");
    pg_add_qualified(target, &sql, name, "joined");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_query(target, err, &rows, buf_text(&sql), 0, NULL) != 0) {
        return -1;
    }
    joined.tables = calloc((size_t)PQntuples(rows) + 1, sizeof(*joined.tables));
    if (joined.tables == NULL) {
        return err_no_memory(err);
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        if (load_row(rows, row, err, &joined) != 0) {
            joined_done(&joined);
            return -1;
        }
    }
    *ret_joined = joined;
    return 0;
}

void joined_done(struct joined *joined)
{
    for (size_t i = 0; i < joined->count; i++) {
        free(joined->tables[i].horizon);
        source_snapshot_done(&joined->tables[i].snapshot);
    }
    free(joined->tables);
    *joined = (struct joined){0};
}

const struct joined_table *joined_find(const struct joined *joined, uint32_t relation)
{
    for (size_t i = 0; i < joined->count; i++) {
        if (joined->tables[i].relation == relation) {
            return &joined->tables[i];
        }
    }
    return NULL;
}

bool joined_holds(const struct joined *joined, uint32_t relation, uint32_t transaction,
                  uint64_t commit_position)
{
    if (commit_position >= joined->until) {
        return false;
    }
    const struct joined_table *table = joined_find(joined, relation);
    return table != NULL && commit_position < table->until &&
           source_snapshot_sees(&table->snapshot, transaction);
}

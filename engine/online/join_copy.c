/* SPDX-License-Identifier: MIT */
/* Copies the rows of tables that join. */
#include <stdlib.h>

#include "core/str.h"
#include "engine/catalog/identity.h"
#include "engine/copy/copy.h"
#include "engine/copy/copy_sql.h"
#include "engine/online/join_snapshot_private.h"
#include "engine/pg/lanes.h"
#include "engine/replica/replica.h"
#include "engine/replication/tables/stale.h"
#include "engine/replication/tables/table_now.h"

enum { SQL_MAX_BYTES = 8 * 1024 * 1024 };

/* ---- the rows --------------------------------------------------------------------------------------------
 */

static int open_target(struct join_copy *copying, struct err *err)
{
    const struct join_request *request = &copying->join->request;
    struct source_settings *settings = &copying->settings;
    struct pg *target = &copying->target;
    return join_open(request, true, err, target) != 0 || replica_own(target, request->name, err) != 0 ||
                   source_settings_choose_money(settings, target, NULL, err) != 0 ||
                   source_settings_use_money(settings, &copying->source, err) != 0
               ? -1
               : source_settings_use(settings, target, true, err);
}

static int run_on_table(struct pg *target, const char *before, const struct join_table *table,
                        const char *after, struct err *err, PGresult **ret_rows)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, before);
    pg_add_qualified(target, &sql, table->schema, table->name);
    buf_adds(&sql, after);
    return buf_failed(&sql) ? err_no_memory(err) : pg_query(target, err, ret_rows, buf_text(&sql), 0, NULL);
}

/* Locks out other writers until the end of the transaction. */
static enum join_outcome lock_targets(struct join_copy *copying, struct err *err)
{
    struct join *join = copying->join;
    struct pg *target = &copying->target;
    if (pg_run(target, err, "BEGIN; SET LOCAL lock_timeout = '3s'; SET CONSTRAINTS ALL DEFERRED") != 0) {
        return JOIN_FAILED;
    }
    for (size_t i = 0; i < join->count; i++) {
        struct join_table *table = &join->tables[i];
        auto_result PGresult *locked = NULL;
        auto_result PGresult *rows = NULL;
        if (!join_is_possible(table)) {
            continue;
        }
        if (run_on_table(target, "LOCK TABLE ONLY ", table, " IN SHARE ROW EXCLUSIVE MODE", err, &locked) !=
            0) {
            return join_lock_outcome(err);
        }
        if (run_on_table(target, "SELECT 1 FROM ONLY ", table, " LIMIT 1", err, &rows) != 0) {
            return JOIN_FAILED;
        }
        if (PQntuples(rows) > 0) {
            return err_set(err, ERR_CONFLICT, "The table %s.%s on the target has rows of others.",
                           table->schema, table->name);
        }
    }
    return JOIN_DONE;
}

static int copy_table(struct join_copy *copying, struct join_table *table, struct err *err)
{
    struct pg *source = &copying->source;
    struct pg *target = &copying->target;
    const struct catalog_table *found = catalog_table(&copying->catalog, table->oid);
    const char *own = PQparameterStatus(source->connection, "server_encoding");
    const char *session = PQparameterStatus(source->connection, "client_encoding");
    auto_free char *before = str_dup(session);
    if (found == NULL || before == NULL) {
        return found == NULL
                   ? err_set(err, ERR_CONFLICT, "The table %s.%s was altered.", table->schema, table->name)
                   : err_no_memory(err);
    }
    bool other_encoding = !str_equals(own, before);
    struct catalog_table there = *found;
    there.bytes = 0; /* avoid TRUNCATE, because other tables may reference it */
    struct copy_form form = {.table = found, .encoding = other_encoding ? own : NULL, .text = true};
    auto_buf struct buf out_sql = BUF_MAX(SQL_MAX_BYTES);
    auto_buf struct buf in_sql = BUF_MAX(SQL_MAX_BYTES);
    copy_add_out(source, &out_sql, &form);
    form.table = &there;
    copy_add_in(target, &in_sql, &form);
    if (buf_failed(&out_sql) || buf_failed(&in_sql)) {
        return err_no_memory(err);
    }
    const struct copy_stream stream = {
        .source = source, .target = target, .out_sql = buf_text(&out_sql), .in_sql = buf_text(&in_sql)};
    if (copy_run(&stream, err, &table->rows) != 0) {
        return err_prefix(err, "%s.%s: ", table->schema, table->name);
    }
    return other_encoding &&
                   (pg_set_encoding(source, before, err) != 0 || pg_set_encoding(target, before, err) != 0)
               ? -1
               : 0;
}

/* The only lane: the caller's thread reports progress. */
static int copy_tables(void *context, struct err *err)
{
    struct join_copy *copying = context;
    struct join *join = copying->join;
    for (size_t i = 0; i < join->count; i++) {
        if (join_is_possible(&join->tables[i]) && copy_table(copying, &join->tables[i], err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- the helper ------------------------------------------------------------------------------------------
 */

static uint32_t file_of(const struct join_copy *copying, uint32_t oid)
{
    for (int row = 0; row < PQntuples(copying->files); row++) {
        if ((uint32_t)strtoul(PQgetvalue(copying->files, row, 0), NULL, 10) == oid) {
            return (uint32_t)strtoul(PQgetvalue(copying->files, row, 1), NULL, 10);
        }
    }
    return 0;
}

/* Records which column of the target corresponds to which column of the source. */
static int add_pair(struct join_copy *copying, const struct join_table *table, struct buf *sql,
                    struct err *err)
{
    struct pg *target = &copying->target;
    auto_table_now struct table_now here = {0};
    auto_table_now struct table_now there = {0};
    uint32_t oid = 0;
    if (table_now_read(&copying->source, table->oid, false, err, &here) != 0 ||
        table_now_find(target, table->schema, table->name, err, &oid) != 0 ||
        table_now_read(target, oid, false, err, &there) != 0) {
        return -1;
    }
    struct identity_table pair = {.source = table->oid, .target = oid};
    auto_free struct identity_column *columns = calloc(here.column_count + 1, sizeof(*columns));
    if (columns == NULL) {
        return err_no_memory(err);
    }
    pair.columns = columns;
    if (!join_has_same_columns(&here, &there)) {
        return err_set(err, ERR_CONFLICT, "The table %s.%s was altered.", table->schema, table->name);
    }
    for (size_t i = 0; i < here.column_count; i++) {
        const struct column_now *column = &here.columns[i];
        const struct column_now *other = table_now_named(&there, column->name);
        if (!column->generated) {
            columns[pair.column_count++] = (struct identity_column){
                .source = column->number, .target = other == NULL ? 0 : other->number, .name = column->name};
        }
    }
    identity_add_note(target, sql, copying->join->request.name, &pair);
    buf_adds(sql, "; ");
    return 0;
}

static int add_notes(struct join_copy *copying, struct buf *sql, struct err *err)
{
    const struct join *join = copying->join;
    const char *name = join->request.name;
    auto_free char *horizon = str_format("%llu", (unsigned long long)copying->snapshot.first_running);
    if (horizon == NULL) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < join->count; i++) {
        const struct join_table *table = &join->tables[i];
        const struct joined_table joined = {.relation = table->oid,
                                            .file = file_of(copying, table->oid),
                                            .horizon = horizon,
                                            .until = copying->until};
        if (!join_is_possible(table)) {
            continue;
        }
        joined_add_note(&copying->target, sql, name, &joined, copying->snapshot_text);
        if (add_pair(copying, table, sql, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Commits the rows together with the records that make their changes count. */
static int commit(struct join_copy *copying, struct err *err)
{
    struct pg *target = &copying->target;
    auto_buf struct buf oids = BUF_MAX(SQL_MAX_BYTES);
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    join_add_oids(copying->join, &oids);
    buf_adds(&sql, "DELETE FROM ");
    pg_add_qualified(target, &sql, copying->join->request.name, "stale");
    buf_addf(&sql, " WHERE relation = ANY ('%s'::oid[]); ", buf_text(&oids));
    if (add_notes(copying, &sql, err) != 0) {
        return -1;
    }
    buf_adds(&sql, "SET LOCAL synchronous_commit = local; COMMIT");
    return buf_failed(&sql) || buf_failed(&oids) ? err_no_memory(err) : pg_run(target, err, buf_text(&sql));
}

/* The stream reported a TRUNCATE on the source: changes since then are applied. */
static int find_followed(struct join_copy *copying, struct err *err)
{
    struct join *join = copying->join;
    struct pg *target = &copying->target;
    auto_result PGresult *noted = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SELECT relation FROM ");
    pg_add_qualified(target, &sql, join->request.name, "stale");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_query(target, err, &noted, buf_text(&sql), 0, NULL) != 0) {
        return -1;
    }
    for (size_t i = 0; i < join->count; i++) {
        bool left_out = false;
        for (int row = 0; row < PQntuples(noted) && !left_out; row++) {
            left_out = (uint32_t)strtoul(PQgetvalue(noted, row, 0), NULL, 10) == join->tables[i].oid;
        }
        join->tables[i].followed = join->tables[i].obstacle == NULL && !left_out;
    }
    return 0;
}

static enum join_outcome copy_rows(struct join_copy *copying, struct err *err)
{
    const struct join_request *request = &copying->join->request;
    const char *encoding = PQparameterStatus(copying->source.connection, "server_encoding");
    const struct lanes lanes = {.count = 1,
                                .work = copy_tables,
                                .context = copying,
                                .tick = request->tick,
                                .tick_context = request->context};
    if (open_target(copying, err) != 0 || find_followed(copying, err) != 0 ||
        catalog_read(&copying->source, copying->target.version, encoding, err, &copying->catalog) != 0) {
        return JOIN_FAILED;
    }
    if (!join_can_copy(copying->join)) {
        return JOIN_DONE;
    }
    enum join_outcome outcome = lock_targets(copying, err);
    if (outcome != JOIN_DONE) {
        return outcome;
    }
    return lanes_run(&lanes, err) != 0 || commit(copying, err) != 0 ? JOIN_FAILED : JOIN_DONE;
}

int join_copy(struct join *join, struct err *err)
{
    struct join_copy copying = {.join = join};
    enum join_outcome outcome = join_take_snapshot(&copying, err);
    outcome = outcome == JOIN_DONE ? join_follow_up(&copying, err) : outcome;
    outcome = outcome == JOIN_DONE ? copy_rows(&copying, err) : outcome;
    join_copy_done(&copying);
    return (int)outcome;
}

/* SPDX-License-Identifier: MIT */
#include "engine/online/join_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/catalog/source_database.h"
#include "engine/replica/replica.h"
#include "engine/replication/replication.h"
#include "engine/replication/tables/stale.h"
#include "engine/replication/tables/table_now.h"

enum { SQL_MAX_BYTES = 1024 * 1024 };

int join_open(const struct join_request *request, bool target, struct err *err, struct pg *ret_pg)
{
    const struct endpoint *side = target ? request->target : request->source;
    if (pg_open(side, request->database, target ? PG_WRITE : PG_READ, request->stop, err, ret_pg) != 0) {
        return -1;
    }
    const char *own = PQparameterStatus(ret_pg->connection, "server_encoding");
    return pg_set_encoding(ret_pg, source_database_session_encoding(own), err);
}

bool join_is_possible(const struct join_table *table)
{
    return table->obstacle == NULL && !table->followed;
}

/* ---- what can join ---------------------------------------------------------------------------------------
 */

static int set_obstacle(struct join_table *table, const char *why, struct err *err)
{
    table->obstacle = str_dup(why);
    return table->obstacle == NULL ? err_no_memory(err) : 0;
}

bool join_has_same_columns(const struct table_now *here, const struct table_now *there)
{
    for (size_t i = 0; i < here->column_count; i++) {
        const struct column_now *column = &here->columns[i];
        const struct column_now *other = table_now_named(there, column->name);
        if (other == NULL || other->generated != column->generated ||
            !str_equals(column->type_text, other->type_text)) {
            return false;
        }
    }
    return true;
}

/* It may have been dropped or altered since it was listed. */
static int compare_table(struct join_table *table, struct pg *source, struct pg *target, struct err *err)
{
    auto_table_now struct table_now here = {0};
    auto_table_now struct table_now there = {0};
    uint32_t oid = 0;
    if (table_now_read(source, table->oid, false, err, &here) != 0 ||
        table_now_find(target, table->schema, table->name, err, &oid) != 0) {
        return -1;
    }
    if (here.oid == 0 || here.kind != 'r' || !str_equals(here.schema, table->schema) ||
        !str_equals(here.name, table->name)) {
        return set_obstacle(table, "it was dropped or renamed on the source", err);
    }
    if (oid == 0 || table_now_read(target, oid, false, err, &there) != 0) {
        return oid == 0 ? set_obstacle(table, "it was dropped or renamed on the target", err) : -1;
    }
    return join_has_same_columns(&here, &there)
               ? 0
               : set_obstacle(table, "its columns have other types on the target", err);
}

static int compare_tables(struct join *join, struct pg *target, struct err *err)
{
    auto_pg struct pg source = {0};
    if (join_open(&join->request, false, err, &source) != 0) {
        return -1;
    }
    for (size_t i = 0; i < join->count; i++) {
        if (compare_table(&join->tables[i], &source, target, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- the helper's notes, and the publication -------------------------------------------------------------
 */

/* Written durably: a target that crashes must not forget that it does not apply the tables' changes from
 * now on. */
static int record_tables(struct join *join, struct pg *target, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SET LOCAL synchronous_commit = local");
    for (size_t i = 0; i < join->count; i++) {
        if (join_is_possible(&join->tables[i])) {
            buf_adds(&sql, "; ");
            stale_add_note(target, &sql, join->request.name, join->tables[i].oid, "");
        }
    }
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(target, err, buf_text(&sql));
}

static int publish(struct join *join, struct err *err)
{
    const struct join_request *request = &join->request;
    const struct replication replication = {.source = request->source,
                                            .database = request->database,
                                            .name = request->name,
                                            .stop = request->stop,
                                            .identities = request->identities,
                                            .remember = request->remember,
                                            .context = request->context};
    auto_free struct published_table *tables = calloc(join->count + 1, sizeof(*tables));
    if (tables == NULL) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < join->count; i++) {
        tables[i].oid = join->tables[i].obstacle == NULL ? join->tables[i].oid : 0;
    }
    int result = replication_publish_more(&replication, tables, join->count, err);
    for (size_t i = 0; i < join->count && result == 0; i++) {
        struct join_table *table = &join->tables[i];
        if (table->obstacle == NULL && !tables[i].published) {
            table->obstacle = TAKE(tables[i].obstacle);
        }
    }
    published_tables_done(tables, join->count);
    return result;
}

/* Transactions that are writing now may have written before the tables were published. */
static int find_writers(struct join *join, struct err *err)
{
    auto_pg struct pg source = {0};
    return join_open(&join->request, false, err, &source) != 0
               ? -1
               : join_find_writers(join, &source, err, &join->writers);
}

static int begin(struct join *join, struct err *err)
{
    auto_pg struct pg target = {0};
    if (join_open(&join->request, true, err, &target) != 0 ||
        replica_own(&target, join->request.name, err) != 0 || compare_tables(join, &target, err) != 0) {
        return -1;
    }
    if (!join_can_copy(join)) {
        return 0;
    }
    return record_tables(join, &target, err) != 0 || publish(join, err) != 0 ? -1 : find_writers(join, err);
}

int join_begin(const struct join_request *request, struct join_table *tables, size_t count, struct err *err,
               struct join **ret_join)
{
    struct join *join = calloc(1, sizeof(*join));
    if (join == NULL) {
        join_tables_done(tables, count);
        return err_no_memory(err);
    }
    *join = (struct join){.request = *request, .tables = tables, .count = count};
    if (begin(join, err) != 0) {
        join_free(join);
        return -1;
    }
    join->request.identities = NULL;
    *ret_join = join;
    return 0;
}

/* ---- writers ---------------------------------------------------------------------------------------------
 */

/* A transaction keeps its locks until other sessions see that it has ended. A prepared transaction changes
 * its identity, so all prepared ones count. $1: tables, $2: transactions. */
#define WRITERS_SQL                                                                                          \
    " FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'relation'"           \
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"                     \
    " AND l.relation = ANY ($1::oid[]) AND l.granted AND l.mode IN ('RowExclusiveLock',"                     \
    " 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')"

void join_add_oids(const struct join *join, struct buf *text)
{
    const char *separator = "{";
    for (size_t i = 0; i < join->count; i++) {
        if (join_is_possible(&join->tables[i])) {
            buf_addf(text, "%s%u", separator, (unsigned)join->tables[i].oid);
            separator = ",";
        }
    }
    buf_adds(text, separator[0] == '{' ? "{}" : "}");
}

int join_find_writers(struct join *join, struct pg *source, struct err *err, char **ret_writers)
{
    auto_buf struct buf oids = BUF_MAX(SQL_MAX_BYTES);
    join_add_oids(join, &oids);
    const char *params[] = {buf_text(&oids)};
    return buf_failed(&oids)
               ? err_no_memory(err)
               : pg_value(source, err, ret_writers,
                          "SELECT coalesce(array_agg(DISTINCT l.virtualtransaction), '{}')" WRITERS_SQL, 1,
                          params);
}

int join_writers_are_there(struct join *join, struct pg *source, const char *writers, struct err *err,
                           bool *ret_there, char **ret_blocker)
{
    auto_free char *blocker = NULL;
    auto_buf struct buf oids = BUF_MAX(SQL_MAX_BYTES);
    join_add_oids(join, &oids);
    const char *params[] = {buf_text(&oids), writers};
    if (buf_failed(&oids)) {
        return err_no_memory(err);
    }
    if (pg_value(
            source, err, &blocker,
            "SELECT format('process %s (user %s, application \"%s\", transaction open for %s s)',"
            "  coalesce(l.pid::text, '-'), coalesce(a.usename, '-'), coalesce(a.application_name, '-'),"
            "  coalesce(extract(epoch FROM clock_timestamp() - a.xact_start)::bigint::text, '-'))" WRITERS_SQL
            " AND (l.virtualtransaction = ANY ($2::text[]) OR l.virtualtransaction LIKE '-1/%')"
            " ORDER BY a.xact_start NULLS LAST LIMIT 1",
            2, params) != 0) {
        return -1;
    }
    *ret_there = blocker != NULL;
    if (ret_blocker != NULL) {
        *ret_blocker = TAKE(blocker);
    }
    return 0;
}

int join_check_writers(struct join *join, uint64_t position, struct err *err, char **ret_blocker)
{
    auto_pg struct pg source = {0};
    bool there = false;
    *ret_blocker = NULL;
    if (join->writers == NULL) {
        return position >= join->writers_before;
    }
    if (join_open(&join->request, false, err, &source) != 0 ||
        join_writers_are_there(join, &source, join->writers, err, &there, ret_blocker) != 0) {
        return -1;
    }
    if (there) {
        return 0;
    }
    if (replication_flush_position(&source, err, &join->writers_before) != 0) {
        return -1;
    }
    free(TAKE(join->writers));
    return position >= join->writers_before;
}

bool join_can_copy(const struct join *join)
{
    for (size_t i = 0; i < join->count; i++) {
        if (join_is_possible(&join->tables[i])) {
            return true;
        }
    }
    return false;
}

/* ---- the end ---------------------------------------------------------------------------------------------
 */

const struct join_table *join_tables(const struct join *join, size_t *ret_count)
{
    *ret_count = join->count;
    return join->tables;
}

void join_tables_done(struct join_table *tables, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(tables[i].schema);
        free(tables[i].name);
        free(tables[i].obstacle);
    }
    free(tables);
}

void join_free(struct join *join)
{
    if (join != NULL) {
        join_tables_done(join->tables, join->count);
        free(join->writers);
        free(join);
    }
}

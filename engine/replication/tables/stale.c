/* SPDX-License-Identifier: MIT */
#include "engine/replication/tables/stale.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/catalog/fingerprint.h"
#include "engine/catalog/identity.h"

enum {
    SQL_MAX_BYTES = 1024 * 1024,
    OID_TEXT_SIZE = 16,
    MISSING_SINCE = 110000,
    TRUNCATE_SINCE = 110000,
    LOOKS = 100,
    LOOK_PAUSE_MS = 10,
};

static uint32_t get_oid(const PGresult *rows, int row, int column)
{
    int64_t oid = 0;
    str_to_int(PQgetvalue(rows, row, column), 0, UINT32_MAX, &oid);
    return (uint32_t)oid;
}

/* ---- how the source was ----------------------------------------------------------------------------------
 */

/* The catalog is read as of the snapshot; pg_relation_filenode() returns the current file. */
int stale_read_origin(struct pg *source, struct err *err, PGresult **ret_origin)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SELECT txid_snapshot_xmin(txid_current_snapshot()), coalesce(array_agg(c.oid), '{}'),"
                   " coalesce(array_agg(c.relfilenode), '{}'), coalesce(array_agg(c.oid)"
                   " FILTER (WHERE pg_relation_filenode(c.oid) <> c.relfilenode), '{}')");
    identity_add_origin_columns(&sql, source->version);
    fingerprint_add_origin_column(&sql, source->version);
    buf_adds(&sql, " FROM (SELECT oid, relfilenode FROM pg_class WHERE relkind = 'r' AND relpersistence = 'p'"
                   " AND oid >= 16384 ORDER BY oid) c");
    return buf_failed(&sql) ? err_no_memory(err) : pg_query(source, err, ret_origin, buf_text(&sql), 0, NULL);
}

int stale_await_ddl(struct pg *source, const char *oid, struct err *err, bool *ret_visible)
{
    *ret_visible = false;
    for (int i = 0; i < LOOKS && !*ret_visible; i++) {
        auto_free char *locked = NULL;
        if (i > 0) {
            clock_sleep_ms(LOOK_PAUSE_MS);
        }
        if (pg_value(source, err, &locked,
                     "SELECT 1 FROM pg_locks WHERE locktype = 'relation' AND relation = $1::oid AND granted"
                     " AND mode = 'AccessExclusiveLock' AND database = (SELECT oid FROM pg_database"
                     "  WHERE datname = current_database()) LIMIT 1",
                     1, &oid) != 0) {
            return -1;
        }
        *ret_visible = locked == NULL;
    }
    return 0;
}

/*
 * The table $1 as it is now: its file, then whether it has columns younger than the horizon $2, whether such
 * a column has a value in older rows ("filled"), and whether the table has become a partition since then, or
 * was created as one.
 */
/* clang-format off */
#define LOOK(filled) \
    "SELECT coalesce(pg_relation_filenode($1::oid::regclass), 0), count(*) > 0," \
    " coalesce(bool_or(" filled "), false)," \
    " EXISTS (SELECT 1 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid" \
    "   WHERE i.inhrelid = $1::oid AND c.relispartition AND " STALE_IS_YOUNG("i", "$2") ")," \
    " EXISTS (SELECT 1 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid" \
    "   JOIN pg_type y ON y.oid = c.reltype WHERE i.inhrelid = $1::oid AND " STALE_IS_NEW_PARTITION ")" \
    " FROM pg_attribute a WHERE a.attrelid = $1::oid AND " STALE_IS_FRESH("$2")
/* clang-format on */

/* Before 11, ALTER TABLE ... ADD COLUMN with a default rewrites the table: the file says it. */
static const char look_until_10[] = LOOK("false");
static const char look_since_11[] = LOOK("a.atthasmissing");

int stale_look(struct pg *source, uint32_t relation, const char *horizon, struct err *err,
               struct stale_look *ret_look)
{
    auto_result PGresult *row = NULL;
    const char *sql = source->version >= MISSING_SINCE ? look_since_11 : look_until_10;
    char oid[OID_TEXT_SIZE];
    const char *params[] = {oid, horizon};
    bool visible = false;
    snprintf(oid, sizeof(oid), "%u", (unsigned)relation);
    *ret_look = (struct stale_look){0};
    if (stale_await_ddl(source, oid, err, &visible) != 0) {
        return -1;
    }
    if (!visible) {
        return 0;
    }
    if (pg_query(source, err, &row, sql, 2, params) != 0) {
        return -1;
    }
    *ret_look = (struct stale_look){.file = get_oid(row, 0, 0),
                                    .fresh = pg_is_true(row, 0, 1),
                                    .filled = pg_is_true(row, 0, 2),
                                    .attached = pg_is_true(row, 0, 3),
                                    .new_partition = pg_is_true(row, 0, 4)};
    return 0;
}

void stale_add_tables(struct pg *target, struct buf *sql, const char *name)
{
    buf_adds(sql, "CREATE TABLE ");
    pg_add_qualified(target, sql, name, "origin");
    buf_adds(sql, " (single boolean PRIMARY KEY DEFAULT true CHECK (single), horizon bigint NOT NULL,"
                  " relations oid[] NOT NULL, files oid[] NOT NULL); CREATE TABLE ");
    pg_add_qualified(target, sql, name, "stale");
    buf_adds(sql, " (relation oid PRIMARY KEY, place text NOT NULL); ");
    joined_add_table(target, sql, name);
}

void stale_add_origin(struct pg *target, struct buf *sql, const char *name, const PGresult *origin)
{
    buf_adds(sql, "INSERT INTO ");
    pg_add_qualified(target, sql, name, "origin");
    buf_addf(sql, " (horizon, relations, files) VALUES (%s, '%s', '%s'); INSERT INTO ",
             PQgetvalue(origin, 0, STALE_HORIZON), PQgetvalue(origin, 0, STALE_RELATIONS),
             PQgetvalue(origin, 0, STALE_FILES));
    pg_add_qualified(target, sql, name, "stale");
    buf_addf(sql, " SELECT unnest('%s'::oid[]), ''; ", PQgetvalue(origin, 0, STALE_CHANGED));
}

/* ---- which tables are stale now --------------------------------------------------------------------------
 */

/*
 * If the file has changed and columns are younger than the base copy, ALTER TABLE has written their
 * values; the file alone also changes with VACUUM FULL, and with TRUNCATE, which the stream contains from
 * 11 on. A value for older rows can also be in the catalog ("filled"). A table that was attached as a
 * partition later may contain earlier rows; only one that was created as a partition began empty.
 */
/* clang-format off */
#define LIST_SQL(values, rewrites) \
    /* Tables that joined the replication later: each has its own file and horizon. */ \
    "WITH joined AS (SELECT * FROM unnest($5::oid[], $6::oid[], $7::bigint[]) AS u(oid, file, horizon))," \
    /* Columns younger than the base copy. */ \
    " fresh AS (SELECT a.attrelid AS oid, " values \
    "   FROM pg_attribute a LEFT JOIN joined j ON j.oid = a.attrelid" \
    "   WHERE a.attrelid >= 16384 AND " STALE_IS_FRESH("coalesce(j.horizon, $3::bigint)") " GROUP BY 1)," \
    /* The files of the tables at the base copy. */ \
    " before AS (SELECT oid, file FROM joined UNION ALL SELECT oid, file" \
    "   FROM unnest($1::oid[], $2::oid[]) AS u(oid, file) WHERE oid NOT IN (SELECT oid FROM joined))," \
    /* Tables attached as partitions since then, except those created as partitions. */ \
    " attached AS (SELECT c.oid FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid" \
    "   JOIN pg_type y ON y.oid = c.reltype LEFT JOIN joined j ON j.oid = c.oid" \
    "   WHERE c.relispartition AND " STALE_IS_YOUNG("i", "coalesce(j.horizon, $3::bigint)") \
    "   AND (NOT " STALE_IS_NEW_PARTITION " OR EXISTS (SELECT 1 FROM before b WHERE b.oid = c.oid)))" \
    " SELECT n.nspname, c.relname, c.oid, c.oid = ANY ($4::oid[]) OR h.oid IS NOT NULL" \
    "   OR coalesce(t.file <> c.relfilenode AND " rewrites ", false), f.filled, f.given" \
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace" \
    "  LEFT JOIN before t ON t.oid = c.oid LEFT JOIN fresh f ON f.oid = c.oid" \
    "  LEFT JOIN attached h ON h.oid = c.oid WHERE c.relkind = 'r' AND (h.oid IS NOT NULL" \
    "   OR c.oid = ANY ($4::oid[])" \
    "   OR (t.oid IS NOT NULL AND (f.oid IS NOT NULL OR t.file <> c.relfilenode)))"
/* clang-format on */

/* In 10 the stream lacks TRUNCATE, so that every new file counts; no column has a value in the catalog. */
static const char list_sql_of_10[] = LIST_SQL("NULL::text[] AS filled, NULL::text[] AS given", "true");
static const char list_sql_since_11[] =
    LIST_SQL("array_agg(a.attname::text) FILTER (WHERE a.atthasmissing) AS filled,"
             " array_agg(a.attmissingval::text) FILTER (WHERE a.atthasmissing) AS given",
             "f.oid IS NOT NULL");

int stale_read_helper(struct pg *target, const char *name, struct err *err, PGresult **ret_helper)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SELECT relations, files, horizon, coalesce((SELECT array_agg(relation) FROM ");
    pg_add_qualified(target, &sql, name, "stale");
    buf_adds(&sql, "), '{}'), j.* FROM ");
    pg_add_qualified(target, &sql, name, "origin");
    buf_adds(&sql, ", (SELECT coalesce(array_agg(relation ORDER BY relation), '{}'),"
                   " coalesce(array_agg(file ORDER BY relation), '{}'),"
                   " coalesce(array_agg(horizon ORDER BY relation), '{}') FROM ");
    pg_add_qualified(target, &sql, name, "joined");
    buf_adds(&sql, ") j");
    return buf_failed(&sql) ? err_no_memory(err) : pg_query(target, err, ret_helper, buf_text(&sql), 0, NULL);
}

int stale_list_tables(struct pg *source, const PGresult *helper, struct err *err, PGresult **ret_tables)
{
    const char *sql = source->version >= TRUNCATE_SINCE ? list_sql_since_11 : list_sql_of_10;
    const char *params[STALE_HELPER_COLUMNS];
    for (int column = 0; column < STALE_HELPER_COLUMNS; column++) {
        params[column] = PQgetvalue(helper, 0, column);
    }
    return pg_query(source, err, ret_tables, sql, STALE_HELPER_COLUMNS, params);
}

/* ---- what is known ---------------------------------------------------------------------------------------
 */

static int load_tables(struct pg *target, const char *name, struct err *err, struct stale *stale)
{
    auto_result PGresult *rows = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SELECT relation, place FROM ");
    pg_add_qualified(target, &sql, name, "stale");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_query(target, err, &rows, buf_text(&sql), 0, NULL) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        if (stale_add(stale, get_oid(rows, row, 0), PQgetvalue(rows, row, 1), err) != 0) {
            return -1;
        }
    }
    return 0;
}

static int load_files(struct pg *target, const char *name, struct err *err, struct stale *stale)
{
    auto_result PGresult *rows = NULL;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "SELECT u.relation, u.file, horizon FROM ");
    pg_add_qualified(target, &sql, name, "origin");
    buf_adds(&sql, ", unnest(relations, files) AS u(relation, file) ORDER BY 1");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_query(target, err, &rows, buf_text(&sql), 0, NULL) != 0) {
        return -1;
    }
    stale->files = calloc((size_t)PQntuples(rows) + 1, sizeof(*stale->files));
    if (stale->files == NULL) {
        return err_no_memory(err);
    }
    if (PQntuples(rows) > 0) {
        stale->horizon = str_dup(PQgetvalue(rows, 0, 2));
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        stale->files[stale->file_count++] =
            (struct stale_file){.relation = get_oid(rows, row, 0), .file = get_oid(rows, row, 1)};
    }
    return 0;
}

int stale_load(struct pg *target, const char *name, struct err *err, struct stale *ret_stale)
{
    struct stale stale = {0};
    if (load_tables(target, name, err, &stale) != 0 || load_files(target, name, err, &stale) != 0 ||
        joined_load(target, name, err, &stale.joined) != 0) {
        stale_done(&stale);
        return -1;
    }
    *ret_stale = stale;
    return 0;
}

void stale_done(struct stale *stale)
{
    for (size_t i = 0; i < stale->table_count; i++) {
        free(stale->tables[i].place);
    }
    free(stale->tables);
    free(stale->files);
    free(stale->horizon);
    joined_done(&stale->joined);
    *stale = (struct stale){0};
}

bool stale_has(const struct stale *stale, uint32_t relation, const char *place)
{
    for (size_t i = 0; i < stale->table_count; i++) {
        const struct stale_table *table = &stale->tables[i];
        if (table->relation == relation || (table->place[0] != '\0' && str_equals(table->place, place))) {
            return true;
        }
    }
    return false;
}

int stale_add(struct stale *stale, uint32_t relation, const char *place, struct err *err)
{
    struct stale_table *tables = realloc(stale->tables, (stale->table_count + 1) * sizeof(*tables));
    if (tables == NULL) {
        return err_no_memory(err);
    }
    stale->tables = tables;
    tables[stale->table_count] = (struct stale_table){.relation = relation, .place = str_dup(place)};
    if (tables[stale->table_count].place == NULL) {
        return err_no_memory(err);
    }
    stale->table_count++;
    return 0;
}

bool stale_remove(struct stale *stale, uint32_t relation)
{
    for (size_t i = 0; i < stale->table_count; i++) {
        if (stale->tables[i].relation == relation && stale->tables[i].place[0] == '\0') {
            free(stale->tables[i].place);
            stale->tables[i] = stale->tables[--stale->table_count];
            return true;
        }
    }
    return false;
}

/* NULL: the table did not exist. */
static const struct stale_file *find_file(const struct stale *stale, uint32_t relation)
{
    size_t low = 0;
    size_t high = stale->file_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stale->files[middle].relation < relation) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < stale->file_count && stale->files[low].relation == relation ? &stale->files[low] : NULL;
}

const char *stale_horizon(const struct stale *stale, uint32_t relation)
{
    const struct joined_table *joined = joined_find(&stale->joined, relation);
    return joined != NULL ? joined->horizon : stale->horizon;
}

bool stale_knows(const struct stale *stale, uint32_t relation)
{
    return joined_find(&stale->joined, relation) != NULL || find_file(stale, relation) != NULL;
}

bool stale_has_other_file(const struct stale *stale, uint32_t relation, uint32_t file)
{
    const struct joined_table *joined = joined_find(&stale->joined, relation);
    const struct stale_file *before = find_file(stale, relation);
    return joined != NULL ? joined->file != file : before != NULL && before->file != file;
}

void stale_add_note(struct pg *target, struct buf *sql, const char *name, uint32_t relation,
                    const char *place)
{
    buf_adds(sql, "INSERT INTO ");
    pg_add_qualified(target, sql, name, "stale");
    buf_addf(sql, " VALUES (%u, ", (unsigned)relation);
    pg_add_literal(target, sql, place);
    buf_adds(sql, ") ON CONFLICT DO NOTHING");
}

void stale_add_forget(struct pg *target, struct buf *sql, const char *name, uint32_t relation)
{
    buf_adds(sql, "DELETE FROM ");
    pg_add_qualified(target, sql, name, "stale");
    buf_addf(sql, " WHERE relation = %u", (unsigned)relation);
}

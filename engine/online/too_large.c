/* SPDX-License-Identifier: MIT */
#include "engine/online/too_large.h"

#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"
#include "engine/pg/sqlstate.h"

enum {
    SEARCH_MS = 15000,
    STATEMENT_MS = 5000,
    NAMES_MAX = 5,
    TEXT_MAX_BYTES = 1024,
    WORDS_MAX_BYTES = 300,
    SQL_MAX_BYTES = 4096,
};

#define ADVICE                                                                                               \
    " Cancel this migration and start a new one: its base copy reads such values with COPY, in binary. "     \
    "Until "                                                                                                 \
    "its cutover, do not write rows of more than 512 MB on the source."

bool too_large_is_state(const char *sqlstate)
{
    return sqlstate_in(sqlstate, SQLSTATE_PROGRAM_LIMIT, SQLSTATE_INTERNAL_ERROR);
}

/* Clears err's SQLSTATE, because the target did not reject anything. "objects": "column 'b' of the table
 * s.t". */
static int set_waiting(struct err *err, const char *database, const char *objects, const char *target)
{
    auto_free char *words = str_dup(err->message);
    err_set(err, ERR_UNAVAILABLE,
            "Changes of the source's database '%s' wait: a row with %s is too large for logical replication, "
            "where PostgreSQL sends the old and the new version of a row in one message of at most 1 GB.%s "
            "PostgreSQL said: \"%.*s\".",
            database, objects, ADVICE, WORDS_MAX_BYTES, words == NULL ? "" : words);
    err->lasting = false;
    err->waiting = true;
    return err_target(err, "%s", target);
}

int too_large_value(struct err *err, const char *database, const char *table, const char *column)
{
    auto_buf struct buf objects = BUF_MAX(TEXT_MAX_BYTES);
    auto_buf struct buf target = BUF_MAX(TEXT_MAX_BYTES);
    buf_addf(&objects, "a value in column '%s' of the table %s", column, table);
    buf_addf(&target, "%s.%s", table, column);
    return set_waiting(err, database, buf_text(&objects), buf_text(&target));
}

/* ---- finding large values --------------------------------------------------------------------------------
 */

/* Columns of published tables that may hold large values, largest tables first, each with the SQL of its
 * values' size: the value's own size if PostgreSQL knows it without reading the value, otherwise the
 * stored size. */
static const char columns_sql[] =
    "SELECT p.schemaname, p.tablename, a.attname,"
    "   CASE WHEN coalesce(nullif(t.typbasetype, 0), t.oid) IN (17, 25, 1043)"
    "        THEN 'pg_catalog.octet_length(%s)' ELSE 'pg_catalog.pg_column_size(%s)' END"
    " FROM pg_catalog.pg_publication_tables p"
    " JOIN pg_catalog.pg_namespace n ON n.nspname = p.schemaname"
    " JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename"
    " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    "   AND a.attlen = -1 AND a.attstorage <> 'p'"
    " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
    " WHERE p.pubname = $1 AND pg_catalog.pg_relation_size(c.reltoastrelid) > 1024 * 1024"
    " ORDER BY pg_catalog.pg_relation_size(c.reltoastrelid) DESC, a.attnum";

enum { FIELD_SCHEMA, FIELD_TABLE, FIELD_COLUMN, FIELD_SIZE };

/* Whether the column holds a value that may be too large. A column that cannot be read in time counts as
 * having none. */
static bool is_large(struct pg *source, const PGresult *columns, int row)
{
    static const char least[] = "268435456"; /* an UPDATE may send it twice, and text doubles its size */
    auto_buf struct buf column = BUF_MAX(SQL_MAX_BYTES);
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    auto_free char *found = NULL;
    struct err ignored = {0};
    const char *params[] = {least};
    const char *size = PQgetvalue(columns, row, FIELD_SIZE);
    const char *hole = strstr(size, "%s");
    pg_add_identifier(source, &column, PQgetvalue(columns, row, FIELD_COLUMN));
    buf_addf(&sql, "SELECT 1 FROM ONLY ");
    pg_add_qualified(source, &sql, PQgetvalue(columns, row, FIELD_SCHEMA),
                     PQgetvalue(columns, row, FIELD_TABLE));
    buf_addf(&sql, " WHERE %.*s%s) >= $1::pg_catalog.int4 LIMIT 1", (int)(hole - size), size,
             buf_text(&column));
    return !buf_failed(&sql) && !buf_failed(&column) &&
           pg_value(source, &ignored, &found, buf_text(&sql), 1, params) == 0 && found != NULL;
}

/* Adds the names of columns with large values; ret_target is the first of them. */
static int find(struct pg *source, const char *publication, struct err *err, struct buf *objects,
                struct buf *target)
{
    auto_result PGresult *columns = NULL;
    const char *params[] = {publication};
    int64_t deadline_ms = clock_monotonic_ms() + SEARCH_MS;
    int found = 0;
    if (pg_query(source, err, &columns, columns_sql, 1, params) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(columns) && found < NAMES_MAX && clock_ms_left(deadline_ms) > 0;
         row++) {
        if (!is_large(source, columns, row)) {
            continue;
        }
        const char *schema = PQgetvalue(columns, row, FIELD_SCHEMA);
        const char *table = PQgetvalue(columns, row, FIELD_TABLE);
        const char *column = PQgetvalue(columns, row, FIELD_COLUMN);
        buf_addf(objects, "%scolumn '%s' of the table %s.%s", found == 0 ? "a value as in " : ", or in ",
                 column, schema, table);
        if (found++ == 0) {
            buf_addf(target, "%s.%s.%s", schema, table, column);
        }
    }
    return found;
}

int too_large_stream(struct pg *source, const char *publication, struct err *err)
{
    auto_buf struct buf objects = BUF_MAX(TEXT_MAX_BYTES);
    auto_buf struct buf target = BUF_MAX(TEXT_MAX_BYTES);
    struct err ignored = {0};
    int timeout_ms = source->statement_timeout_ms;
    source->statement_timeout_ms = STATEMENT_MS;
    int found = find(source, publication, &ignored, &objects, &target);
    source->statement_timeout_ms = timeout_ms;
    if (found > 0) {
        return set_waiting(err, source->database, buf_text(&objects), buf_text(&target));
    }
    return !sqlstate_is(err->sqlstate, SQLSTATE_PROGRAM_LIMIT)
               ? -1
               : set_waiting(err, source->database, "a value that has been deleted since", source->database);
}

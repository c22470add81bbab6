/* SPDX-License-Identifier: MIT */
#include "engine/catalog/source_hold.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "engine/catalog/source_lock.h"
#include "engine/catalog/user_relation.h"

enum {
    SQL_MAX_BYTES = 16 * 1024 * 1024,
    NAMES_PER_STATEMENT = 100,
    /* Not longer: the holder of such a lock may be waiting for a table that this session has locked. */
    HOLD_WAIT_MS = 50
};

/* Sequences, then views from the newest to the oldest. Objects in a schema that the login may not use
 * cannot be named. */
static const char relations_sql[] =
    "WITH listed AS (SELECT c.oid, c.relkind, n.nspname, c.relname"
    "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    "  WHERE c.relkind IN ('v', 'm', 'f', 'S') AND c.oid >= 16384 AND c.relpersistence <> 't'"
    "   AND " USER_SCHEMA "   AND has_schema_privilege(n.oid, 'USAGE'))"
    " (SELECT nspname, relname, true FROM listed WHERE relkind = 'S' ORDER BY oid DESC)"
    " UNION ALL"
    " (SELECT nspname, relname, false FROM listed WHERE relkind <> 'S' ORDER BY oid DESC LIMIT 1000)";

/* Resolving an object's name locks it against DROP until the transaction ends. */
static const char objects_sql[] =
    "SELECT count(pg_get_object_address(a.type, a.object_names, a.object_args)) FROM ("
    " (SELECT 'pg_proc'::regclass AS class, oid FROM pg_proc WHERE oid >= 16384 ORDER BY oid DESC LIMIT 300)"
    " UNION ALL (SELECT 'pg_type'::regclass, oid FROM pg_type WHERE oid >= 16384"
    "  AND typtype IN ('d', 'e', 'r') ORDER BY oid DESC LIMIT 300)"
    " UNION ALL (SELECT 'pg_type'::regclass, t.oid FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid"
    "  AND c.relkind = 'c' WHERE t.oid >= 16384 ORDER BY t.oid DESC LIMIT 300)"
    " UNION ALL (SELECT 'pg_namespace'::regclass, oid FROM pg_namespace WHERE oid >= 16384"
    "  ORDER BY oid DESC LIMIT 300)) o"
    " CROSS JOIN LATERAL pg_identify_object_as_address(o.class, o.oid, 0) a";

static int hold_wait_ms(int64_t started_ms)
{
    int left_ms = source_lock_wait_left(started_ms);
    return left_ms < HOLD_WAIT_MS ? left_ms : HOLD_WAIT_MS;
}

/* Preparing a query locks the relations it reads without reading them. Locks the rows before "end" from
 * *row on. */
static int hold_batch(struct pg *source, const PGresult *relations, int *row, int end, int64_t started_ms,
                      struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    struct err refused = {0};
    buf_addf(&sql, "SAVEPOINT malachite; SET LOCAL lock_timeout = %d; PREPARE malachite_hold AS SELECT FROM ",
             hold_wait_ms(started_ms));
    for (int i = 0; i < NAMES_PER_STATEMENT && *row < end; i++, (*row)++) {
        buf_adds(&sql, i == 0 ? "" : ", ");
        pg_add_qualified(source, &sql, PQgetvalue(relations, *row, 0), PQgetvalue(relations, *row, 1));
    }
    buf_adds(&sql, "; DEALLOCATE malachite_hold; RELEASE SAVEPOINT malachite");
    if (buf_failed(&sql)) {
        return err_no_memory(err);
    }
    if (pg_run(source, &refused, buf_text(&sql)) == 0) {
        return 0;
    }
    if (source_lock_timed_out(&refused) || source_lock_is_gone(&refused) || refused.sqlstate[0] == '\0') {
        *err = refused;
        return err_prefix(err, "A view or a sequence of the source database cannot be read. ");
    }
    return source_savepoint_end(source, false, err);
}

static int hold_relations(struct pg *source, int64_t started_ms, struct err *err)
{
    auto_result PGresult *relations = NULL;
    if (pg_query(source, err, &relations, relations_sql, 0, NULL) != 0) {
        return -1;
    }
    int count = PQntuples(relations);
    int sequences = 0;
    while (sequences < count && PQgetvalue(relations, sequences, 2)[0] == 't') {
        sequences++;
    }
    int row = 0;
    while (row < sequences) {
        if (hold_batch(source, relations, &row, sequences, started_ms, err) != 0) {
            return -1;
        }
    }
    if (pg_run(source, err, "SAVEPOINT malachite_schema") != 0) {
        return -1;
    }
    while (row < count) {
        if (hold_batch(source, relations, &row, count, started_ms, err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Skips objects that cannot be locked (dropped, or no privilege). */
static int hold_objects(struct pg *source, int64_t started_ms, struct err *err)
{
    struct err refused = {0};
    auto_result PGresult *count = NULL;
    if (pg_runf(source, err, "SAVEPOINT malachite; SET LOCAL lock_timeout = %d", hold_wait_ms(started_ms)) !=
        0) {
        return -1;
    }
    bool held = pg_query(source, &refused, &count, objects_sql, 0, NULL) == 0;
    if (!held && (source_lock_timed_out(&refused) || refused.sqlstate[0] == '\0')) {
        *err = refused;
        return err_prefix(err, "A function or a type of the source database cannot be read. ");
    }
    return source_savepoint_end(source, held, err);
}

int source_hold_begin(struct pg *source, int64_t started_ms, struct err *err)
{
    return hold_relations(source, started_ms, err) != 0 ? -1 : hold_objects(source, started_ms, err);
}

int source_hold_end(struct pg *source, struct err *err)
{
    return pg_run(
        source, err,
        "ROLLBACK TO SAVEPOINT malachite_schema; RELEASE SAVEPOINT malachite_schema; DEALLOCATE ALL");
}

/* Places of rows that another session has replaced or tried to replace. */
static const char touched_sql[] =
    "WITH views AS (SELECT c.oid, c.ctid, c.xmax FROM pg_class c WHERE c.relkind IN ('v', 'm', 'f', 'S')"
    "  AND c.oid >= 16384)"
    " SELECT (SELECT coalesce(array_agg(ctid), '{}') FROM views WHERE xmax::text <> '0'),"
    "  (SELECT coalesce(array_agg(a.ctid), '{}') FROM pg_attribute a JOIN views v ON v.oid = a.attrelid"
    "   WHERE a.xmax::text <> '0'),"
    "  (SELECT coalesce(array_agg(r.ctid), '{}') FROM pg_rewrite r JOIN views v ON v.oid = r.ev_class"
    "   WHERE r.xmax::text <> '0')";

/* Whether those rows still exist. The source's snapshot keeps their places from being reused. */
static const char replaced_sql[] =
    "SELECT 1 WHERE cardinality($1::tid[]) > (SELECT count(*) FROM pg_class WHERE ctid = ANY($1::tid[]))"
    " OR cardinality($2::tid[]) > (SELECT count(*) FROM pg_attribute WHERE ctid = ANY($2::tid[]))"
    " OR cardinality($3::tid[]) > (SELECT count(*) FROM pg_rewrite WHERE ctid = ANY($3::tid[]))";

int source_hold_changed(struct pg *source, struct pg *observer, struct err *err, bool *ret_changed)
{
    auto_result PGresult *touched = NULL;
    auto_free char *replaced = NULL;
    if (pg_query(source, err, &touched, touched_sql, 0, NULL) != 0) {
        return -1;
    }
    const char *params[] = {PQgetvalue(touched, 0, 0), PQgetvalue(touched, 0, 1), PQgetvalue(touched, 0, 2)};
    if (pg_value(observer, err, &replaced, replaced_sql, 3, params) != 0) {
        return -1;
    }
    *ret_changed = replaced != NULL;
    return 0;
}

/* These functions read the current catalog: NULL for an object that only the snapshot still has. Uses
 * arrays of schemas, because joins would check all of PostgreSQL's own objects first. */
static const char dropped_sql[] =
    "WITH spaces AS (SELECT n.oid FROM pg_namespace n WHERE " USER_SCHEMA ")"
    " SELECT 1 WHERE EXISTS (SELECT 1 FROM pg_proc WHERE pg_function_is_visible(oid) IS NULL"
    "   AND pronamespace = ANY (ARRAY(SELECT oid FROM spaces)))"
    "  OR EXISTS (SELECT 1 FROM pg_type WHERE pg_type_is_visible(oid) IS NULL"
    "   AND typnamespace = ANY (ARRAY(SELECT oid FROM spaces)) AND typrelid = 0 AND typelem = 0)"
    "  OR EXISTS (SELECT 1 FROM pg_class WHERE pg_table_is_visible(oid) IS NULL"
    "   AND relnamespace = ANY (ARRAY(SELECT oid FROM spaces)) AND relpersistence <> 't')";

int source_hold_dropped(struct pg *source, struct err *err, bool *ret_dropped)
{
    auto_free char *dropped = NULL;
    if (pg_value(source, err, &dropped, dropped_sql, 0, NULL) != 0) {
        return -1;
    }
    *ret_dropped = dropped != NULL;
    return 0;
}

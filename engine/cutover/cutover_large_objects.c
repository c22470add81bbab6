/* SPDX-License-Identifier: MIT */
/*
 * The stream does not carry large objects. Both servers compute a digest of each object with its owner,
 * privileges and comment. Objects that differ are created again under their OID; deleted ones are removed.
 */
#include "engine/transfer/large_objects.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/cutover/cutover_private.h"

enum { PAGE = 5000, BATCH = 500, SQL_MAX_BYTES = 1024 * 1024, LAST_OID_DIGITS = 10 };
#define LAST_OID "4294967295"

/* The contents are digested page by page, or in pieces where the login may not read the pages. */
#define DIGEST_OF_PAGES                                                                                      \
    "(SELECT md5(string_agg(p.pageno || md5(p.data), '' ORDER BY p.pageno))"                                 \
    "  FROM pg_largeobject p WHERE p.loid = l.oid)"
#define DIGEST_OF_PIECES                                                                                     \
    "(WITH RECURSIVE pieces(at, data) AS (SELECT 0::bigint, lo_get(l.oid, 0, 4194304) UNION ALL"             \
    "  SELECT at + 4194304, lo_get(l.oid, at + 4194304, 4194304) FROM pieces"                                \
    "   WHERE length(data) = 4194304) SELECT md5(string_agg(md5(data), '' ORDER BY at)) FROM pieces)"

/*
 * $3: the target's roles; $4: the fallback owner there. Ignores grantors, and grants to roles that the target
 * lacks, because those were skipped.
 */
#define DIGESTS_OF(contents)                                                                                 \
    "SELECT l.oid, md5(concat_ws('|', coalesce(" contents ", '-'),"                                          \
    " CASE WHEN o.rolname = ANY ($3::text[]) THEN o.rolname::text ELSE $4::text END,"                        \
    " coalesce(obj_description(l.oid, 'pg_largeobject'), '-'), coalesce((SELECT string_agg(g.text, ','"      \
    "  ORDER BY g.text COLLATE \"C\") FROM (SELECT concat(CASE a.grantee WHEN 0 THEN '=' WHEN l.lomowner"    \
    "    THEN '==' ELSE r.rolname::text END, a.privilege_type, a.is_grantable) AS text"                      \
    "   FROM aclexplode(l.lomacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee"                               \
    "   WHERE a.grantee IN (0, l.lomowner) OR r.rolname = ANY ($3::text[])) g), '-')))"                      \
    " FROM pg_largeobject_metadata l LEFT JOIN pg_roles o ON o.oid = l.lomowner"                             \
    " WHERE l.oid > $1::oid AND l.oid <= $2::oid ORDER BY l.oid"

struct refresh {
    struct cutover_state *state;
    bool by_pages;
    char *roles;            /* of the target, as an array */
    struct restore restore; /* owners and roles */
    struct large_objects objects;
    struct undescribed undescribed;
    size_t copied;
    size_t removed;
};

/* Objects of a batch, as "1, 2, 3". */
struct batch {
    struct buf remove;
    struct buf create;
    size_t count;
};

static int read_roles(struct refresh *refresh, struct err *err)
{
    struct cutover_state *state = refresh->state;
    auto_result PGresult *rows = NULL;
    if (pg_query(&state->target, err, &rows,
                 "SELECT rolname, array_agg(rolname) OVER ()::text FROM pg_roles ORDER BY rolname", 0,
                 NULL) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        if (!str_list_add(&refresh->restore.roles, PQgetvalue(rows, row, 0))) {
            return err_no_memory(err);
        }
    }
    refresh->roles = PQntuples(rows) > 0 ? str_dup(PQgetvalue(rows, 0, 1)) : NULL;
    return refresh->roles == NULL ? err_no_memory(err) : 0;
}

static int copy_contents(struct refresh *refresh, const PGresult *described, const char *list,
                         struct err *err)
{
    if (refresh->by_pages) {
        auto_free char *where = str_format("WHERE loid IN (%s)", list);
        return where == NULL ? err_no_memory(err) : large_objects_copy_pages(&refresh->objects, where, err);
    }
    for (int row = 0; row < PQntuples(described); row++) {
        if (large_object_copy_contents(&refresh->objects, PQgetvalue(described, row, 0), err) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Removes and creates in one transaction, so that an interruption leaves either the old or the new object. A
 * new object without its description differs, so the next run creates it again. */
static int replace_objects(struct refresh *refresh, const struct batch *batch, struct err *err)
{
    struct cutover_state *state = refresh->state;
    struct pg *target = &state->target;
    auto_result PGresult *described = NULL;
    if (pg_run(target, err, "BEGIN") != 0) {
        return -1;
    }
    if (batch->remove.len > 0 &&
        pg_runf(target, err, "SELECT pg_catalog.lo_unlink(o) FROM unnest(ARRAY[%s]::oid[]) o",
                buf_text(&batch->remove)) != 0) {
        return -1;
    }
    if (batch->create.len > 0) {
        auto_free char *sql = str_format("SELECT " LARGE_OBJECT_DESCRIPTION
                                         " FROM pg_largeobject_metadata l WHERE l.oid IN (%s) ORDER BY l.oid",
                                         buf_text(&batch->create));
        if (sql == NULL) {
            return err_no_memory(err);
        }
        if (pg_runf(target, err, "SELECT pg_catalog.lo_create(o) FROM unnest(ARRAY[%s]::oid[]) o",
                    buf_text(&batch->create)) != 0 ||
            pg_query(&state->source, err, &described, sql, 0, NULL) != 0 ||
            copy_contents(refresh, described, buf_text(&batch->create), err) != 0) {
            return -1;
        }
    }
    if (pg_run(target, err, "COMMIT") != 0) {
        return -1;
    }
    return described == NULL
               ? 0
               : large_objects_describe_page(&refresh->objects, described, &refresh->undescribed, err);
}

static int flush(struct refresh *refresh, struct batch *batch, struct err *err)
{
    if (batch->count == 0) {
        return 0;
    }
    int result = buf_failed(&batch->remove) || buf_failed(&batch->create)
                     ? err_no_memory(err)
                     : replace_objects(refresh, batch, err);
    buf_reset(&batch->remove);
    buf_reset(&batch->create);
    batch->count = 0;
    return result;
}

static void add(struct buf *list, const char *oid)
{
    buf_addf(list, "%s%s", list->len > 0 ? ", " : "", oid);
}

static int compare_objects(struct refresh *refresh, const PGresult *source, const PGresult *target,
                           struct batch *batch, struct err *err)
{
    int s = 0;
    int t = 0;
    while (s < PQntuples(source) || t < PQntuples(target)) {
        int64_t here = INT64_MAX;
        int64_t there = INT64_MAX;
        bool on_source = s < PQntuples(source) && str_to_int(PQgetvalue(source, s, 0), 0, UINT32_MAX, &here);
        bool on_target = t < PQntuples(target) && str_to_int(PQgetvalue(target, t, 0), 0, UINT32_MAX, &there);
        on_source = on_source && here <= there;
        on_target = on_target && there <= here;
        bool same = on_source && on_target && strcmp(PQgetvalue(source, s, 1), PQgetvalue(target, t, 1)) == 0;
        if (!same && on_target) {
            add(&batch->remove, PQgetvalue(target, t, 0));
        }
        if (!same && on_source) {
            add(&batch->create, PQgetvalue(source, s, 0));
        }
        refresh->copied += !same && on_source ? 1 : 0;
        refresh->removed += on_source ? 0 : 1;
        batch->count += same ? 0 : 1;
        s += on_source ? 1 : 0;
        t += on_target ? 1 : 0;
        if (batch->count == BATCH && flush(refresh, batch, err) != 0) {
            return -1;
        }
    }
    return flush(refresh, batch, err);
}

/* The last OID of the source's next batch. After the last batch, the target's remaining objects are deleted.
 */
static int find_end(struct refresh *refresh, const char *after, struct err *err, char **ret_end)
{
    auto_free char *sql = str_format(
        "SELECT oid FROM pg_largeobject_metadata WHERE oid > $1::oid ORDER BY oid OFFSET %d LIMIT 1",
        PAGE - 1);
    if (sql == NULL) {
        return err_no_memory(err);
    }
    if (pg_value(&refresh->state->source, err, ret_end, sql, 1, &after) != 0) {
        return -1;
    }
    if (*ret_end == NULL) {
        *ret_end = str_dup(LAST_OID);
    }
    return *ret_end == NULL ? err_no_memory(err) : 0;
}

static int refresh_objects(struct refresh *refresh, struct batch *batch, struct err *err)
{
    char after[OID_TEXT_BYTES] = "0";
    const char *sql = refresh->by_pages ? DIGESTS_OF(DIGEST_OF_PAGES) : DIGESTS_OF(DIGEST_OF_PIECES);
    while (strcmp(after, LAST_OID) != 0) {
        auto_free char *end = NULL;
        auto_result PGresult *source = NULL;
        auto_result PGresult *target = NULL;
        if (find_end(refresh, after, err, &end) != 0) {
            return -1;
        }
        const char *params[] = {after, end, refresh->roles, refresh->restore.fallback_owner};
        if (cutover_ask_both(refresh->state, sql, 4, params, err, &source, &target) != 0 ||
            compare_objects(refresh, source, target, batch, err) != 0) {
            return -1;
        }
        snprintf(after, sizeof(after), "%s", end);
    }
    return 0;
}

int cutover_copy_large_objects(struct cutover_state *state, struct err *err)
{
    const struct cutover *cutover = state->cutover;
    if (!state->large_objects || cutover->skip_large_objects) {
        return 0;
    }
    struct refresh refresh = {
        .state = state,
        .by_pages = state->source.superuser && state->target.superuser,
        .restore = {.target = cutover->target,
                    .database = cutover->database,
                    .fallback_owner =
                        cutover->fallback_owner != NULL ? cutover->fallback_owner : cutover->target->user,
                    .report = &state->report},
    };
    refresh.objects = (struct large_objects){
        .source = &state->source, .target = &state->target, .restore = &refresh.restore};
    struct batch batch = {.remove = BUF_MAX(SQL_MAX_BYTES), .create = BUF_MAX(SQL_MAX_BYTES)};
    int result = -1;
    if (read_roles(&refresh, err) == 0 &&
        pg_run(&state->source, err, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") == 0 &&
        refresh_objects(&refresh, &batch, err) == 0) {
        result = pg_run(&state->source, err, "COMMIT");
    }
    if (refresh.copied > 0 || refresh.removed > 0) {
        cutover_note(state, "Large objects recopied: %zu; removed: %zu.", refresh.copied, refresh.removed);
    }
    large_objects_report(&refresh.objects, &refresh.undescribed);
    buf_done(&batch.remove);
    buf_done(&batch.create);
    free(refresh.roles);
    restore_done(&refresh.restore);
    return result == 0 ? 0 : err_prefix(err, "Cannot update the large objects on the target. ");
}

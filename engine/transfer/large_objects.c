/* SPDX-License-Identifier: MIT */
/*
 * Large objects keep their OIDs, because applications store them. Superusers on both sides copy the pages
 * of all objects at once, including holes; other logins use the functions, object by object.
 */
#include "engine/transfer/large_objects.h"

#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "engine/admin/acl.h"
#include "engine/copy/copy.h"

enum { PAGE = 500, SQL_MAX_BYTES = 16 * 1024 * 1024, PIECE_BYTES = 4 * 1024 * 1024 };

#define PAGE_OF(columns)                                                                                     \
    "SELECT " columns " FROM pg_largeobject_metadata l WHERE l.oid > $1::oid ORDER BY l.oid LIMIT 500"

static int read_page(const struct large_objects *objects, const char *sql, char after[static OID_TEXT_BYTES],
                     struct err *err, PGresult **ret_page)
{
    const char *params[] = {after};
    if (pg_query(objects->source, err, ret_page, sql, 1, params) != 0) {
        return err_prefix(err, "Cannot read the large objects of the source. ");
    }
    int rows = PQntuples(*ret_page);
    if (rows > 0) {
        snprintf(after, OID_TEXT_BYTES, "%s", PQgetvalue(*ret_page, rows - 1, 0));
    }
    return 0;
}

int large_objects_copy_pages(const struct large_objects *objects, const char *where, struct err *err)
{
    auto_free char *out_sql = str_format("COPY (SELECT loid, pageno, data FROM pg_catalog.pg_largeobject %s)"
                                         " TO STDOUT (FORMAT binary)",
                                         where);
    if (out_sql == NULL) {
        return err_no_memory(err);
    }
    const struct copy_stream stream = {
        .source = objects->source,
        .target = objects->target,
        .out_sql = out_sql,
        .in_sql = "COPY pg_catalog.pg_largeobject (loid, pageno, data) FROM STDIN (FORMAT binary)"};
    int64_t rows = 0;
    return copy_run(&stream, err, &rows);
}

int large_object_copy_contents(const struct large_objects *objects, const char *oid, struct err *err)
{
    char length[16];
    snprintf(length, sizeof(length), "%d", PIECE_BYTES);
    for (int64_t offset = 0;; offset += PIECE_BYTES) {
        char start[24];
        auto_free char *piece = NULL;
        auto_free char *ignored = NULL;
        snprintf(start, sizeof(start), "%lld", (long long)offset);
        const char *get[] = {oid, start, length};
        if (pg_value(objects->source, err, &piece, "SELECT lo_get($1::oid, $2::bigint, $3::int)", 3, get) !=
            0) {
            return err_prefix(err, "Cannot read large object %s. ", oid);
        }
        /* "\x" and two digits for each byte. */
        size_t bytes = piece == NULL ? 0 : (strlen(piece) - 2) / 2;
        const char *put[] = {oid, start, piece};
        if (bytes > 0 && pg_value(objects->target, err, &ignored,
                                  "SELECT lo_put($1::oid, $2::bigint, $3::bytea)", 3, put) != 0) {
            return err_prefix(err, "Cannot write large object %s. ", oid);
        }
        if (bytes < PIECE_BYTES) {
            return 0;
        }
    }
}

static int create_page(const struct large_objects *objects, const PGresult *page, struct err *err)
{
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    for (int row = 0; row < PQntuples(page); row++) {
        buf_addf(&sql, "%spg_catalog.lo_create(%s)", row == 0 ? "SELECT " : ", ", PQgetvalue(page, row, 0));
    }
    return pg_run(objects->target, err, buf_text(&sql));
}

int large_objects_copy(const struct large_objects *objects, struct err *err)
{
    bool by_pages = objects->source->superuser && objects->target->superuser;
    char after[OID_TEXT_BYTES] = "0";
    for (int rows = PAGE; rows == PAGE;) {
        auto_result PGresult *page = NULL;
        if (read_page(objects, PAGE_OF("l.oid"), after, err, &page) != 0) {
            return -1;
        }
        rows = PQntuples(page);
        if (rows > 0 && create_page(objects, page, err) != 0) {
            return -1;
        }
        for (int row = 0; !by_pages && row < rows; row++) {
            if (large_object_copy_contents(objects, PQgetvalue(page, row, 0), err) != 0) {
                return -1;
            }
        }
    }
    return by_pages ? large_objects_copy_pages(objects, "", err) : 0;
}

static void add_comment(const struct large_objects *objects, struct buf *sql, const char *object,
                        const char *comment)
{
    buf_addf(sql, "COMMENT ON %s IS ", object);
    pg_add_literal(objects->target, sql, comment);
    buf_adds(sql, "; ");
}

/* Adds owner and comment. Returns the resulting owner of the object. */
static const char *add_owner(const struct large_objects *objects, struct buf *sql, const char *object,
                             const char *owner)
{
    const char *new_owner = restore_owner_of(objects->restore, owner);
    if (strcmp(new_owner, objects->restore->target->user) != 0) {
        buf_addf(sql, "ALTER %s OWNER TO ", object);
        pg_add_identifier(objects->target, sql, new_owner);
        buf_adds(sql, "; ");
    }
    return new_owner;
}

static int add_acl(const struct large_objects *objects, struct buf *sql, const struct acl_object *object,
                   const char *oid, struct err *err)
{
    auto_result PGresult *acl = NULL;
    if (pg_query(
            objects->source, err, &acl,
            "SELECT pg_get_userbyid(a.grantor), CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END,"
            " a.privilege_type, a.is_grantable FROM pg_largeobject_metadata l, aclexplode(l.lomacl) a"
            " WHERE l.oid = $1::oid",
            1, &oid) != 0) {
        return -1;
    }
    acl_add_revokes(objects->target, sql, object);
    for (int row = 0; row < PQntuples(acl); row++) {
        const struct acl_grant grant = {.grantor = PQgetvalue(acl, row, 0),
                                        .grantee = PQgetisnull(acl, row, 1) ? NULL : PQgetvalue(acl, row, 1),
                                        .privilege = PQgetvalue(acl, row, 2),
                                        .grantable = pg_is_true(acl, row, 3)};
        acl_add_grant(objects->target, sql, object, &grant, &objects->restore->roles,
                      objects->restore->report);
    }
    return 0;
}

/* Columns of a page: OID, owner, comment, "t" if it has privileges. */
static int describe(const struct large_objects *objects, const PGresult *page, int row, struct buf *sql,
                    struct err *err)
{
    const char *oid = PQgetvalue(page, row, 0);
    auto_free char *name = str_format("LARGE OBJECT %s", oid);
    if (name == NULL) {
        return err_no_memory(err);
    }
    if (!PQgetisnull(page, row, 2)) {
        add_comment(objects, sql, name, PQgetvalue(page, row, 2));
    }
    struct acl_object object = {.name = name, .source_owner = PQgetvalue(page, row, 1)};
    object.owner = add_owner(objects, sql, name, object.source_owner);
    return pg_is_true(page, row, 3) ? add_acl(objects, sql, &object, oid, err) : 0;
}

static int describe_each(const struct large_objects *objects, const PGresult *page,
                         struct undescribed *undescribed, struct err *err)
{
    for (int row = 0; row < PQntuples(page); row++) {
        auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
        if (describe(objects, page, row, &sql, err) != 0) {
            return -1;
        }
        if (sql.len == 0 || pg_run(objects->target, err, buf_text(&sql)) == 0) {
            continue;
        }
        if (restore_is_over(objects->target, err)) {
            return -1;
        }
        if (undescribed->count++ == 0) {
            undescribed->reason = *err;
            snprintf(undescribed->first, OID_TEXT_BYTES, "%s", PQgetvalue(page, row, 0));
        }
    }
    return 0;
}

int large_objects_describe_page(const struct large_objects *objects, const PGresult *page,
                                struct undescribed *undescribed, struct err *err)
{
    auto_buf struct buf all = BUF_MAX(SQL_MAX_BYTES);
    for (int row = 0; row < PQntuples(page); row++) {
        if (describe(objects, page, row, &all, err) != 0) {
            return -1;
        }
    }
    if (all.len == 0 || pg_run(objects->target, err, buf_text(&all)) == 0) {
        return 0;
    }
    return restore_is_over(objects->target, err) ? -1 : describe_each(objects, page, undescribed, err);
}

void large_objects_report(const struct large_objects *objects, const struct undescribed *undescribed)
{
    if (undescribed->count > 0) {
        report_warning(
            objects->restore->report,
            "Owner, privileges or comment of %zu large objects (%s is the first) could not be migrated: %s",
            undescribed->count, undescribed->first, undescribed->reason.message);
    }
}

int large_objects_describe(const struct large_objects *objects, struct err *err)
{
    char after[OID_TEXT_BYTES] = "0";
    struct undescribed undescribed = {0};
    for (int rows = PAGE; rows == PAGE;) {
        auto_result PGresult *page = NULL;
        if (read_page(objects, PAGE_OF(LARGE_OBJECT_DESCRIPTION), after, err, &page) != 0) {
            return -1;
        }
        rows = PQntuples(page);
        if (rows > 0 && large_objects_describe_page(objects, page, &undescribed, err) != 0) {
            return -1;
        }
    }
    large_objects_report(objects, &undescribed);
    return 0;
}

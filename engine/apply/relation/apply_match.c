/* SPDX-License-Identifier: MIT */
#include "engine/apply/relation/apply_match.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/pg/ddl_wait.h"

enum { SQL_MAX_BYTES = 64 * 1024, PARENTS_MAX = 32 };

void apply_match_done(struct match *match)
{
    table_now_done(&match->there);
}

/* Whether the source has dropped the table. */
static bool is_dropped(const struct match *match)
{
    return match->source != NULL && match->relation->source.oid == 0;
}

static bool is_table(const struct table_now *table)
{
    return table->oid != 0 && (table->kind == 'r' || table->kind == 'p');
}

static int wait_for(const struct match *match, const char *why, const struct buf *ddl, struct err *err)
{
    const struct apply_relation *relation = match->relation;
    const struct ddl_wait wait = {.schema = relation->schema,
                                  .table = relation->name,
                                  .why = why,
                                  .ddl = ddl == NULL || ddl->len == 0 ? NULL : buf_text(ddl)};
    return ddl_wait_error(err, match->target->database, &wait);
}

/* ---- names -----------------------------------------------------------------------------------------------
 */

static bool has_name(const struct table_now *table, const char *schema, const char *name)
{
    return str_equals(table->schema, schema) && str_equals(table->name, name);
}

static void add_rename(const struct match *match, struct buf *ddl, const struct table_now *from,
                       const struct table_now *to)
{
    const char *schema = from->schema;
    if (!str_equals(from->schema, to->schema)) {
        buf_adds(ddl, "ALTER TABLE ");
        pg_add_qualified(match->target, ddl, from->schema, from->name);
        buf_adds(ddl, " SET SCHEMA ");
        pg_add_identifier(match->target, ddl, to->schema);
        buf_adds(ddl, "; ");
        schema = to->schema;
    }
    if (!str_equals(from->name, to->name)) {
        buf_adds(ddl, "ALTER TABLE ");
        pg_add_qualified(match->target, ddl, schema, from->name);
        buf_adds(ddl, " RENAME TO ");
        pg_add_identifier(match->target, ddl, to->name);
        buf_addc(ddl, ';');
    }
}

/* The target's table "from" is the source's table "to". */
static int wait_for_rename(const struct match *match, const struct table_now *from,
                           const struct table_now *to, struct err *err)
{
    auto_buf struct buf ddl = BUF_MAX(SQL_MAX_BYTES);
    add_rename(match, &ddl, from, to);
    auto_free char *why =
        str_format("Table %s.%s of the target was renamed on the source: it is %s.%s there. Rename it on the "
                   "target, together with other tables that exchanged names with it.",
                   from->schema, from->name, to->schema, to->name);
    return wait_for(match, why, &ddl, err);
}

static int wait_for_table(const struct match *match, struct err *err)
{
    return wait_for(match,
                    "The source has changed the table, which the target does not have. Create it there as it "
                    "is on the source.",
                    NULL, err);
}

static int wait_for_new_table(const struct match *match, const struct table_now *old, struct err *err)
{
    auto_buf struct buf ddl = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&ddl, "DROP TABLE ");
    pg_add_qualified(match->target, &ddl, old->schema, old->name);
    buf_addc(&ddl, ';');
    return wait_for(match,
                    "The source has dropped the table and created another one of the same name; the target "
                    "has the old one. Drop it there, and create the new one as it is on the source.",
                    &ddl, err);
}

/* ---- the table -------------------------------------------------------------------------------------------
 */

/* Takes the target's table of that name, unless it belongs to another table of the source. */
static int take_named(struct match *match, uint32_t oid, struct err *err)
{
    const struct identity_table *owner = identities_find_target(match->identities, oid);
    if (table_now_read(match->target, oid, false, err, &match->there) != 0) {
        return -1;
    }
    if (owner == NULL || owner->source == match->relation->id || match->source == NULL) {
        return 0;
    }
    if (is_dropped(match)) {
        match->skipped = true;
        return 0;
    }
    auto_table_now struct table_now other = {0};
    if (table_now_read(match->source, owner->source, false, err, &other) != 0) {
        return -1;
    }
    return other.oid != 0 ? wait_for_rename(match, &match->there, &other, err)
                          : wait_for_new_table(match, &match->there, err);
}

static int find_by_name(struct match *match, struct err *err)
{
    const struct apply_relation *relation = match->relation;
    const struct table_now *now = &relation->source;
    uint32_t oid = 0;
    if (table_now_find(match->target, relation->schema, relation->name, err, &oid) != 0 ||
        (oid == 0 && now->oid != 0 &&
         table_now_find(match->target, now->schema, now->name, err, &oid) != 0)) {
        return -1;
    }
    if (oid != 0) {
        return take_named(match, oid, err);
    }
    match->skipped = is_dropped(match);
    return match->skipped ? 0 : wait_for_table(match, err);
}

static int find_table(struct match *match, struct err *err)
{
    const struct apply_relation *relation = match->relation;
    const struct table_now *now = &relation->source;
    if (match->pair == NULL) {
        return find_by_name(match, err);
    }
    if (table_now_read(match->target, match->pair->target, false, err, &match->there) != 0) {
        return -1;
    }
    if (!is_table(&match->there)) {
        /* The target has dropped the table. The rows of one that replaced it are unknown. */
        table_now_done(&match->there);
        match->recopy = true;
        return find_by_name(match, err);
    }
    bool named = match->source == NULL || is_dropped(match) ||
                 has_name(&match->there, relation->schema, relation->name) ||
                 has_name(&match->there, now->schema, now->name);
    return named ? 0 : wait_for_rename(match, &match->there, now, err);
}

/* ---- partitions ------------------------------------------------------------------------------------------
 */

struct parents {
    uint32_t oids[PARENTS_MAX];
    size_t count;
};

static void read_parents(const char *text, struct parents *parents)
{
    *parents = (struct parents){0};
    for (char *end = NULL; text != NULL && *text != '\0' && parents->count < PARENTS_MAX; text = end) {
        parents->oids[parents->count++] = (uint32_t)strtoul(text, &end, 10);
    }
}

static bool has_parent(const struct parents *parents, uint32_t oid)
{
    for (size_t i = 0; i < parents->count; i++) {
        if (parents->oids[i] == oid) {
            return true;
        }
    }
    return false;
}

/* Finds the target's table of a parent on the source; 0: it is missing. "parent" is the source's. */
static int find_parent(const struct match *match, uint32_t source, struct err *err, struct table_now *parent,
                       uint32_t *ret_target)
{
    const struct identity_table *pair = identities_find(match->identities, source);
    *ret_target = pair == NULL ? 0 : pair->target;
    if (table_now_read(match->source, source, false, err, parent) != 0) {
        return -1;
    }
    return pair != NULL || parent->oid == 0
               ? 0
               : table_now_find(match->target, parent->schema, parent->name, err, ret_target);
}

static int wait_for_attach(const struct match *match, const struct table_now *parent, struct err *err)
{
    const struct table_now *now = &match->relation->source;
    const struct table_now *there = &match->there;
    auto_buf struct buf ddl = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&ddl, "ALTER TABLE ");
    if (now->bound == NULL) {
        pg_add_qualified(match->target, &ddl, there->schema, there->name);
        buf_adds(&ddl, " INHERIT ");
        pg_add_qualified(match->target, &ddl, parent->schema, parent->name);
        buf_addc(&ddl, ';');
        return wait_for(match, "On the source it inherits from another table.", &ddl, err);
    }
    pg_add_qualified(match->target, &ddl, parent->schema, parent->name);
    buf_adds(&ddl, " ATTACH PARTITION ");
    pg_add_qualified(match->target, &ddl, there->schema, there->name);
    buf_addf(&ddl, " %s;", now->bound);
    return wait_for(match, "On the source it is a partition.", &ddl, err);
}

static int wait_for_detach(const struct match *match, uint32_t oid, struct err *err)
{
    const struct table_now *there = &match->there;
    auto_table_now struct table_now parent = {0};
    auto_buf struct buf ddl = BUF_MAX(SQL_MAX_BYTES);
    if (table_now_read(match->target, oid, false, err, &parent) != 0) {
        return -1;
    }
    if (parent.oid == 0) {
        return 0;
    }
    buf_adds(&ddl, "ALTER TABLE ");
    if (there->bound == NULL) {
        pg_add_qualified(match->target, &ddl, there->schema, there->name);
        buf_adds(&ddl, " NO INHERIT ");
        pg_add_qualified(match->target, &ddl, parent.schema, parent.name);
        buf_addc(&ddl, ';');
        return wait_for(match, "On the source it no longer inherits from another table.", &ddl, err);
    }
    pg_add_qualified(match->target, &ddl, parent.schema, parent.name);
    buf_adds(&ddl, " DETACH PARTITION ");
    pg_add_qualified(match->target, &ddl, there->schema, there->name);
    buf_addc(&ddl, ';');
    return wait_for(match, "On the source it is no longer a partition.", &ddl, err);
}

static int match_parents(struct match *match, struct err *err)
{
    struct parents here;
    struct parents there;
    struct parents wanted = {0};
    if (match->source == NULL || is_dropped(match)) {
        return 0;
    }
    read_parents(match->relation->source.parents, &here);
    read_parents(match->there.parents, &there);
    for (size_t i = 0; i < here.count; i++) {
        auto_table_now struct table_now parent = {0};
        uint32_t oid = 0;
        if (find_parent(match, here.oids[i], err, &parent, &oid) != 0) {
            return -1;
        }
        if (parent.oid != 0 && !has_parent(&there, oid)) {
            return wait_for_attach(match, &parent, err);
        }
        wanted.oids[wanted.count++] = oid;
    }
    for (size_t i = 0; i < there.count; i++) {
        if (!has_parent(&wanted, there.oids[i])) {
            return wait_for_detach(match, there.oids[i], err);
        }
    }
    return 0;
}

/* ---- all of it -------------------------------------------------------------------------------------------
 */

static int put_pair(struct match *match, struct err *err)
{
    const struct apply_relation *relation = match->relation;
    struct identity_table fresh = {.source = relation->id, .target = match->there.oid};
    bool same = match->pair != NULL && match->pair->target == fresh.target &&
                match->pair->column_count == relation->column_count;
    fresh.columns = calloc(relation->column_count + 1, sizeof(*fresh.columns));
    if (fresh.columns == NULL) {
        return err_no_memory(err);
    }
    for (size_t i = 0; i < relation->column_count; i++) {
        const struct apply_column *column = &relation->columns[i];
        fresh.columns[fresh.column_count++] = (struct identity_column){
            .source = column->number, .target = column->target_number, .name = str_dup(column->source_name)};
        same = same && match->pair->columns[i].source == column->number &&
               match->pair->columns[i].target == column->target_number &&
               str_equals(match->pair->columns[i].name, column->source_name);
        if (fresh.columns[i].name == NULL) {
            identity_table_done(&fresh);
            return err_no_memory(err);
        }
    }
    if (same) {
        identity_table_done(&fresh);
        return 0;
    }
    match->changed = true;
    match->pair = NULL;
    return identities_put(match->identities, &fresh, err);
}

int apply_match(struct match *match, struct err *err)
{
    match->pair = identities_find(match->identities, match->relation->id);
    if (find_table(match, err) != 0) {
        return -1;
    }
    if (match->skipped) {
        match->relation->unresolved = true;
        match->recopy = false;
        return 0;
    }
    if (match_parents(match, err) != 0 || apply_match_columns(match, err) != 0) {
        return -1;
    }
    return match->source == NULL || match->relation->unresolved ? 0 : put_pair(match, err);
}

char *apply_match_check(const struct match *match)
{
    const struct apply_relation *relation = match->relation;
    const struct table_now *there = &match->there;
    auto_buf struct buf name = BUF_MAX(SQL_MAX_BYTES);
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES * 16);
    pg_add_qualified(match->target, &name, there->schema, there->name);
    buf_adds(&sql, "pg_catalog.to_regclass(");
    pg_add_literal(match->target, &sql, buf_text(&name));
    buf_addf(&sql, ")::pg_catalog.oid = %u", (unsigned)there->oid);
    for (size_t i = 0; i < relation->column_count; i++) {
        const struct apply_column *column = &relation->columns[i];
        buf_adds(&sql,
                 i > 0 ? ", "
                       : " AND (SELECT count(*) FROM pg_catalog.pg_attribute WHERE (attnum, attname) IN (");
        buf_addf(&sql, "(%d, ", column->target_number);
        pg_add_literal(match->target, &sql, column->name);
        buf_addc(&sql, ')');
    }
    if (relation->column_count > 0) {
        buf_addf(&sql, ") AND attrelid = %u AND NOT attisdropped) = %zu", (unsigned)there->oid,
                 relation->column_count);
    }
    return buf_take(&sql);
}

/* SPDX-License-Identifier: MIT */
/*
 * Publishes tables that were created later. The publication is already in effect: before a table is added,
 * it gets a usable replica identity, and before that its original one is recorded.
 */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "engine/replication/replication_publication_private.h"

enum { LOCK_MS = 6000, SQL_MAX_BYTES = 64 * 1024 * 1024 };

static bool is_oid(const struct publication *publication, int row, uint32_t oid)
{
    return (uint32_t)strtoul(PQgetvalue(publication->tables, row, TABLE_OID), NULL, 10) == oid;
}

static struct published_table *find(const struct publication *publication, int row,
                                    struct published_table *tables, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_oid(publication, row, tables[i].oid)) {
            return &tables[i];
        }
    }
    return NULL;
}

/* Finds published tables, including those that are published through a partitioned table. */
static int find_published(struct publication *publication, struct published_table *tables, size_t count,
                          struct err *err)
{
    auto_result PGresult *rows = NULL;
    if (pg_query(&publication->control, err, &rows,
                 "WITH RECURSIVE carried AS (SELECT r.prrelid AS oid FROM pg_publication p"
                 "   JOIN pg_publication_rel r ON r.prpubid = p.oid WHERE p.pubname = $1"
                 "  UNION SELECT i.inhrelid FROM carried r JOIN pg_inherits i ON i.inhparent = r.oid"
                 "   JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition) SELECT oid FROM carried",
                 1, &publication->name) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        uint32_t oid = (uint32_t)strtoul(PQgetvalue(rows, row, 0), NULL, 10);
        for (size_t i = 0; i < count; i++) {
            tables[i].published = tables[i].published || tables[i].oid == oid;
        }
    }
    return 0;
}

static int comment(struct publication *publication, struct err *err)
{
    struct pg *control = &publication->control;
    auto_buf struct buf sql = BUF_MAX(SQL_MAX_BYTES);
    buf_adds(&sql, "COMMENT ON PUBLICATION ");
    pg_add_identifier(control, &sql, publication->name);
    buf_adds(&sql, " IS '");
    publication_add_identities(publication, &sql);
    buf_adds(&sql, "'");
    return buf_failed(&sql) ? err_no_memory(err) : pg_run(control, err, buf_text(&sql));
}

/* Marks all other tables as handled, without a note. */
static int choose_tables(struct publication *publication, struct published_table *tables, size_t count,
                         struct err *err)
{
    struct str_list *notes = publication->notes;
    auto_str_list struct str_list all = {0};
    publication->notes = &all;
    int result = publication_classify(publication, err);
    publication->notes = notes;
    for (int row = 0; result == 0 && row < PQntuples(publication->tables); row++) {
        struct published_table *table = find(publication, row, tables, count);
        bool wanted = table != NULL && !table->published;
        bool covers = PQgetvalue(publication->tables, row, TABLE_COVERED)[0] == 't';
        if (!wanted) {
            publication->states[row] = TABLE_ENDED;
        } else if (publication->states[row] == TABLE_LEFT_OUT) {
            table->obstacle = str_dup(PQgetvalue(publication->tables, row, TABLE_OBSTACLE));
            result = table->obstacle == NULL ? err_no_memory(err) : 0;
        } else if (covers) {
            publication->states[row] =
                TABLE_READY; /* individually, because its partitioned table is not published */
        }
    }
    return result;
}

static int begin(struct publication *publication, struct published_table *tables, size_t count,
                 struct err *err)
{
    struct pg *control = &publication->control;
    const struct replication *replication = publication->replication;
    return find_published(publication, tables, count, err) != 0 ||
                   replication_lock_identities(control, publication->deadline_ms, err) != 0 ||
                   replication_read_tables(control, replication, err, &publication->tables) != 0 ||
                   choose_tables(publication, tables, count, err) != 0 ||
                   publication_remember(publication, err) != 0 || comment(publication, err) != 0
               ? -1
               : replication_unlock_identities(control, err);
}

int replication_publish_more(const struct replication *replication, struct published_table *tables,
                             size_t count, struct err *err)
{
    auto_str_list struct str_list notes = {0};
    auto_publication struct publication publication = {.replication = replication,
                                                       .name = replication->name,
                                                       .deadline_ms = clock_monotonic_ms() + LOCK_MS,
                                                       .notes = &notes};
    if (replication_control(replication, replication->stop, err, &publication.control) != 0 ||
        replication_use_names(&publication.control, err) != 0 ||
        begin(&publication, tables, count, err) != 0 || publication_take_tables(&publication, err) != 0 ||
        find_published(&publication, tables, count, err) != 0) {
        str_make_utf8(err->message);
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (!tables[i].published && tables[i].obstacle == NULL) {
            tables[i].obstacle = str_dup("it was locked or dropped, or publishing it was refused");
        }
    }
    return 0;
}

void published_tables_done(struct published_table *tables, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(tables[i].obstacle);
    }
}

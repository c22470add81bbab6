/* SPDX-License-Identifier: MIT */
/*
 * Tables whose rows the source has changed without logical replication: by TRUNCATE on major 10, or by an
 * ALTER TABLE that rewrites all rows or adds a column with a default. Their changes are no longer applied;
 * the cutover recopies them. The same holds for a table that was attached as a partition later, because
 * the stream lacks its earlier rows.
 *
 * The helper schema (engine/replica/replica.h) records the state of the source's tables at the start of
 * the base copy (table "origin"), and the tables that are known to be stale (table "stale").
 */
#ifndef ENGINE_REPLICATION_TABLES_STALE_H
#define ENGINE_REPLICATION_TABLES_STALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "engine/pg/pg.h"
#include "engine/replication/tables/joined.h"

/* The row of stale_read_origin(): text, in the order of the columns of "origin". */
enum stale_origin_column {
    STALE_HORIZON,   /* all transactions before it had ended */
    STALE_RELATIONS, /* array of OIDs */
    STALE_FILES,     /* array of their file numbers */
    STALE_CHANGED,   /* array of OIDs: their file has changed by now */
    /* followed by those of engine/catalog/identity.h */
};
/* "source" uses the snapshot of the base copy, and its tables are locked. */
int stale_read_origin(struct pg *source, struct err *err, PGresult **ret_origin);

/* SQL: whether a row of the source's catalog is younger than the horizon. Transaction numbers wrap around. */
#define STALE_IS_YOUNG(row, horizon)                                                                         \
    "(" row ".xmin::text::bigint >= 3 AND (" row ".xmin::text::bigint - (" horizon "::bigint & 4294967295)"  \
    " + 4294967296) % 4294967296 < 2147483648)"
/* SQL: whether a row "a" of the source's pg_attribute is a column younger than the horizon. */
#define STALE_IS_FRESH(horizon) "(a.attnum > 0 AND NOT a.attisdropped AND " STALE_IS_YOUNG("a", horizon) ")"
/* SQL: whether partition "c" with its row "i" of pg_inherits and its row type "y" was created by CREATE
 * TABLE ... PARTITION OF, and so began empty. A transaction may also create a table, fill it and attach
 * it. ATTACH rewrites the catalog rows of all columns; CREATE TABLE writes them once, in the command that
 * writes the table's row type. A row with an xmax may show another command. */
#define STALE_IS_NEW_PARTITION                                                                               \
    "(i.xmin::text = y.xmin::text AND y.xmax::text = '0' AND EXISTS (SELECT 1 FROM pg_attribute n"           \
    " WHERE n.attrelid = c.oid AND n.attnum > 0 AND n.attinhcount > 0 AND n.xmin::text = y.xmin::text"       \
    " AND n.cmin::text = y.cmin::text AND n.xmax::text = '0'))"

/* Waits up to a second for sessions that have altered the table: the stream can contain a transaction
 * before other sessions see its end, and until then it keeps its locks. *ret_visible false: another
 * session keeps the table locked. */
int stale_await_ddl(struct pg *source, const char *oid, struct err *err, bool *ret_visible);

/* The current state of a table on the source. */
struct stale_look {
    uint32_t file;      /* 0: the table was dropped, or others keep it locked */
    bool fresh;         /* it has columns younger than the horizon, */
    bool filled;        /* and older rows have values in them */
    bool attached;      /* it has become a partition since, */
    bool new_partition; /* and was created as one, so it began empty */
};
int stale_look(struct pg *source, uint32_t relation, const char *horizon, struct err *err,
               struct stale_look *ret_look);

/* Add statements for the helper schema: its tables; their initial rows. */
void stale_add_tables(struct pg *target, struct buf *sql, const char *name);
void stale_add_origin(struct pg *target, struct buf *sql, const char *name, const PGresult *origin);

/*
 * The helper's record of the tables' state: one row, none if the base copy did not write it. Then the
 * source's tables that may be stale according to it, or that have columns with a value for older rows:
 * such a table is also stale if the target has another value. NULL in "filled": no such column.
 */
enum stale_helper_column { STALE_HELPER_JOINED = 4, STALE_HELPER_COLUMNS = 7 };
int stale_read_helper(struct pg *target, const char *name, struct err *err, PGresult **ret_helper);
enum stale_table_column {
    STALE_TABLE_SCHEMA,
    STALE_TABLE_NAME,
    STALE_TABLE_OID,
    STALE_TABLE_IS_STALE,
    STALE_TABLE_FILLED, /* array of such columns, */
    STALE_TABLE_GIVEN,  /* and of their values */
};
int stale_list_tables(struct pg *source, const PGresult *helper, struct err *err, PGresult **ret_tables);

struct stale_table {
    uint32_t relation; /* OID on the source */
    char *place;       /* the quoted table on the target if all of its contents are stale, otherwise "" */
};
struct stale_file {
    uint32_t relation;
    uint32_t file;
};
/* All-zero is empty. */
struct stale {
    char *horizon;
    struct stale_table *tables;
    size_t table_count;
    struct stale_file *files; /* by OID */
    size_t file_count;
    struct joined joined; /* tables that were copied later */
};
/* Reads the helper's tables. */
int stale_load(struct pg *target, const char *name, struct err *err, struct stale *ret_stale);
void stale_done(struct stale *stale);

bool stale_has(const struct stale *stale, uint32_t relation, const char *place);
/* In memory only. */
int stale_add(struct stale *stale, uint32_t relation, const char *place, struct err *err);
/* The opposite, for an entry without a place. False: none. In memory only, like stale_add(). */
bool stale_remove(struct stale *stale, uint32_t relation);
/* All transactions before it had ended when the table was copied. NULL: the source's state is unknown. */
const char *stale_horizon(const struct stale *stale, uint32_t relation);
/* It existed when it was copied, in the base copy or later. */
bool stale_knows(const struct stale *stale, uint32_t relation);
/* Its file has changed since then. */
bool stale_has_other_file(const struct stale *stale, uint32_t relation, uint32_t file);
/* Adds the statement that records it in the helper schema. */
void stale_add_note(struct pg *target, struct buf *sql, const char *name, uint32_t relation,
                    const char *place);
/* Adds the statement that deletes that record. */
void stale_add_forget(struct pg *target, struct buf *sql, const char *name, uint32_t relation);

#endif

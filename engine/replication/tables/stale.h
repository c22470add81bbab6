/* SPDX-License-Identifier: MIT */
/*
 * Tables to whose rows something has happened on the source that is not in the stream of changes: TRUNCATE on
 * major 10, ALTER TABLE that writes all rows anew or gives them a new column with a default of its own. Their
 * changes are not applied any more; the cutover copies them again. The same for a table that was attached as
 * a partition later: the stream has not brought the rows that it came with.
 *
 * The helper schema (engine/replica/replica.h) remembers how the source's tables were when the base copy
 * began (table "origin"), and the tables that are known to be stale (table "stale").
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

/* A row of texts, in the order of the columns of "origin": what stale_read_origin() yields. */
enum stale_origin_column {
    STALE_HORIZON,   /* transactions before it had ended */
    STALE_RELATIONS, /* array of OIDs */
    STALE_FILES,     /* array of their file numbers */
    STALE_CHANGED,   /* array of OIDs: have another file by now */
    /* and those of engine/catalog/identity.h */
};
/* "source" is in the snapshot of the base copy, and its tables are locked. */
int stale_read_origin(struct pg *source, struct err *err, PGresult **ret_origin);

/* SQL: whether a row of the source's catalog is younger than the horizon. Transaction numbers wrap around. */
#define STALE_IS_YOUNG(row, horizon)                                                                         \
    "(" row ".xmin::text::bigint >= 3 AND (" row ".xmin::text::bigint - (" horizon "::bigint & 4294967295)"  \
    " + 4294967296) % 4294967296 < 2147483648)"
/* SQL: whether a row "a" of the source's pg_attribute is a column that is younger than the horizon. */
#define STALE_IS_FRESH(horizon) "(a.attnum > 0 AND NOT a.attisdropped AND " STALE_IS_YOUNG("a", horizon) ")"
/* SQL: whether partition "c" with its row "i" of pg_inherits and its row type "y" was made by CREATE TABLE
 * ... PARTITION OF, and so began empty. One transaction may also make a table, fill it and attach it. ATTACH
 * writes every column of the table again, CREATE TABLE writes them once: by the command that writes the
 * table's row type. A row with an xmax may show another command. */
#define STALE_IS_BORN                                                                                        \
    "(i.xmin::text = y.xmin::text AND y.xmax::text = '0' AND EXISTS (SELECT 1 FROM pg_attribute n"           \
    " WHERE n.attrelid = c.oid AND n.attnum > 0 AND n.attinhcount > 0 AND n.xmin::text = y.xmin::text"       \
    " AND n.cmin::text = y.cmin::text AND n.xmax::text = '0'))"

/* Waits up to a second for whoever has altered the table: the stream can bring a transaction before other
 * sessions see that it has ended; until then it keeps its locks. *ret_visible false: somebody has the table
 * locked for long. */
int stale_settle(struct pg *source, const char *oid, struct err *err, bool *ret_visible);

/* A table as it is on the source now. */
struct stale_look {
    uint32_t file; /* 0: the table is gone, or others keep it locked */
    bool fresh;    /* it has columns that are younger than the horizon, */
    bool filled;   /* and rows that were there before have got values in them */
    bool attached; /* it has become a partition since, */
    bool born;     /* and was made as one: it began empty */
};
int stale_look(struct pg *source, uint32_t relation, const char *horizon, struct err *err,
               struct stale_look *ret_look);

/* Add statements for the helper: its tables; what they hold at the beginning. */
void stale_add_tables(struct pg *target, struct buf *sql, const char *name);
void stale_add_origin(struct pg *target, struct buf *sql, const char *name, const PGresult *origin);

struct stale_table {
    uint32_t relation; /* OID on the source */
    char *place;       /* the table on the target, quoted, when all that goes there is stale; else "" */
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
    struct joined joined; /* tables that were copied later: */
};
/* Reads the helper's tables. */
int stale_load(struct pg *target, const char *name, struct err *err, struct stale *ret_stale);
void stale_done(struct stale *stale);

bool stale_has(const struct stale *stale, uint32_t relation, const char *place);
/* In memory only. */
int stale_add(struct stale *stale, uint32_t relation, const char *place, struct err *err);
/* The opposite, for one without a place. False: there is none. In memory only, as stale_add(). */
bool stale_remove(struct stale *stale, uint32_t relation);
/* Transactions before it had ended when the table was copied. NULL: nothing is known of how the source was.
 */
const char *stale_horizon(const struct stale *stale, uint32_t relation);
/* It was there when it was copied, with the base copy or later. */
bool stale_knows(const struct stale *stale, uint32_t relation);
/* It had another file then. */
bool stale_has_other_file(const struct stale *stale, uint32_t relation, uint32_t file);
/* Adds the statement that makes the helper remember it. */
void stale_add_note(struct pg *target, struct buf *sql, const char *name, uint32_t relation,
                    const char *place);
/* Adds the statement that makes it forget it. */
void stale_add_forget(struct pg *target, struct buf *sql, const char *name, uint32_t relation);

#endif

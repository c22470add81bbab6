/* SPDX-License-Identifier: MIT */
/* Shared by engine/replication/replication*.c only. */
#ifndef ENGINE_REPLICATION_REPLICATION_PRIVATE_H
#define ENGINE_REPLICATION_REPLICATION_PRIVATE_H

#include "engine/replication/replication.h"

/* Sleeps up to ms. -1 with err after a stop or after the deadline (monotonic); the message contains
 * "waiting for the replication slot ...". */
int replication_pause(const struct stop *stop, int64_t deadline_ms, int ms, struct err *err,
                      const char *waiting);

/* Opens a session for catalog queries and DDL on the source's database. Without stop its statements have a
 * timeout. */
int replication_control(const struct replication *replication, const struct stop *stop, struct err *err,
                        struct pg *ret_pg);

/* Terminates the session that uses the slot, if any. */
int replication_free_slot(struct pg *control, const char *name, struct err *err);
/* Drops the slot and ends the session that uses it; it is no error if it does not exist. */
int replication_drop_slot(struct pg *control, const char *name, int64_t deadline_ms, struct err *err);

/* ---- tables and their replica identities; sessions of replication_control() ---- */

/* Columns of a result of replication_read_tables(). */
enum publication_column {
    TABLE_OID,
    TABLE_SCHEMA,
    TABLE_NAME,
    TABLE_OBSTACLE, /* NULL, or why it is not published: "it is unlogged" */
    TABLE_CHANGE,   /* "t": it gets REPLICA IDENTITY FULL */
    TABLE_COVERED,  /* "t": the partitioned table above it is published */
    TABLE_OWN,      /* identity to restore at the end: 'd', 'n', 'i' and the index's OID; NULL: none */
    TABLE_IDENTITY, /* current identity: 'd', 'n', 'f' or 'i' */
};
/* The user's tables, and the partitioned tables that are published as a whole, in order. */
int replication_read_tables(struct pg *control, const struct replication *replication, struct err *err,
                            PGresult **ret_tables);
/* Tables whose identity is restored when this publication is dropped: schema, name, 'd', 'n' or 'i', name
 * of the index or NULL. */
int replication_read_kept(struct pg *control, const struct replication *replication, struct err *err,
                          PGresult **ret_tables);

/* Every name of the database can be written and read in this session, see
 * source_database_session_encoding(). */
int replication_use_names(struct pg *control, struct err *err);
/* Only one session at a time decides which identities of the database change. */
int replication_lock_identities(struct pg *control, int64_t deadline_ms, struct err *err);
int replication_unlock_identities(struct pg *control, struct err *err);
int replication_lock_timeout(struct pg *control, int ms, struct err *err);

enum ddl_outcome {
    DDL_DONE,
    DDL_LATER,   /* locked: a retry may help */
    DDL_GONE,    /* the object does not exist */
    DDL_REFUSED, /* err says why */
    DDL_FAILED,  /* unrelated to the object: stopped, connection lost, no memory */
};
enum ddl_outcome replication_ddl(struct pg *control, const struct buf *sql, struct err *err);

/* Adds a name in the syntax of the walsender's grammar. */
void replication_add_name(struct buf *sql, const char *name);

#endif

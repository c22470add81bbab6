/* SPDX-License-Identifier: MIT */
/* What the files of the source's side share; for engine/replication*.c only. */
#ifndef ENGINE_REPLICATION_PRIVATE_H
#define ENGINE_REPLICATION_PRIVATE_H

#include "engine/replication.h"

/* PostgreSQL's SQLSTATEs that are not failures for us. */
#define STATE_IN_USE           "55006"
#define STATE_LOCK_TIMEOUT     "55P03"
#define STATE_NO_SUCH_OBJECT   "42704"
#define STATE_NO_SUCH_TABLE    "42P01"
#define STATE_NO_SUCH_DATABASE "3D000"

bool replication_is_state(const struct err *err, const char *sqlstate);

/* Sleeps up to ms. -1 with err when stopped or when the deadline (monotonic) has passed; what was waited for
 * is "waiting for the replication slot ...". */
int replication_pause(const struct stop *stop, int64_t deadline_ms, int ms, struct err *err,
                      const char *waiting);

/* A session for catalog and DDL on the source's database. */
int replication_control(const struct replication *replication, const struct stop *stop, struct err *err,
                        struct pg *ret_pg);

/* Terminates who uses the slot, if anybody. */
int replication_free_slot(struct pg *control, const char *name, struct err *err);
/* Drops the slot, ending whoever uses it; fine when there is none. */
int replication_drop_slot(struct pg *control, const char *name, int64_t deadline_ms, struct err *err);

/* Adds a name as the walsender's grammar wants it. */
void replication_add_name(struct buf *sql, const char *name);

#endif

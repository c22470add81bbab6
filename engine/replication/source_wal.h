/* SPDX-License-Identifier: MIT */
/* Determines the end of the source's WAL over one session that the followers of a migration share. Any
 * thread. */
#ifndef ENGINE_REPLICATION_SOURCE_WAL_H
#define ENGINE_REPLICATION_SOURCE_WAL_H

#include <stdint.h>

#include "core/err.h"
#include "core/stop.h"
#include "engine/pg/endpoint.h"

struct source_wal;
int source_wal_open(const struct endpoint *source, struct err *err, struct source_wal **ret_wal);
/* The user has given another user or password for the source. */
int source_wal_set_login(struct source_wal *wal, const struct endpoint *source, struct err *err);
void source_wal_close(struct source_wal *wal);
/* The end of the WAL on disk, at most max_age_ms old. */
int source_wal_end(struct source_wal *wal, int max_age_ms, const struct stop *stop, struct err *err,
                   uint64_t *ret_position);
/* Flushes everything committed so far to disk, where the stream reads it; returns the position after it. */
int source_wal_flush(struct source_wal *wal, const struct stop *stop, struct err *err,
                     uint64_t *ret_position);

#endif

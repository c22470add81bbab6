/* SPDX-License-Identifier: MIT */
/* The beginning of one database's online migration: publication, slot, and the copy of what was there before.
 */
#ifndef ENGINE_ONLINE_BASE_COPY_H
#define ENGINE_ONLINE_BASE_COPY_H

#include "core/err.h"
#include "engine/transfer/transfer.h"

/*
 * Makes slot and publication of that name (engine/catalog/replication_name.h) and copies the database
 * from the slot's snapshot; afterwards engine/online/follow.h can go on. What an earlier attempt has left is
 * made anew. transfer->follow is not looked at. On failure replication_drop() and replica_remove() clean up.
 */
int base_copy_run(const struct transfer *transfer, const char *name, struct err *err);

#endif

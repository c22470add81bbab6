/* SPDX-License-Identifier: MIT */
/* The start of one database's online migration: publication, slot and base copy. */
#ifndef ENGINE_ONLINE_BASE_COPY_H
#define ENGINE_ONLINE_BASE_COPY_H

#include "core/err.h"
#include "engine/transfer/transfer.h"

/* Creates a slot and a publication of that name (engine/catalog/replication_name.h) and copies the
 * database from the slot's position on; then engine/online/follow.h can continue. Leftovers of an earlier
 * attempt are recreated. Ignores transfer->follow. After a failure replication_drop() and replica_remove()
 * clean up. */
int base_copy_run(const struct transfer *transfer, const char *name, struct err *err);

#endif

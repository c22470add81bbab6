/* SPDX-License-Identifier: MIT */
/*
 * The tables that the stream has described: the target's table of each, and which of them hold rows that the
 * stream does not account for ("stale", engine/replication/tables/stale.h). For this room only.
 */
#ifndef ENGINE_APPLY_APPLY_TABLES_PRIVATE_H
#define ENGINE_APPLY_APPLY_TABLES_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "engine/apply/apply_target_private.h"
#include "engine/apply/relation/apply_relation.h"
#include "engine/catalog/identity.h"
#include "engine/replication/pgoutput.h"
#include "engine/replication/tables/stale.h"

struct apply_tables {
    struct apply_target *target; /* not owned */
    struct apply_relations relations;
    struct stale stale;
    struct identities identities;
    /* See struct apply_request. */
    int (*look)(void *context, uint32_t relation, const char *horizon, struct err *err,
                struct stale_look *ret_look);
    bool hides_truncate;
    int (*source)(void *context, struct err *err, struct pg **ret_source);
    void *context;
};

/* Reads what the helper schema remembers. The target is open; the other members are set. */
int tables_open(struct apply_tables *tables, struct err *err);
void tables_close(struct apply_tables *tables);

/* Reads what the source's catalog says of a relation. */
int tables_describe(struct apply_tables *tables, struct apply_relation *relation, struct err *err);
/* A relation whose table on the target is known. "careful": its changes are neither combined nor
 * reordered. */
int tables_need(struct apply_tables *tables, uint32_t id, bool careful, struct err *err,
                struct apply_relation **ret_relation);
/* Discards the facts about the target's tables; the next use reads them again. */
void tables_unload(struct apply_tables *tables);
/* Marks the prepared statements of all tables as missing. */
void tables_forget_statements(struct apply_tables *tables);

/* Records in the helper schema that the changes of a table are not applied. */
int tables_note_stale(struct apply_tables *tables, struct apply_relation *relation, const char *place,
                      struct err *err);
/* For a relation message, which follows every change of the table's definition: checks whether the source has
 * rewritten or removed rows without sending changes. For tables with a key that matters only at the cutover,
 * unless the reason is TRUNCATE. */
int tables_look(struct apply_tables *tables, const struct pgoutput_message *message, struct err *err);
/* A TRUNCATE message: removes the tables whose copy was read after the transaction had ended. */
void tables_skip_copied(const struct apply_tables *tables, uint32_t transaction, uint64_t commit_position,
                        struct pgoutput_message *message);
/* A TRUNCATE message, whose relations are loaded: from here on both sides have the same rows again. This
 * also covers a TRUNCATE between the snapshot and the lock of the base copy. */
int tables_end_stale(struct apply_tables *tables, const struct pgoutput_message *message, struct err *err);
/* A TRUNCATE message, whose relations are loaded: if only a partition is emptied, Malachite may not know
 * which of the target's rows belong to it. */
int tables_leave_out(struct apply_tables *tables, const struct pgoutput_message *message, struct err *err);

#endif

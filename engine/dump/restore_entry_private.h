/* SPDX-License-Identifier: MIT */
/* Classifies archive entries: when they are created, how they get their owner, and whether a transfer can
 * succeed without them. */
#ifndef ENGINE_DUMP_RESTORE_ENTRY_PRIVATE_H
#define ENGINE_DUMP_RESTORE_ENTRY_PRIVATE_H

#include <stdbool.h>

#include "core/buf.h"
#include "engine/dump/archive.h"
#include "engine/pg/pg.h"

enum restore_pass {
    RESTORE_PRE_DATA,
    RESTORE_POST_DATA,
    RESTORE_ROW_SECURITY, /* forced on the owner, it would hide rows from the checks of keys */
    RESTORE_PRIVILEGES,
    RESTORE_REFRESH,        /* materialized views: refreshed by Malachite rather than by SQL of the archive */
    RESTORE_REPLICATION,    /* publications and subscriptions */
    RESTORE_EVENT_TRIGGERS, /* they would fire for every statement before */
    RESTORE_NEVER,
};

enum restore_pass restore_pass_of(const struct archive *archive, const struct archive_entry *entry);
/* Without it, rows, a table, an index, a constraint or row security would be missing. */
bool restore_is_vital(const struct archive_entry *entry);

/* Adds the SQL that creates the object; version is the extension's, or NULL. */
void restore_add_definition(struct pg *pg, struct buf *sql, const struct archive_entry *entry,
                            const char *version);
/* Adds the SQL that sets the owner. False: objects of this kind have none, or it is unknown. */
bool restore_add_owner(struct pg *pg, struct buf *sql, const struct archive_entry *entry, const char *owner);
/* Adds "TABLE shop.orders", for messages. */
void restore_add_label(struct buf *text, const struct archive_entry *entry);

#endif

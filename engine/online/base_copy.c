/* SPDX-License-Identifier: MIT */
#include "engine/online/base_copy.h"

#include "core/str.h"
#include "core/str_list.h"
#include "engine/pg/pg.h"
#include "engine/replication/replication.h"

enum { SQL_BYTES = 1024 };

static void tell_waiting(void *context, const char *text)
{
    const struct transfer_observer *observer = context;
    if (observer->step != NULL) {
        observer->step(observer->context, text);
    }
}

/* What the slot knows to be committed, as txid_current_snapshot() shows it. */
static int read_before(const struct replication *replication, const struct replication_slot *slot,
                       struct err *err, char **ret_before)
{
    auto_pg struct pg source = {0};
    auto_buf struct buf sql = BUF_MAX(SQL_BYTES);
    if (pg_open(replication->source, replication->database, PG_READ, replication->stop, err, &source) != 0) {
        return -1;
    }
    buf_adds(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT ");
    pg_add_literal(&source, &sql, slot->snapshot);
    if (pg_run(&source, err, buf_text(&sql)) != 0) {
        err->lasting = false; /* the session that has exported it may be lost */
        return -1;
    }
    return pg_value(&source, err, ret_before, "SELECT txid_current_snapshot()", 0, NULL);
}

/* Makes the slot. Its snapshot is not copied from, as it is older than any lock: see
 * engine/replication/seen.h.
 */
static int make_slot(const struct replication *replication, struct transfer_observer *observer,
                     struct err *err, uint64_t *ret_position, char **ret_before)
{
    const struct replication_observer waiting = {.context = observer, .waiting = tell_waiting};
    auto_replication_slot struct replication_slot slot = {0};
    if (replication_create_slot(replication, &waiting, err, &slot) != 0) {
        return -1;
    }
    *ret_position = slot.position;
    return read_before(replication, &slot, err, ret_before);
}

static int publish(const struct replication *replication, struct transfer_observer *observer, struct err *err)
{
    auto_str_list struct str_list notes = {0};
    if (replication_publish(replication, err, &notes) != 0) {
        return -1;
    }
    for (size_t i = 0; i < notes.count && observer->note != NULL; i++) {
        observer->note(observer->context, notes.items[i]);
    }
    return 0;
}

int base_copy_run(const struct transfer *transfer, const char *name, struct err *err)
{
    static const struct transfer_observer silent = {0};
    struct transfer_observer observer = transfer->observer != NULL ? *transfer->observer : silent;
    const struct replication replication = {.source = transfer->source,
                                            .database = transfer->database,
                                            .name = name,
                                            .stop = transfer->stop,
                                            .identities = transfer->identities,
                                            .remember = observer.remember,
                                            .context = observer.context};
    auto_free char *before = NULL;
    struct transfer_follow follow = {.name = name};
    tell_waiting(&observer, "Setting up replication");
    if (publish(&replication, &observer, err) != 0 ||
        make_slot(&replication, &observer, err, &follow.position, &before) != 0) {
        return -1;
    }
    follow.before = before;
    struct transfer copy = *transfer;
    copy.follow = &follow;
    return transfer_run(&copy, err);
}

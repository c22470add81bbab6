/* SPDX-License-Identifier: MIT */
#include "engine/base_copy.h"

#include "core/str_list.h"
#include "engine/replication.h"

static void tell_waiting(void *context, const char *text)
{
    const struct transfer_observer *observer = context;
    if (observer->step != NULL) {
        observer->step(observer->context, text);
    }
}

static void let_go_of_slot(void *context)
{
    replication_slot_done(context);
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
    const struct replication_observer waiting = {.context = &observer, .waiting = tell_waiting};
    auto_replication_slot struct replication_slot slot = {0};
    tell_waiting(&observer, "Setting up replication");
    if (publish(&replication, &observer, err) != 0 ||
        replication_create_slot(&replication, &waiting, err, &slot) != 0) {
        return -1;
    }
    const struct transfer_follow follow = {.name = name,
                                           .snapshot = slot.snapshot,
                                           .position = slot.position,
                                           .snapshot_taken = let_go_of_slot,
                                           .context = &slot};
    struct transfer copy = *transfer;
    copy.follow = &follow;
    return transfer_run(&copy, err);
}

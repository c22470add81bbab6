/* SPDX-License-Identifier: MIT */
#include "engine/online/base_copy.h"

#include "core/str_list.h"
#include "engine/replication/replication.h"

static void tell_waiting(void *context, const char *text)
{
    const struct transfer_observer *observer = context;
    if (observer->step != NULL) {
        observer->step(observer->context, text);
    }
}

/* The slot of a base copy, which may have to be made more than once. */
struct slot_maker {
    struct replication replication;
    struct replication_observer waiting;
    struct replication_slot slot;
};

static int make_slot(void *context, struct err *err, const char **ret_snapshot, uint64_t *ret_position)
{
    struct slot_maker *maker = context;
    replication_slot_done(&maker->slot);
    maker->slot = (struct replication_slot){0};
    if (replication_create_slot(&maker->replication, &maker->waiting, err, &maker->slot) != 0) {
        return -1;
    }
    *ret_snapshot = maker->slot.snapshot;
    *ret_position = maker->slot.position;
    return 0;
}

static void let_go_of_slot(void *context)
{
    struct slot_maker *maker = context;
    replication_slot_done(&maker->slot);
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
    struct slot_maker maker = {.replication = {.source = transfer->source,
                                               .database = transfer->database,
                                               .name = name,
                                               .stop = transfer->stop,
                                               .identities = transfer->identities,
                                               .remember = observer.remember,
                                               .context = observer.context},
                               .waiting = {.context = &observer, .waiting = tell_waiting}};
    tell_waiting(&observer, "Setting up replication");
    if (publish(&maker.replication, &observer, err) != 0) {
        return -1;
    }
    const struct transfer_follow follow = {
        .name = name, .begin = make_slot, .snapshot_taken = let_go_of_slot, .context = &maker};
    struct transfer copy = *transfer;
    copy.follow = &follow;
    int result = transfer_run(&copy, err);
    replication_slot_done(&maker.slot);
    return result;
}

/* SPDX-License-Identifier: MIT */
#include "executor/work.h"

#include "core/str.h"

bool is_online(const struct migration *migration)
{
    return migration->spec.mode == MODE_ONLINE;
}

void work_add_event_once(struct work *work, const char *text)
{
    struct migration_event *events = NULL;
    size_t count = 0;
    struct err ignored = {0};
    if (text == NULL || store_event_list(work->store, work->migration.id, &ignored, &events, &count) < 0) {
        return;
    }
    if (count == 0 || !str_equals(events[count - 1].text, text)) {
        (void)store_event_add(work->store, work->migration.id, text, &ignored);
    }
    migration_events_free(events, count);
}

enum step_outcome outcome_of_failure(const struct work *work)
{
    switch (stop_kind(&work->worker->stop)) {
    case STOP_NONE:
        return STEP_FAILED;
    case STOP_SHUTDOWN:
        return STEP_STOPPED;
    case STOP_CANCEL:
        return STEP_CANCELED;
    }
    return STEP_FAILED;
}

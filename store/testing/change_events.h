/* SPDX-License-Identifier: MIT */
/* What has happened to migrations and servers, oldest first. The schema's triggers write the rows. */
#ifndef STORE_TESTING_CHANGE_EVENTS_H
#define STORE_TESTING_CHANGE_EVENTS_H

#include "store/store.h"

struct change_event {
    int64_t id; /* grows */
    int64_t at_us;
    char *source; /* resource id */
    char *type;   /* "malachite.migration.changed" */
    char *data;   /* JSON */
};
void change_events_free(struct change_event *rows, size_t count);

/* At most limit events after this id. subscription_id NULL: of all. */
int store_change_event_list(struct store *store, int64_t after_id, const char *subscription_id, size_t limit,
                            struct err *err, struct change_event **ret_rows, size_t *ret_count);
/* The id of the newest event, 0: none. */
int store_change_event_newest(struct store *store, struct err *err, int64_t *ret_id);

#endif

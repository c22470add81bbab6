/* SPDX-License-Identifier: MIT */
/* Recordings of migrations, and replays of them. The schema's triggers write the frames of each migration. */
#ifndef STORE_TESTING_RECORDINGS_H
#define STORE_TESTING_RECORDINGS_H

#include "store/store.h"

/* What a client could see of a migration: calls take for each frame, oldest first; data is a JSON object. */
int store_frame_list(struct store *store, int64_t migration_id, struct err *err,
                     void (*take)(void *arg, int64_t at_us, const char *data), void *arg);

/* 1 and the content, which the caller frees; 0: there is none. */
int store_recording_get(struct store *store, const char *name, struct err *err, char **ret_content);
int store_recording_put(struct store *store, const char *name, const char *content, struct err *err);
/* 1: deleted, 0: there is none. */
int store_recording_delete(struct store *store, const char *name, struct err *err);
int store_recording_list(struct store *store, struct err *err,
                         void (*take)(void *arg, const char *name, int64_t created_us, int64_t bytes),
                         void *arg);

struct replay {
    int64_t migration_id;
    char *content;    /* of the recording; the caller of store_replay_get() frees */
    int64_t position; /* the next entry of its timeline */
    int64_t base_us;  /* when its instant 0 is, on the steady clock; 0: not begun */
};
/* 1 or 0. */
int store_replay_get(struct store *store, int64_t migration_id, struct err *err, struct replay *ret_replay);
int store_replay_put(struct store *store, const struct replay *replay, struct err *err);

#endif

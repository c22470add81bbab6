/* SPDX-License-Identifier: MIT */
#include "engine/dump/post_data.h"

#include <stdlib.h>
#include <string.h>

#include "engine/dump/restore_queue_private.h"

enum { INDEX_MEMORY_KB = 512 * 1024, MEMORY_LEAST_KB = 64 * 1024 };

struct post_data {
    struct restore *restore;
    struct restore_queue queue;
    struct restore_failed failed; /* under lock */
    pthread_mutex_t lock;
};

int post_data_new(struct restore *restore, struct err *err, struct post_data **ret_post_data)
{
    struct post_data *post_data = calloc(1, sizeof(*post_data));
    if (post_data == NULL) {
        return err_no_memory(err);
    }
    post_data->restore = restore;
    pthread_mutex_init(&post_data->lock, NULL);
    if (restore_queue_init(&post_data->queue, restore->archive, restore->catalog, err) != 0) {
        post_data_free(post_data);
        return -1;
    }
    *ret_post_data = post_data;
    return 0;
}

void post_data_free(struct post_data *post_data)
{
    if (post_data != NULL) {
        restore_queue_done(&post_data->queue);
        restore_failed_done(&post_data->failed);
        pthread_mutex_destroy(&post_data->lock);
        free(post_data);
    }
}

size_t post_data_left(const struct post_data *post_data)
{
    return post_data->queue.count - post_data->queue.ended;
}

void post_data_table_copied(struct post_data *post_data, const struct catalog_table *table)
{
    restore_queue_copied(&post_data->queue, table);
}

void post_data_all_copied(struct post_data *post_data)
{
    restore_queue_all_copied(&post_data->queue);
}

int post_data_open_session(const struct post_data *post_data, const struct stop *stop, struct err *err,
                           struct pg *ret_pg)
{
    const struct restore *restore = post_data->restore;
    int memory_kb = INDEX_MEMORY_KB / (restore->jobs > 0 ? restore->jobs : 1);
    if (pg_open(restore->target, restore->database, PG_WRITE, stop, err, ret_pg) != 0 ||
        restore_prepare_session(ret_pg, restore->encoding, restore->settings, err) != 0 ||
        source_settings_use(restore->settings, ret_pg, false, err) != 0) {
        return -1;
    }
    return pg_runf(ret_pg, err, "SET maintenance_work_mem = '%dkB'",
                   memory_kb > MEMORY_LEAST_KB ? memory_kb : MEMORY_LEAST_KB);
}

/* Appends the second list to the first. */
static int keep_failed(struct post_data *post_data, const struct restore_failed *more, struct err *err)
{
    if (more->count == 0) {
        return 0;
    }
    pthread_mutex_lock(&post_data->lock);
    struct restore_failed *failed = &post_data->failed;
    size_t count = failed->count + more->count;
    const struct archive_entry **grown = realloc(failed->entries, count * sizeof(struct archive_entry *));
    if (grown != NULL) {
        memcpy(grown + failed->count, more->entries, more->count * sizeof(struct archive_entry *));
        *failed = (struct restore_failed){.entries = grown, .count = count};
    }
    pthread_mutex_unlock(&post_data->lock);
    return grown != NULL ? 0 : err_no_memory(err);
}

enum post_data_result post_data_step(struct post_data *post_data, struct pg *target, struct err *err)
{
    struct restore_batch_tasks batch;
    auto_restore_failed struct restore_failed failed = {0};
    switch (restore_queue_take(&post_data->queue, &batch)) {
    case RESTORE_QUEUE_WAITING:
        return POST_DATA_WAITING;
    case RESTORE_QUEUE_OVER:
        return POST_DATA_OVER;
    case RESTORE_QUEUE_READY:
        break;
    }
    int result = restore_batch(post_data->restore, target, batch.entries, batch.count, &failed, err);
    restore_queue_put(&post_data->queue, &batch);
    return result != 0 || keep_failed(post_data, &failed, err) != 0 ? POST_DATA_FAILED : POST_DATA_CREATED;
}

int post_data_finish(struct post_data *post_data, struct pg *target, struct err *err)
{
    if (post_data_left(post_data) > 0) {
        return err_set(err, ERR_INTERNAL, "%zu objects depend on each other in a cycle",
                       post_data_left(post_data));
    }
    return restore_retry(post_data->restore, target, &post_data->failed, err);
}

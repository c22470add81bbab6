/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "engine/dump/restore.h"
#include "engine/dump/restore_queue_private.h"
#include "engine/pg/lanes.h"

enum { INDEX_MEMORY_KB = 512 * 1024, MEMORY_LEAST_KB = 64 * 1024 };

struct post_data {
    struct restore *restore;
    struct restore_queue queue;
    struct restore_failed failed; /* under lock */
    pthread_mutex_t lock;
};

static int open_session(struct post_data *post_data, struct pg *ret_pg, struct err *err)
{
    const struct restore *restore = post_data->restore;
    int memory_kb = INDEX_MEMORY_KB / (restore->jobs > 0 ? restore->jobs : 1);
    if (pg_open(restore->target, restore->database, PG_WRITE, restore->stop, err, ret_pg) != 0 ||
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

static int work(void *context, struct err *err)
{
    struct post_data *post_data = context;
    struct restore_batch_tasks batch;
    auto_pg struct pg target = {0};
    if (open_session(post_data, &target, err) != 0) {
        return -1;
    }
    while (restore_queue_take(&post_data->queue, &batch)) {
        auto_restore_failed struct restore_failed failed = {0};
        int result = restore_batch(post_data->restore, &target, batch.entries, batch.count, &failed, err);
        restore_queue_put(&post_data->queue, &batch);
        if (result != 0 || keep_failed(post_data, &failed, err) != 0) {
            return -1;
        }
    }
    return 0;
}

int restore_post_data(struct restore *restore, struct pg *target, struct err *err)
{
    struct post_data post_data = {.restore = restore};
    pthread_mutex_init(&post_data.lock, NULL);
    int result = restore_queue_init(&post_data.queue, restore->archive, restore->catalog, err);
    if (result == 0 && post_data.queue.count > 0) {
        struct lanes lanes = {
            .count = restore->jobs > 0 ? restore->jobs : 1, .work = work, .context = &post_data};
        result = lanes_run(&lanes, err);
    }
    if (result == 0 && post_data.queue.ended < post_data.queue.count) {
        result = err_set(err, ERR_INTERNAL, "%zu objects depend on each other in a cycle",
                         post_data.queue.count - post_data.queue.ended);
    }
    if (result == 0) {
        result = restore_retry(restore, target, &post_data.failed, err);
    }
    restore_queue_done(&post_data.queue);
    restore_failed_done(&post_data.failed);
    pthread_mutex_destroy(&post_data.lock);
    return result;
}

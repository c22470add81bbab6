/* SPDX-License-Identifier: MIT */
#include "engine/dump/restore_queue_private.h"

#include <stdlib.h>

#include "core/attr.h"
#include "engine/dump/restore_entry_private.h"

enum { SMALL_BYTES = 4 * 1024 * 1024 };

enum task_state { TASK_WAITING, TASK_RUNNING, TASK_ENDED };

struct restore_task {
    const struct archive_entry *entry;
    int64_t bytes; /* of the tables that it locks */
    size_t waits_for;
    size_t *followers;
    size_t follower_count;
    int *tables;
    size_t table_count;
    bool alone; /* needs an exclusive lock on its tables; otherwise (CREATE INDEX) several can run on one
                   table */
    bool early; /* needs only the rows of its own tables; otherwise all rows */
    enum task_state state;
};

static bool is_relation(const struct archive_entry *entry)
{
    return archive_entry_is(entry, "TABLE") || archive_entry_is(entry, "MATERIALIZED VIEW") ||
           archive_entry_is(entry, "FOREIGN TABLE") || archive_entry_is(entry, "VIEW");
}

static size_t position_of(const struct restore_queue *queue, const struct archive_entry *entry)
{
    return (size_t)(entry - queue->archive->entries);
}

static bool is_ours(const struct restore_queue *queue, const struct archive_entry *entry)
{
    return restore_pass_of(queue->archive, entry) == RESTORE_POST_DATA && entry->definition[0] != '\0';
}

static int more_work_first(const void *a, const void *b)
{
    const struct restore_task *left = a;
    const struct restore_task *right = b;
    if (left->bytes != right->bytes) {
        return left->bytes > right->bytes ? -1 : 1;
    }
    return left->entry < right->entry ? -1 : left->entry > right->entry;
}

/* The tables that an entry names as dependencies; "into" NULL only counts them. */
static size_t collect_tables(const struct restore_queue *queue, const struct archive_entry *entry, int *into)
{
    size_t count = 0;
    for (size_t i = 0; i < entry->dependency_count; i++) {
        const struct archive_entry *on = archive_find(queue->archive, entry->dependencies[i]);
        if (on == NULL) {
            continue;
        }
        if (is_relation(on)) {
            if (into != NULL) {
                into[count] = on->id;
            }
            count++;
        } else if (archive_entry_is(entry, "COMMENT") && is_ours(queue, on)) {
            /* A comment on a constraint or a trigger locks its table. */
            count += collect_tables(queue, on, into == NULL ? NULL : into + count);
        }
    }
    return count;
}

/*
 * Whether an entry may be created before other tables have their rows. Not so: a trigger, which must not fire
 * for rows that are copied; an expression with a function of the user, which may read other tables; whatever
 * belongs to a partitioned table or to a table whose rows come through one.
 */
static bool is_early(const struct restore_queue *queue, const struct archive_entry *entry)
{
    static const char *const kinds[] = {"INDEX", "CONSTRAINT", "FK CONSTRAINT"};
    static const char *const harmless[] = {"TABLE", "INDEX", "CONSTRAINT", "SCHEMA", "EXTENSION", "SEQUENCE"};
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        known = known || archive_entry_is(entry, kinds[i]);
    }
    for (size_t i = 0; known && i < entry->dependency_count; i++) {
        const struct archive_entry *on = archive_find(queue->archive, entry->dependencies[i]);
        bool fine = on == NULL;
        for (size_t k = 0; !fine && k < ARRAY_LEN(harmless); k++) {
            fine = archive_entry_is(on, harmless[k]);
        }
        if (fine && on != NULL && archive_entry_is(on, "TABLE")) {
            const struct catalog_table *table = catalog_table(queue->catalog, on->oid);
            fine = table != NULL && table->root_name == NULL;
        }
        known = fine;
    }
    return known;
}

static int64_t bytes_of(const struct restore_queue *queue, const struct archive_entry *entry)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < entry->dependency_count && !archive_entry_is(entry, "COMMENT"); i++) {
        const struct archive_entry *on = archive_find(queue->archive, entry->dependencies[i]);
        const struct catalog_table *table =
            on == NULL || !is_relation(on) ? NULL : catalog_table(queue->catalog, on->oid);
        bytes += table == NULL ? 0 : table->bytes;
    }
    return bytes;
}

/* The task of an entry's i-th dependency, or NULL. */
static struct restore_task *task_before(struct restore_queue *queue, const struct archive_entry *entry,
                                        size_t i)
{
    const struct archive_entry *on = archive_find(queue->archive, entry->dependencies[i]);
    size_t task = on == NULL ? 0 : queue->task_of[position_of(queue, on)];
    return task == 0 || on == entry ? NULL : &queue->tasks[task - 1];
}

static void link_tasks(struct restore_queue *queue)
{
    for (size_t t = 0; t < queue->count; t++) {
        for (size_t i = 0; i < queue->tasks[t].entry->dependency_count; i++) {
            struct restore_task *before = task_before(queue, queue->tasks[t].entry, i);
            if (before != NULL) {
                before->follower_count++;
                queue->tasks[t].waits_for++;
            }
        }
    }
    size_t *next = queue->links;
    for (size_t t = 0; t < queue->count; t++) {
        queue->tasks[t].followers = next;
        next += queue->tasks[t].follower_count;
        queue->tasks[t].follower_count = 0;
    }
    for (size_t t = 0; t < queue->count; t++) {
        for (size_t i = 0; i < queue->tasks[t].entry->dependency_count; i++) {
            struct restore_task *before = task_before(queue, queue->tasks[t].entry, i);
            if (before != NULL) {
                before->followers[before->follower_count++] = t;
            }
        }
    }
}

static bool allocate(struct restore_queue *queue, size_t links, size_t tables)
{
    size_t ids = (size_t)queue->archive->max_id + 1;
    queue->links = calloc(links + 1, sizeof(*queue->links));
    queue->tables = calloc(tables + 1, sizeof(*queue->tables));
    queue->readers = calloc(ids, sizeof(*queue->readers));
    queue->writers = calloc(ids, sizeof(*queue->writers));
    queue->copied = calloc(queue->catalog->table_count + 1, sizeof(*queue->copied));
    return queue->links != NULL && queue->tables != NULL && queue->readers != NULL &&
           queue->writers != NULL && queue->copied != NULL;
}

int restore_queue_init(struct restore_queue *queue, const struct archive *archive,
                       const struct catalog *catalog, struct err *err)
{
    *queue = (struct restore_queue){.archive = archive, .catalog = catalog};
    pthread_mutex_init(&queue->lock, NULL);
    queue->tasks = calloc(archive->count + 1, sizeof(*queue->tasks));
    queue->task_of = calloc(archive->count + 1, sizeof(*queue->task_of));
    if (queue->tasks == NULL || queue->task_of == NULL) {
        return err_no_memory(err);
    }
    size_t links = 0;
    size_t tables = 0;
    for (size_t i = 0; i < archive->count; i++) {
        const struct archive_entry *entry = &archive->entries[i];
        if (is_ours(queue, entry)) {
            struct restore_task *task = &queue->tasks[queue->count++];
            *task = (struct restore_task){.entry = entry, .bytes = bytes_of(queue, entry)};
            task->alone = !archive_entry_is(entry, "INDEX");
            task->early = is_early(queue, entry);
            task->table_count = collect_tables(queue, entry, NULL);
            links += entry->dependency_count;
            tables += task->table_count;
        }
    }
    if (!allocate(queue, links, tables)) {
        return err_no_memory(err);
    }
    qsort(queue->tasks, queue->count, sizeof(*queue->tasks), more_work_first);
    int *next = queue->tables;
    for (size_t t = 0; t < queue->count; t++) {
        queue->task_of[position_of(queue, queue->tasks[t].entry)] = t + 1;
        queue->tasks[t].tables = next;
        next += collect_tables(queue, queue->tasks[t].entry, next);
    }
    link_tasks(queue);
    return 0;
}

void restore_queue_done(struct restore_queue *queue)
{
    free(queue->tasks);
    free(queue->task_of);
    free(queue->links);
    free(queue->tables);
    free(queue->readers);
    free(queue->writers);
    free(queue->copied);
    pthread_mutex_destroy(&queue->lock);
}

/* With the lock held. */
static bool would_wait(const struct restore_queue *queue, const struct restore_task *task)
{
    for (size_t i = 0; i < task->table_count; i++) {
        int table = task->tables[i];
        if (queue->writers[table] > 0 || (task->alone && queue->readers[table] > 0)) {
            return true;
        }
    }
    return false;
}

/* With the lock held. */
static bool has_rows(const struct restore_queue *queue, const struct restore_task *task)
{
    if (queue->all_copied) {
        return true;
    }
    for (size_t i = 0; task->early && i < task->table_count; i++) {
        const struct archive_entry *on = archive_find(queue->archive, task->tables[i]);
        const struct catalog_table *table = catalog_table(queue->catalog, on->oid);
        if (!queue->copied[table - queue->catalog->tables]) {
            return false;
        }
    }
    return task->early;
}

static void hold_tables(struct restore_queue *queue, const struct restore_task *task, int change)
{
    for (size_t i = 0; i < task->table_count; i++) {
        unsigned *held = task->alone ? &queue->writers[task->tables[i]] : &queue->readers[task->tables[i]];
        *held = (unsigned)((int)*held + change);
    }
}

static void choose_batch(struct restore_queue *queue, struct restore_batch_tasks *batch)
{
    int64_t bytes = 0;
    while (queue->first < queue->count && queue->tasks[queue->first].state != TASK_WAITING) {
        queue->first++;
    }
    for (size_t t = queue->first; t < queue->count && batch->count < RESTORE_QUEUE_BATCH; t++) {
        struct restore_task *task = &queue->tasks[t];
        if (task->state != TASK_WAITING || task->waits_for > 0 || !has_rows(queue, task) ||
            would_wait(queue, task)) {
            continue;
        }
        if (batch->count > 0 && bytes + task->bytes > SMALL_BYTES) {
            continue;
        }
        task->state = TASK_RUNNING;
        batch->tasks[batch->count] = task;
        batch->entries[batch->count++] = task->entry;
        bytes += task->bytes;
        if (bytes > SMALL_BYTES) {
            break;
        }
    }
    /* In a separate loop, because entries of one batch do not wait for each other. */
    for (size_t i = 0; i < batch->count; i++) {
        hold_tables(queue, batch->tasks[i], 1);
    }
}

enum restore_queue_state restore_queue_take(struct restore_queue *queue,
                                            struct restore_batch_tasks *ret_batch)
{
    enum restore_queue_state state = RESTORE_QUEUE_READY;
    ret_batch->count = 0;
    pthread_mutex_lock(&queue->lock);
    choose_batch(queue, ret_batch);
    if (ret_batch->count > 0) {
        queue->running++;
    } else {
        /* If all rows are there and nothing runs, the entries that are left wait for each other. */
        bool over = queue->running == 0 && (queue->ended == queue->count || queue->all_copied);
        state = over ? RESTORE_QUEUE_OVER : RESTORE_QUEUE_WAITING;
    }
    pthread_mutex_unlock(&queue->lock);
    return state;
}

void restore_queue_put(struct restore_queue *queue, const struct restore_batch_tasks *batch)
{
    pthread_mutex_lock(&queue->lock);
    for (size_t i = 0; i < batch->count; i++) {
        struct restore_task *task = batch->tasks[i];
        hold_tables(queue, task, -1);
        task->state = TASK_ENDED;
        queue->ended++;
        for (size_t f = 0; f < task->follower_count; f++) {
            queue->tasks[task->followers[f]].waits_for--;
        }
    }
    queue->running--;
    pthread_mutex_unlock(&queue->lock);
}

void restore_queue_copied(struct restore_queue *queue, const struct catalog_table *table)
{
    pthread_mutex_lock(&queue->lock);
    queue->copied[table - queue->catalog->tables] = true;
    pthread_mutex_unlock(&queue->lock);
}

void restore_queue_all_copied(struct restore_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->all_copied = true;
    pthread_mutex_unlock(&queue->lock);
}

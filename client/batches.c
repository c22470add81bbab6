/* SPDX-License-Identifier: MIT */
#include "client/batches_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/sighting_private.h"
#include "core/clock.h"
#include "core/parse/id.h"
#include "core/str.h"

enum { JOB_LEN = 28 /* "migrate-20261130-224336-1a2b" */ };

static char *new_job(void)
{
    char at[CLOCK_TEXT_SIZE];
    char id[ID_TEXT_SIZE];
    clock_format(clock_now_us(), at);
    id_new(id);
    return str_format("migrate-%.4s%.2s%.2s-%.2s%.2s%.2s-%.4s", at, at + 5, at + 8, at + 11, at + 14, at + 17,
                      id);
}

/* "<job>-2of3" or "<job>-2of3-1a2b": 2, if there are `count`. 0: it is no such name. */
static size_t number_in_name(const char *name, size_t count)
{
    char *end = NULL;
    if (name == NULL || strncmp(name, "migrate-", 8) != 0 || strlen(name) < JOB_LEN || name[JOB_LEN] != '-') {
        return 0;
    }
    unsigned long number = strtoul(name + JOB_LEN + 1, &end, 10);
    if (strncmp(end, "of", 2) != 0) {
        return 0;
    }
    unsigned long of = strtoul(end + 2, &end, 10);
    return of == count && number <= of && (*end == '\0' || *end == '-') ? number : 0;
}

static bool is_active(const struct batch *batch)
{
    return batch->state != NULL && !sighting_is_end_state(batch->state);
}

bool batch_is_ended(const struct batch *batch)
{
    return str_equals(batch->state, "Succeeded") || str_equals(batch->state, "Failed");
}

static int divide(json_t *databases, struct err *err, struct batches *batches)
{
    size_t total = json_array_size(databases);
    size_t count = (total + BATCH_DATABASES_MAX - 1) / BATCH_DATABASES_MAX;
    batches->items = calloc(count, sizeof(*batches->items));
    if (batches->items == NULL) {
        return err_no_memory(err);
    }
    batches->count = count;
    for (size_t i = 0; i < count; i++) {
        batches->items[i].databases = json_array();
    }
    for (size_t i = 0; i < total; i++) {
        json_t *names = batches->items[i / BATCH_DATABASES_MAX].databases;
        if (json_array_append(names, json_array_get(databases, i)) < 0) {
            return err_no_memory(err);
        }
    }
    return 0;
}

static void forget_earlier(struct batches *batches)
{
    for (size_t i = 0; i < batches->count; i++) {
        free(batches->items[i].earlier);
        free(batches->items[i].state);
        batches->items[i].earlier = batches->items[i].state = NULL;
    }
    free(batches->job);
    batches->job = NULL;
}

/* Notes a migration that belongs to the newest job of these databases. */
static void note(struct batches *batches, json_t *row)
{
    const char *name = json_string_value(json_object_get(row, "name"));
    json_t *properties = json_object_get(row, "properties");
    json_t *status = json_object_get(properties, "currentStatus");
    const char *state = json_string_value(json_object_get(status, "state"));
    size_t number = number_in_name(name, batches->count);
    struct batch *batch = number == 0 ? NULL : &batches->items[number - 1];
    if (batch == NULL || state == NULL || batch->earlier != NULL || /* the newest attempt comes first */
        (batches->job != NULL && strncmp(name, batches->job, JOB_LEN) != 0) ||
        !resources_same_names(json_object_get(properties, "dbsToMigrate"), batch->databases)) {
        return;
    }
    batch->earlier = str_dup(name);
    batch->state = str_dup(state);
    if (batches->job == NULL) {
        batches->job = strndup(name, JOB_LEN);
    }
}

static bool is_unfinished(const struct batches *batches, bool overwrite)
{
    bool active = false;
    bool complete = true;
    for (size_t i = 0; i < batches->count; i++) {
        active = active || is_active(&batches->items[i]);
        complete = complete && batch_is_ended(&batches->items[i]);
    }
    return batches->job != NULL && (active || (!complete && !overwrite));
}

static int find_earlier(struct rest *rest, const struct migration_plan *all, struct err *err,
                        struct batches *batches)
{
    json_auto_t *rows = NULL;
    json_t *row = NULL;
    size_t i = 0;
    if (resources_list_migrations(rest, all, "All", err, &rows) < 0) {
        return -1;
    }
    json_array_foreach (rows, i, row) {
        note(batches, row);
    }
    if (!is_unfinished(batches, all->options->overwrite)) {
        forget_earlier(batches);
    } else {
        fprintf(stderr, "Resuming the job %s, which an earlier run started.\n", batches->job);
    }
    return 0;
}

int batches_plan(struct rest *rest, const struct migration_plan *all, struct err *err,
                 struct batches *ret_batches)
{
    if (divide(all->databases, err, ret_batches) < 0 ||
        (ret_batches->count > 1 && find_earlier(rest, all, err, ret_batches) < 0)) {
        return -1;
    }
    if (ret_batches->job == NULL) {
        ret_batches->job = new_job();
    }
    return ret_batches->job == NULL ? err_no_memory(err) : 0;
}

void batches_done(struct batches *batches)
{
    forget_earlier(batches);
    for (size_t i = 0; i < batches->count; i++) {
        json_decref(batches->items[i].databases);
    }
    free(batches->items);
    *batches = (struct batches){0};
}

char *batches_name(const struct batches *batches, size_t index)
{
    char id[ID_TEXT_SIZE];
    id_new(id);
    return batches->count == 1 ? str_dup(batches->job)
           : batches->items[index].earlier == NULL
               ? str_format("%s-%zuof%zu", batches->job, index + 1, batches->count)
               : str_format("%s-%zuof%zu-%.4s", batches->job, index + 1, batches->count, id);
}

/* SPDX-License-Identifier: MIT */
/* What a client could see of a migration, as a file that can be played back without any PostgreSQL. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/str.h"
#include "handlers/arm/app.h"
#include "handlers/own/own.h"
#include "handlers/own/seeing/recording_check.h"
#include "handlers/own/seeing/seeing.h"
#include "server/reply.h"
#include "store/testing/recordings.h"

enum { RECORDINGS_MAX = 100, NAME_MAX_BYTES = 128 };

struct timeline {
    json_t *entries;
    int64_t start_us;
};

/* Null members are left out. */
static void take_frame(void *arg, int64_t at_us, const char *data)
{
    struct timeline *timeline = arg;
    const char *name = NULL;
    json_t *value = NULL;
    void *next = NULL;
    json_auto_t *frame = memory_parse_text(data, 0);
    timeline->start_us = timeline->start_us == 0 ? at_us : timeline->start_us;
    int64_t after_us = at_us > timeline->start_us ? at_us - timeline->start_us : 0;
    int64_t after_ms = after_us / 1000;
    json_t *entry = json_pack("{s:f}", "at", (double)after_ms / 1000.0);
    json_object_foreach_safe(frame, next, name, value)
    {
        if (!json_is_null(value)) {
            json_object_set(entry, name, value);
        }
    }
    json_array_append_new(timeline->entries, entry);
}

static json_t *names_of(struct store *store, int64_t id, struct err *err)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    if (store_database_list(store, id, err, &rows, &count) < 0) {
        return NULL;
    }
    json_t *names = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(names, json_string(rows[i].name));
    }
    migration_databases_free(rows, count);
    return names;
}

void malachite_recording_export(struct request *request)
{
    struct err err = {0};
    char at[CLOCK_TEXT_SIZE];
    struct store *store = request->app->store;
    auto_migration struct migration migration = {0};
    if (own_migration_find(request, &err, &migration) < 0) {
        reply_error(request, &err);
        return;
    }
    json_auto_t *names = names_of(store, migration.id, &err);
    json_auto_t *entries = json_array();
    struct timeline timeline = {.entries = entries};
    if (names == NULL || store_frame_list(store, migration.id, &err, take_frame, &timeline) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_json(request, 200,
               json_pack("{s:s, s:s, s:s*, s:s, s:O, s:O}", "migration", migration.name, "migrationId",
                         migration.uuid, "mode",
                         migration.spec.mode < 0 ? NULL : word_of(WORDS_MIGRATION_MODE, migration.spec.mode),
                         "recordedOn", clock_format(migration.created_us, at), "databases", names, "timeline",
                         entries));
}

static void count_name(void *arg, const char *name, int64_t created_us, int64_t bytes)
{
    (void)name;
    (void)created_us;
    (void)bytes;
    ++*(int *)arg;
}

static int store_it(struct request *request, json_t *body, struct err *err)
{
    struct store *store = request->app->store;
    const char *name = request_param(request, "recording");
    int count = 0;
    auto_free char *old = NULL;
    auto_free char *content = json_dumps(body, JSON_COMPACT);
    if (content == NULL) {
        return err_no_memory(err);
    }
    int found = store_recording_get(store, name, err, &old);
    if (found < 0 || (found == 0 && store_recording_list(store, err, count_name, &count) < 0)) {
        return -1;
    }
    if (strlen(name) > NAME_MAX_BYTES || count >= RECORDINGS_MAX) {
        return err_set(
            err, ERR_BAD_PARAMETER,
            "Malachite keeps at most %d recordings, with names of at most %d bytes. Delete one first.",
            RECORDINGS_MAX, NAME_MAX_BYTES);
    }
    return store_recording_put(store, name, content, err) < 0 ? -1 : found;
}

void malachite_recording_put(struct request *request)
{
    struct err err = {0};
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    int found = recording_check(body, &err) < 0 ? -1 : store_it(request, body, &err);
    if (found < 0) {
        reply_error(request, &err);
        return;
    }
    reply_json(request, found > 0 ? 200 : 201, json_incref(body));
}

static void reply_missing(struct request *request)
{
    reply_fail(request, ERR_NOT_FOUND, "There is no recording with the name '%.60s'.",
               request_param(request, "recording"));
}

void malachite_recording_get(struct request *request)
{
    struct err err = {0};
    auto_free char *content = NULL;
    int found = store_recording_get(request->app->store, request_param(request, "recording"), &err, &content);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        reply_missing(request);
    } else {
        reply_json(request, 200, memory_parse_text(content, 0));
    }
}

void malachite_recording_delete(struct request *request)
{
    struct err err = {0};
    int found = store_recording_delete(request->app->store, request_param(request, "recording"), &err);
    if (found < 0) {
        reply_error(request, &err);
    } else if (found == 0) {
        reply_missing(request);
    } else {
        reply_empty(request, 204);
    }
}

static void list_one(void *arg, const char *name, int64_t created_us, int64_t bytes)
{
    char at[CLOCK_TEXT_SIZE];
    json_array_append_new(arg, json_pack("{s:s, s:s, s:I}", "name", name, "createdAt",
                                         clock_format(created_us, at), "bytes", (json_int_t)bytes));
}

void malachite_recording_list(struct request *request)
{
    struct err err = {0};
    json_auto_t *value = json_array();
    if (store_recording_list(request->app->store, &err, list_one, value) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_json(request, 200, json_pack("{s:O}", "value", value));
}

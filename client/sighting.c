/* SPDX-License-Identifier: MIT */
#include "client/sighting_private.h"

#include "core/buf.h"
#include "core/str.h"

enum { TABLES_ASKED_MAX = 2000, TABLES_SHOWN_MAX = 3, TEXT_MAX = 4096 };

static int64_t number(json_t *object, const char *name)
{
    return (int64_t)json_integer_value(json_object_get(object, name));
}

static const char *text(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void add_database(struct sighting *sighting, json_t *row)
{
    sighting->bytes_copied += number(row, "bytesCopied");
    json_t *sizes = json_object_get(row, "sizes");
    sighting->size_copied += number(sizes, "copied");
    sighting->size_left += number(sizes, "copying") + number(sizes, "queued");
    sighting->rows_copied += number(row, "rowsCopied");
    sighting->tables_open += number(row, "tablesQueued") + number(row, "tablesLoading");
    sighting->tables_loading += number(row, "tablesLoading");
    sighting->tables_done += number(row, "tablesCompleted");
    sighting->pending_bytes += number(row, "pendingBytes");
    sighting->applied_changes += number(row, "appliedChanges");
    int64_t latency_s = number(row, "latencySeconds");
    sighting->latency_s = latency_s > sighting->latency_s ? latency_s : sighting->latency_s;
    if (sighting->operation == NULL) {
        sighting->operation = text(row, "operation");
    }
}

int sighting_take(struct rest *rest, const char *migration_id, struct err *err, struct sighting *ret_sighting)
{
    *ret_sighting = (struct sighting){0};
    auto_free char *path = str_format("/_malachite/migrations/%s", migration_id);
    if (path == NULL) {
        return err_no_memory(err);
    }
    json_t *json = NULL;
    if (rest_call(rest, "GET", path, NULL, err, &json) < 0) {
        return -1;
    }
    ret_sighting->json = json;
    ret_sighting->state = text(json, "state");
    ret_sighting->substate = text(json, "substate");
    ret_sighting->error = text(json, "error");
    ret_sighting->databases = json_object_get(json, "databases");
    ret_sighting->events = json_object_get(json, "events");
    if (ret_sighting->state == NULL || ret_sighting->substate == NULL) {
        return err_set(err, ERR_UNAVAILABLE, "The answer does not describe a migration: is this Malachite?");
    }
    size_t i = 0;
    json_t *row = NULL;
    json_array_foreach (ret_sighting->databases, i, row) {
        add_database(ret_sighting, row);
    }
    return 0;
}

void sighting_done(struct sighting *sighting)
{
    json_decref(sighting->json);
    *sighting = (struct sighting){0};
}

bool sighting_is_end(const struct sighting *sighting)
{
    return sighting_is_end_state(sighting->state);
}

bool sighting_is_end_state(const char *state)
{
    static const char *const ends[] = {"Succeeded", "Failed", "Canceled", "ValidationFailed"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (str_equals(state, ends[i])) {
            return true;
        }
    }
    return false;
}

int sighting_percent(const struct sighting *sighting)
{
    if (sighting->tables_open == 0 && sighting->tables_done > 0) {
        return 100;
    }
    int64_t size = sighting->size_copied + sighting->size_left;
    int64_t percent = size <= 0 ? 0 : (int64_t)(100.0 * (double)sighting->size_copied / (double)size);
    return percent > 99 ? 99 : (int)percent;
}

static void add_tables(json_t *answer, struct buf *names, size_t *count)
{
    size_t i = 0;
    json_t *row = NULL;
    json_array_foreach (json_object_get(answer, "tables"), i, row) {
        const char *state = text(row, "state");
        const char *schema = text(row, "schema");
        const char *name = text(row, "name");
        bool loading = str_equals(state, "Loading") && schema != NULL && name != NULL;
        if (loading && *count < TABLES_SHOWN_MAX) {
            buf_addf(names, "%s%s.%s", *count == 0 ? "" : ", ", schema, name);
            ++*count;
        }
    }
}

char *sighting_tables(struct rest *rest, const char *migration_id, const struct sighting *sighting)
{
    struct buf names = BUF_MAX(TEXT_MAX);
    size_t count = 0;
    size_t i = 0;
    json_t *row = NULL;
    if (sighting->tables_loading == 0 || sighting->tables_open + sighting->tables_done > TABLES_ASKED_MAX) {
        return NULL;
    }
    json_array_foreach (sighting->databases, i, row) {
        auto_buf struct buf path = BUF_MAX(TEXT_MAX);
        json_auto_t *answer = NULL;
        struct err err = {0};
        if (number(row, "tablesLoading") == 0 || text(row, "name") == NULL) {
            continue;
        }
        buf_addf(&path, "/_malachite/migrations/%s?database=", migration_id);
        buf_add_encoded(&path, text(row, "name"), "");
        if (rest_call(rest, "GET", buf_text(&path), NULL, &err, &answer) == 0) {
            add_tables(answer, &names, &count);
        }
    }
    return buf_take(&names);
}

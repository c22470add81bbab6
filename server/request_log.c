/* SPDX-License-Identifier: MIT */
/*
 * A ring of pointers. An entry is built before the lock is taken and never changed afterwards, so a
 * request holds the lock only to exchange two pointers; readers take references under the lock and write
 * JSON without it.
 */
#include "server/request_log.h"

#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/str.h"
#include "server/route.h"

enum { PATH_MAX_BYTES = 1024, TEXT_MAX_BYTES = 128 };

struct entry {
    _Atomic int references;
    uint64_t number; /* counts all requests from 1 */
    int64_t started_us;
    int64_t duration_us;
    enum method method;
    int status;
    bool sent;
    const char *operation_id; /* static text, or NULL */
    char request_id[ID_TEXT_SIZE];
    char correlation_id[REQUEST_CORRELATION_SIZE];
    const char *path;              /* these four point to memory after the struct */
    const char *api_version;       /* or NULL */
    const char *client_request_id; /* or NULL */
    const char *notes;             /* JSON array, or NULL */
    char text[];
};

struct request_log {
    size_t capacity;
    pthread_mutex_t mutex;
    struct entry **ring; /* number n is at n % capacity */
    uint64_t total;
    uint64_t evicted;
};

int request_log_new(size_t capacity, struct err *err, struct request_log **ret_log)
{
    struct request_log *log = calloc(1, sizeof(*log));
    struct entry **ring = calloc(capacity + 1, sizeof(struct entry *));
    if (log == NULL || ring == NULL) {
        free(log);
        free(ring);
        return err_no_memory(err);
    }
    log->capacity = capacity;
    log->ring = ring;
    pthread_mutex_init(&log->mutex, NULL);
    *ret_log = log;
    return 0;
}

static void drop(struct entry *entry)
{
    if (entry != NULL && atomic_fetch_sub(&entry->references, 1) == 1) {
        free(entry);
    }
}

void request_log_free(struct request_log *log)
{
    if (log == NULL) {
        return;
    }
    for (size_t i = 0; i < log->capacity; i++) {
        drop(log->ring[i]);
    }
    pthread_mutex_destroy(&log->mutex);
    free(log->ring);
    free(log);
}

/* Copies at most len bytes, without line breaks and control characters; returns the copy and moves *at
 * behind it. */
static const char *put(char **at, const char *text, size_t len)
{
    char *copy = *at;
    for (size_t i = 0; i < len; i++) {
        copy[i] = isprint((unsigned char)text[i]) ? text[i] : '?';
    }
    copy[len] = '\0';
    *at += len + 1;
    return copy;
}

static size_t bounded(const char *text)
{
    return text == NULL ? 0 : strnlen(text, TEXT_MAX_BYTES);
}

static struct entry *make_entry(const struct request *request, bool sent)
{
    const char *uri = request->raw_uri == NULL ? "" : request->raw_uri;
    size_t path_len = strcspn(uri, "?");
    path_len = path_len < PATH_MAX_BYTES ? path_len : PATH_MAX_BYTES;
    size_t version_len = bounded(request->api_version);
    size_t client_len = bounded(request->client_request_id);
    auto_free char *notes = request->notes == NULL ? NULL : json_dumps(request->notes, JSON_COMPACT);
    size_t notes_len = notes == NULL ? 0 : strlen(notes);
    struct entry *entry = malloc(sizeof(*entry) + path_len + version_len + client_len + notes_len + 4);
    if (entry == NULL) {
        return NULL;
    }
    char *at = entry->text;
    atomic_init(&entry->references, 1);
    entry->started_us = request->started_us;
    entry->duration_us = clock_now_us() - request->started_us;
    entry->method = request->method;
    entry->status = request->reply.status;
    entry->sent = sent;
    entry->operation_id = request->route == NULL ? NULL : request->route->operation_id;
    memcpy(entry->request_id, request->request_id, sizeof(entry->request_id));
    memcpy(entry->correlation_id, request->correlation_id, sizeof(entry->correlation_id));
    entry->path = put(&at, uri, path_len);
    entry->api_version = version_len == 0 ? NULL : put(&at, request->api_version, version_len);
    entry->client_request_id = client_len == 0 ? NULL : put(&at, request->client_request_id, client_len);
    entry->notes = NULL;
    if (notes != NULL) {
        memcpy(at, notes, notes_len + 1);
        entry->notes = at;
    }
    return entry;
}

void request_log_add(struct request_log *log, const struct request *request, bool sent)
{
    struct entry *entry = log->capacity == 0 ? NULL : make_entry(request, sent);
    struct entry *oldest = NULL;
    pthread_mutex_lock(&log->mutex);
    log->total++;
    if (entry == NULL) {
        log->evicted++;
    } else {
        struct entry **place = &log->ring[log->total % log->capacity];
        entry->number = log->total;
        oldest = *place;
        *place = entry;
        log->evicted += oldest != NULL;
    }
    pthread_mutex_unlock(&log->mutex);
    drop(oldest);
}

static bool is_request(const struct entry *entry, const char *id)
{
    return str_iequals(entry->request_id, id) || str_iequals(entry->correlation_id, id) ||
           (entry->client_request_id != NULL && str_iequals(entry->client_request_id, id));
}

/* "/subscriptions/{id}" or "/subscriptions/{id}/...". */
static bool is_of_subscription(const struct entry *entry, const char *id)
{
    static const char prefix[] = "/subscriptions/";
    size_t len = strlen(id);
    const char *at = entry->path + sizeof(prefix) - 1;
    return str_istarts(entry->path, prefix) && str_istarts(at, id) && (at[len] == '/' || at[len] == '\0');
}

static bool passes(const struct entry *entry, const struct request_log_filter *filter)
{
    return (filter->operation_id == NULL ||
            (entry->operation_id != NULL && str_iequals(entry->operation_id, filter->operation_id))) &&
           (filter->method == METHOD_OTHER || entry->method == filter->method) &&
           (filter->path == NULL || strcasestr(entry->path, filter->path) != NULL) &&
           (filter->request == NULL || is_request(entry, filter->request)) &&
           (filter->client == NULL ||
            (entry->client_request_id != NULL && str_istarts(entry->client_request_id, filter->client))) &&
           (filter->subscription_id == NULL || is_of_subscription(entry, filter->subscription_id)) &&
           (filter->status_to == 0 ||
            (entry->status >= filter->status_from && entry->status <= filter->status_to)) &&
           (!filter->only_noted || entry->notes != NULL) && entry->started_us >= filter->since_us;
}

static json_t *write_entry(const struct entry *entry)
{
    char at[CLOCK_TEXT_SIZE];
    json_t *notes = entry->notes == NULL ? json_array() : memory_parse_text(entry->notes, 0);
    return json_pack("{s:I, s:s, s:s*, s:s, s:s, s:s*, s:i, s:f, s:b, s:s, s:s, s:s*, s:o}", "number",
                     (json_int_t)entry->number, "time", clock_format(entry->started_us, at), "operation",
                     entry->operation_id, "method", method_name(entry->method), "path", entry->path,
                     "apiVersion", entry->api_version, "status", entry->status, "durationMs",
                     (double)entry->duration_us / 1000.0, "sent", entry->sent, "requestId", entry->request_id,
                     "correlationRequestId", entry->correlation_id, "clientRequestId",
                     entry->client_request_id, "notUnderstood", notes);
}

json_t *request_log_list(struct request_log *log, const struct request_log_filter *filter)
{
    auto_free struct entry **taken = calloc(log->capacity + 1, sizeof(struct entry *));
    json_t *value = json_array();
    if (taken == NULL) {
        json_decref(value);
        return NULL;
    }
    pthread_mutex_lock(&log->mutex);
    uint64_t total = log->total;
    uint64_t evicted = log->evicted;
    for (size_t i = 0; i < log->capacity && i < total; i++) {
        taken[i] = log->ring[(total - i) % log->capacity];
        if (taken[i] != NULL) {
            atomic_fetch_add(&taken[i]->references, 1);
        }
    }
    pthread_mutex_unlock(&log->mutex);
    size_t count = 0;
    for (size_t i = 0; i < log->capacity; i++) {
        if (taken[i] != NULL && passes(taken[i], filter)) {
            count++;
            if (filter->limit == 0 || count <= filter->limit) {
                json_array_append_new(value, write_entry(taken[i]));
            }
        }
        drop(taken[i]);
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:o}", "count", (json_int_t)count, "total", (json_int_t)total,
                     "evicted", (json_int_t)evicted, "capacity", (json_int_t)log->capacity, "value", value);
}

void request_log_clear(struct request_log *log)
{
    auto_free struct entry **fresh = calloc(log->capacity + 1, sizeof(struct entry *));
    if (fresh == NULL) {
        return;
    }
    pthread_mutex_lock(&log->mutex);
    struct entry **old = log->ring;
    log->ring = TAKE(fresh);
    log->total = 0;
    log->evicted = 0;
    pthread_mutex_unlock(&log->mutex);
    for (size_t i = 0; i < log->capacity; i++) {
        drop(old[i]);
    }
    free(old);
}

void request_log_clear_subscription(struct request_log *log, const char *subscription_id)
{
    pthread_mutex_lock(&log->mutex);
    for (size_t i = 0; i < log->capacity; i++) {
        if (log->ring[i] != NULL && is_of_subscription(log->ring[i], subscription_id)) {
            drop(log->ring[i]);
            log->ring[i] = NULL;
        }
    }
    pthread_mutex_unlock(&log->mutex);
}

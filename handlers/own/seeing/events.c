/* SPDX-License-Identifier: MIT */
/* Changes of migrations and servers as server-sent events, each a CloudEvent 1.0. */
#include <stdlib.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/str.h"
#include "handlers/arm/app.h"
#include "handlers/own/seeing/seeing.h"
#include "server/reply.h"
#include "server/stream.h"
#include "store/testing/change_events.h"

enum { EVENTS_AT_ONCE = 100 };

struct reader {
    struct store *store;
    char *subscription_id; /* or NULL: all */
    int64_t after_id;
    bool greeted;
};

static void free_reader(void *state)
{
    struct reader *reader = state;
    free(reader->subscription_id);
    free(reader);
}

/* Without a line "event:", so that EventSource's onmessage gets all of them; the type is in the event. */
static void write_event(const struct change_event *row, struct buf *text)
{
    char at[CLOCK_TEXT_SIZE];
    char id[24];
    snprintf(id, sizeof(id), "%lld", (long long)row->id);
    json_auto_t *event =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o*}", "specversion", "1.0", "id", id, "source",
                  row->source, "type", row->type, "time", clock_format(row->at_us, at), "datacontenttype",
                  "application/json", "data", memory_parse_text(row->data, 0));
    auto_free char *line = event == NULL ? NULL : json_dumps(event, JSON_COMPACT);
    if (line != NULL) {
        buf_addf(text, "id: %s\ndata: %s\n\n", id, line);
    }
}

/* A store that is busy is asked again after the next change. */
static bool fill(void *state, struct buf *text)
{
    struct reader *reader = state;
    struct change_event *rows = NULL;
    size_t count = 0;
    struct err err = {0};
    if (!reader->greeted) {
        buf_adds(text, "retry: 1000\n\n");
        reader->greeted = true;
    }
    if (store_change_event_list(reader->store, reader->after_id, reader->subscription_id, EVENTS_AT_ONCE,
                                &err, &rows, &count) < 0) {
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        write_event(&rows[i], text);
        reader->after_id = rows[i].id;
    }
    change_events_free(rows, count);
    return !buf_failed(text);
}

/* Last-Event-ID, which a browser sends when it reconnects, else the parameter after; default: the newest. */
static int read_after(const struct request *request, struct err *err, int64_t *ret_id)
{
    const char *text =
        request->last_event_id != NULL ? request->last_event_id : request_query(request, "after");
    int64_t newest = 0;
    if (store_change_event_newest(request->app->store, err, &newest) < 0) {
        return -1;
    }
    *ret_id = newest;
    if (text != NULL && !str_to_int(text, 0, INT64_MAX, ret_id)) {
        err_set(err, ERR_BAD_PARAMETER, "The id of the last event is '%.60s'; it must be a number.", text);
        return err_target(err, "after");
    }
    *ret_id = *ret_id < newest ? *ret_id : newest;
    return 0;
}

void malachite_events(struct request *request)
{
    struct err err = {0};
    int64_t after_id = 0;
    if (read_after(request, &err, &after_id) < 0) {
        reply_error(request, &err);
        return;
    }
    const char *subscription_id = request_query(request, "subscription");
    struct reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL ||
        (subscription_id != NULL && !str_replace(&reader->subscription_id, subscription_id))) {
        free(reader);
        err_no_memory(&err);
        reply_error(request, &err);
        return;
    }
    reader->store = request->app->store;
    reader->after_id = after_id;
    const struct stream_source source = {fill, free_reader, reader};
    reply_stream(request, "text/event-stream", &source);
}

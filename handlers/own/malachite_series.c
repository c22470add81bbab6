/* SPDX-License-Identifier: MIT */
/* How fast a migration moved, for charts: the points that executor/series/ keeps. */
#include <stdlib.h>

#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "executor/series/series.h"
#include "handlers/arm/app.h"
#include "handlers/own/own.h"
#include "server/reply.h"

/* With one decimal below 10: slow changes are no standstill. */
static json_t *write_speed(int64_t count, double seconds)
{
    double speed = (double)count / seconds;
    return speed < 10 ? json_real((double)(int)(speed * 10 + 0.5) / 10)
                      : json_integer((json_int_t)(speed + 0.5));
}

static json_t *write_point(const struct ring_point *point)
{
    char from[CLOCK_TEXT_SIZE];
    char at[CLOCK_TEXT_SIZE];
    double seconds = (double)(point->at_us - point->from_us) / 1e6;
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:I, s:I}", "from", clock_format(point->from_us, from), "at",
                     clock_format(point->at_us, at), "bytesPerSecond", write_speed(point->bytes, seconds),
                     "rowsPerSecond", write_speed(point->rows, seconds), "changesPerSecond",
                     write_speed(point->changes, seconds), "pendingBytes", (json_int_t)point->pending_bytes,
                     "lagSeconds", (json_int_t)point->lag_seconds);
}

int own_series_add(const struct request *request, const char *after, int64_t migration_id, json_t *object,
                   struct err *err)
{
    int64_t after_us = 0;
    if (after != NULL && !clock_parse(after, &after_us)) {
        err_set(err, ERR_BAD_PARAMETER,
                "The query parameter pointsAfter is '%.60s'; it must be a date and time such as "
                "2026-01-31T18:30:00Z.",
                after);
        return err_target(err, "pointsAfter");
    }
    struct ring_point *points = NULL;
    size_t count = 0;
    if (series_read(request->app->executor, migration_id, after_us, err, &points, &count) < 0) {
        return -1;
    }
    json_t *array = json_array();
    int failed = 0;
    for (size_t i = 0; i < count && failed == 0; i++) {
        failed = json_array_append_new(array, write_point(&points[i]));
    }
    free(points);
    if (failed != 0) {
        json_decref(array);
        return err_no_memory(err);
    }
    return json_object_set_new(object, "points", array) < 0 ? err_no_memory(err) : 0;
}

void malachite_migration_series(struct request *request)
{
    struct err err = {0};
    auto_migration struct migration migration = {0};
    if (own_migration_find(request, &err, &migration) < 0) {
        reply_error(request, &err);
        return;
    }
    json_auto_t *object = json_object();
    json_set_text(object, "migrationId", migration.uuid);
    json_set_text(object, "name", migration.name);
    if (own_series_add(request, request_query(request, "pointsAfter"), migration.id, object, &err) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_json(request, 200, TAKE(object));
}

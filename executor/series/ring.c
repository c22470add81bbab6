/* SPDX-License-Identifier: MIT */
#include "executor/series/ring.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_AT_FIRST = 32 };

void ring_done(struct ring *ring)
{
    free(ring->points);
    *ring = (struct ring){0};
}

static bool make_room(struct ring *ring, size_t wanted)
{
    if (wanted <= ring->room) {
        return true;
    }
    size_t room = ring->room == 0 ? ROOM_AT_FIRST : ring->room * 2;
    room = room < wanted ? wanted : room > RING_POINTS_MAX ? RING_POINTS_MAX : room;
    struct ring_point *points = realloc(ring->points, room * sizeof(*points));
    if (points == NULL) {
        return false;
    }
    ring->points = points;
    ring->room = room;
    return true;
}

void ring_load(struct ring *ring, const struct ring_point *points, size_t count)
{
    ring_done(ring);
    int64_t end_us = 0;
    for (size_t i = 0; i < count; i++) {
        if (points[i].from_us < end_us || points[i].at_us <= points[i].from_us) {
            return;
        }
        end_us = points[i].at_us;
    }
    if (count > 0 && count <= RING_POINTS_MAX && make_room(ring, count)) {
        memcpy(ring->points, points, count * sizeof(*points));
        ring->count = count;
    }
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Makes one point of "index" and the next. */
static void join_points(struct ring *ring, size_t index)
{
    struct ring_point *point = &ring->points[index];
    const struct ring_point *next = point + 1;
    *point = (struct ring_point){.from_us = point->from_us,
                                 .at_us = next->at_us,
                                 .rows = point->rows + next->rows,
                                 .bytes = point->bytes + next->bytes,
                                 .changes = point->changes + next->changes,
                                 .pending_bytes = most(point->pending_bytes, next->pending_bytes),
                                 .lag_seconds = most(point->lag_seconds, next->lag_seconds)};
    memmove(point + 1, point + 2, (ring->count - index - 2) * sizeof(*point));
    ring->count--;
}

/* A pause of Malachite between two points stays one: it would dilute the speed of a joined point. */
static void give_up_one(struct ring *ring)
{
    size_t found = ring->count;
    int64_t shortest = INT64_MAX;
    for (size_t i = 0; i + 1 < ring->count - RING_FINE_POINTS; i++) {
        const struct ring_point *point = &ring->points[i];
        int64_t length = point[1].at_us - point->from_us;
        if (point->at_us == point[1].from_us && length < shortest) {
            shortest = length;
            found = i;
        }
    }
    if (found < ring->count) {
        join_points(ring, found);
        return;
    }
    memmove(ring->points, ring->points + 1, (ring->count - 1) * sizeof(*ring->points));
    ring->count--;
}

static bool is_quiet(const struct ring_point *point)
{
    return point->rows == 0 && point->bytes == 0 && point->changes == 0;
}

static bool is_level(const struct ring_point *a, const struct ring_point *b)
{
    return a->pending_bytes == b->pending_bytes && a->lag_seconds == b->lag_seconds;
}

static void append(struct ring *ring, const struct ring_point *point)
{
    struct ring_point *newest = ring->count == 0 ? NULL : &ring->points[ring->count - 1];
    if (newest != NULL && newest->at_us == point->from_us && is_quiet(newest) && is_quiet(point) &&
        is_level(newest, point)) {
        newest->at_us = point->at_us;
        return;
    }
    if (ring->count == RING_POINTS_MAX) {
        give_up_one(ring);
    }
    if (make_room(ring, ring->count + 1)) {
        ring->points[ring->count++] = *point;
    }
}

void ring_add(struct ring *ring, const struct ring_sample *sample)
{
    const struct ring_sample *last = &ring->last;
    int64_t end_us = ring->count == 0 ? 0 : ring->points[ring->count - 1].at_us;
    if (sample->at_us < end_us || sample->at_us <= last->at_us) {
        ring_done(ring); /* the clock was set back */
        last = &ring->last;
    }
    const struct ring_point point = {.from_us = last->at_us,
                                     .at_us = sample->at_us,
                                     .rows = most(0, sample->rows - last->rows),
                                     .bytes = most(0, sample->bytes - last->bytes),
                                     .changes = most(0, sample->changes - last->changes),
                                     .pending_bytes = sample->pending_bytes,
                                     .lag_seconds = sample->lag_seconds};
    /* Figures are stored about once a second: sampled in between, one interval would look idle and the next
     * one twice as fast. */
    bool level = sample->pending_bytes == last->pending_bytes && sample->lag_seconds == last->lag_seconds;
    if (last->at_us != 0 && is_quiet(&point) && level && point.at_us - point.from_us < RING_QUIET_US) {
        return;
    }
    if (last->at_us != 0) {
        append(ring, &point);
    }
    ring->last = *sample;
}

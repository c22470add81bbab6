/* SPDX-License-Identifier: MIT */
#include "engine/copy/copy_pieces.h"

#include <stdlib.h>

/* A table of less than two of these pieces is not worth the rows that a single one could freeze. */
enum { LANES_MAX = 64, LEAST_BYTES = 32 * 1024 * 1024, PIECES_PER_LANE = 2, PARTS_MAX = 4096 };

struct plan {
    const struct copy_split *split;
    const struct catalog_table **tables; /* largest first */
    uint32_t *parts;                     /* of each */
    size_t count;
};

static void plan_done(struct plan *plan)
{
    free(plan->tables);
    free(plan->parts);
}

static int larger_first(const void *a, const void *b)
{
    const struct catalog_table *left = *(const struct catalog_table *const *)a;
    const struct catalog_table *right = *(const struct catalog_table *const *)b;
    if (left->bytes != right->bytes) {
        return left->bytes > right->bytes ? -1 : 1;
    }
    return left->oid < right->oid ? -1 : left->oid > right->oid;
}

static int plan_init(struct plan *plan, const struct catalog *catalog, struct err *err)
{
    plan->count = catalog->table_count;
    plan->tables = calloc(plan->count + 1, sizeof(const struct catalog_table *));
    plan->parts = calloc(plan->count + 1, sizeof(*plan->parts));
    if (plan->tables == NULL || plan->parts == NULL) {
        err_no_memory(err);
        return -1;
    }
    for (size_t i = 0; i < plan->count; i++) {
        plan->tables[i] = &catalog->tables[i];
        plan->parts[i] = 1;
    }
    qsort(plan->tables, plan->count, sizeof(const struct catalog_table *), larger_first);
    return 0;
}

static bool can_split(const struct catalog_table *table)
{
    return table->blocks > 1 && table->columns != NULL && table->condition == NULL;
}

static uint32_t bounded(const struct catalog_table *table, int64_t parts)
{
    int64_t most = table->blocks < PARTS_MAX ? table->blocks : PARTS_MAX;
    return (uint32_t)(parts < 1 ? 1 : parts < most ? parts : most);
}

/* No piece is larger than split->piece_bytes. */
static void split_large(struct plan *plan)
{
    for (size_t i = 0; i < plan->count && plan->split->piece_bytes > 0; i++) {
        if (can_split(plan->tables[i])) {
            plan->parts[i] =
                bounded(plan->tables[i],
                        (plan->tables[i]->bytes + plan->split->piece_bytes - 1) / plan->split->piece_bytes);
        }
    }
}

static int least_loaded(const int64_t *loads, int lanes)
{
    int least = 0;
    for (int i = 1; i < lanes; i++) {
        least = loads[i] < loads[least] ? i : least;
    }
    return least;
}

/* Deals the tables out to lanes. A table with which a lane would work on while the others are idle is split
 * for all of them. */
static void split_for_lanes(struct plan *plan, int lanes)
{
    int64_t loads[LANES_MAX] = {0};
    int64_t fair = 0;
    for (size_t i = 0; i < plan->count; i++) {
        fair += plan->tables[i]->bytes / lanes;
    }
    for (size_t i = 0; i < plan->count; i++) {
        const struct catalog_table *table = plan->tables[i];
        int lane = least_loaded(loads, lanes);
        bool late = loads[lane] + table->bytes > fair + fair / 10;
        if (plan->parts[i] == 1 && (!late || !can_split(table) || table->bytes < 2 * (int64_t)LEAST_BYTES)) {
            loads[lane] += table->bytes;
            continue;
        }
        int64_t wanted = table->bytes / LEAST_BYTES;
        wanted = wanted < (int64_t)lanes * PIECES_PER_LANE ? wanted : (int64_t)lanes * PIECES_PER_LANE;
        plan->parts[i] = plan->parts[i] > wanted ? plan->parts[i] : bounded(table, wanted);
        for (int j = 0; j < lanes; j++) {
            loads[j] += table->bytes / lanes;
        }
    }
}

static int larger_piece_first(const void *a, const void *b)
{
    const struct copy_piece *left = a;
    const struct copy_piece *right = b;
    if (left->size != right->size) {
        return left->size > right->size ? -1 : 1;
    }
    if (left->table->oid != right->table->oid) {
        return left->table->oid < right->table->oid ? -1 : 1;
    }
    return left->part < right->part ? -1 : left->part > right->part;
}

static int make_pieces(const struct plan *plan, struct err *err, struct copy_piece **ret_pieces,
                       size_t *ret_count)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        count += plan->parts[i];
    }
    struct copy_piece *pieces = calloc(count + 1, sizeof(*pieces));
    if (pieces == NULL) {
        return err_no_memory(err);
    }
    struct copy_piece *next = pieces;
    for (size_t i = 0; i < plan->count; i++) {
        const struct catalog_table *table = plan->tables[i];
        uint64_t parts = plan->parts[i];
        for (uint64_t part = 0; part < parts; part++) {
            *next++ = (struct copy_piece){
                .table = table,
                .part = (uint32_t)part,
                .parts = (uint32_t)parts,
                .first_block = (uint32_t)(table->blocks * part / parts),
                .end_block = part + 1 < parts ? (uint32_t)(table->blocks * (part + 1) / parts) : 0,
                .size = table->bytes / (int64_t)parts};
        }
    }
    qsort(pieces, count, sizeof(*pieces), larger_piece_first);
    *ret_pieces = pieces;
    *ret_count = count;
    return 0;
}

int copy_pieces_new(const struct catalog *catalog, const struct copy_split *split, struct err *err,
                    struct copy_piece **ret_pieces, size_t *ret_count)
{
    struct plan plan = {.split = split};
    int result = plan_init(&plan, catalog, err);
    if (result == 0) {
        split_large(&plan);
        if (split->lanes > 1) {
            split_for_lanes(&plan, split->lanes < LANES_MAX ? split->lanes : LANES_MAX);
        }
        result = make_pieces(&plan, err, ret_pieces, ret_count);
    }
    plan_done(&plan);
    return result;
}

const struct copy_piece *copy_piece_first(const struct copy_piece *piece)
{
    return piece - piece->part;
}

enum copy_state copy_pieces_state(const struct copy_piece *first)
{
    uint32_t queued = 0;
    uint32_t completed = 0;
    for (uint32_t i = 0; i < first->parts; i++) {
        int state = atomic_load(&first[i].state);
        if (state == COPY_ERRORED) {
            return COPY_ERRORED;
        }
        queued += state == COPY_QUEUED ? 1 : 0;
        completed += state == COPY_COMPLETED ? 1 : 0;
    }
    return completed == first->parts ? COPY_COMPLETED : queued == first->parts ? COPY_QUEUED : COPY_LOADING;
}

/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "core/attr.h"
#include "engine/copy/copy_pieces.h"

enum { MB = 1024 * 1024, BLOCK = 8192, TABLES_MAX = 8 };

static char columns[] = "\"id\"";

struct world {
    struct catalog_table tables[TABLES_MAX];
    struct catalog catalog;
    struct copy_piece *pieces;
    size_t count;
};

static void add_table(struct world *world, int64_t megabytes)
{
    size_t i = world->catalog.table_count++;
    world->catalog.tables = world->tables;
    world->tables[i] = (struct catalog_table){.oid = 100 + (uint32_t)i,
                                              .columns = columns,
                                              .bytes = megabytes * MB,
                                              .blocks = (uint32_t)(megabytes * MB / BLOCK)};
}

/* Pieces of table i; they must be its neighbours in order, and be its blocks without gap and overlap. */
static uint32_t parts_of(const struct world *world, size_t i)
{
    uint32_t parts = 0;
    uint32_t next_block = 0;
    for (size_t at = 0; at < world->count; at++) {
        const struct copy_piece *piece = &world->pieces[at];
        if (piece->table != &world->tables[i]) {
            continue;
        }
        assert_int_equal(piece->part, parts);
        assert_int_equal(piece->first_block, next_block);
        assert_ptr_equal(copy_piece_first(piece)->table, piece->table);
        assert_int_equal(copy_piece_first(piece)->part, 0);
        next_block = piece->end_block;
        parts++;
        assert_true(parts == piece->parts ? piece->end_block == 0 : piece->end_block > piece->first_block);
    }
    return parts;
}

static void split(struct world *world, int64_t piece_bytes, int lanes)
{
    struct err err = {0};
    const struct copy_split how = {.piece_bytes = piece_bytes, .lanes = lanes};
    free(world->pieces);
    assert_int_equal(copy_pieces_new(&world->catalog, &how, &err, &world->pieces, &world->count), 0);
    for (size_t i = 1; i < world->count; i++) {
        assert_true(world->pieces[i - 1].size >= world->pieces[i].size);
    }
}

static void test_a_table_that_would_leave_lanes_idle_is_split(void **state)
{
    (void)state;
    struct world world = {0};
    add_table(&world, 1300);
    add_table(&world, 1);
    split(&world, 0, 2);
    assert_int_equal(parts_of(&world, 0), 4);
    assert_int_equal(parts_of(&world, 1), 1);
    split(&world, 0, 1);
    assert_int_equal(parts_of(&world, 0), 1);
    split(&world, 0, 64);
    assert_int_equal(parts_of(&world, 0), 40); /* of at least 32 MB */
    free(world.pieces);
}

static void test_only_the_last_of_three_equal_tables_is_split_for_two_lanes(void **state)
{
    (void)state;
    struct world world = {0};
    for (int i = 0; i < 3; i++) {
        add_table(&world, 300);
    }
    split(&world, 0, 2);
    assert_int_equal(parts_of(&world, 0), 1);
    assert_int_equal(parts_of(&world, 1), 1);
    assert_int_equal(parts_of(&world, 2), 4);
    add_table(&world, 300);
    split(&world, 0, 2);
    assert_int_equal(world.count, 4); /* two for each lane */
    free(world.pieces);
}

static void test_no_piece_is_larger_than_the_parameter_says(void **state)
{
    (void)state;
    struct world world = {0};
    add_table(&world, 10);
    add_table(&world, 3);
    add_table(&world, 0);
    split(&world, 3 * (int64_t)MB, 0);
    assert_int_equal(parts_of(&world, 0), 4);
    assert_int_equal(parts_of(&world, 1), 1);
    assert_int_equal(parts_of(&world, 2), 1);
    split(&world, 1, 0);
    assert_int_equal(parts_of(&world, 0), 10 * MB / BLOCK); /* a block at least */
    free(world.pieces);
}

static void test_what_has_no_blocks_to_choose_from_stays_whole(void **state)
{
    (void)state;
    struct world world = {0};
    char condition[] = "WHERE true";
    for (int i = 0; i < 3; i++) {
        add_table(&world, 1000);
    }
    world.tables[0].blocks = 0;
    world.tables[1].columns = NULL;
    world.tables[2].condition = condition;
    split(&world, MB, 8);
    assert_int_equal(world.count, 3);
    free(world.pieces);
}

static void test_a_table_is_complete_when_all_its_pieces_are(void **state)
{
    (void)state;
    struct copy_piece pieces[3] = {{.parts = 3}, {.part = 1, .parts = 3}, {.part = 2, .parts = 3}};
    assert_int_equal(copy_pieces_state(pieces), COPY_QUEUED);
    pieces[1].state = COPY_COMPLETED;
    assert_int_equal(copy_pieces_state(pieces), COPY_LOADING);
    pieces[0].state = COPY_COMPLETED;
    pieces[2].state = COPY_LOADING;
    assert_int_equal(copy_pieces_state(pieces), COPY_LOADING);
    pieces[2].state = COPY_COMPLETED;
    assert_int_equal(copy_pieces_state(pieces), COPY_COMPLETED);
    pieces[1].state = COPY_ERRORED;
    assert_int_equal(copy_pieces_state(pieces), COPY_ERRORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_table_that_would_leave_lanes_idle_is_split),
        cmocka_unit_test(test_only_the_last_of_three_equal_tables_is_split_for_two_lanes),
        cmocka_unit_test(test_no_piece_is_larger_than_the_parameter_says),
        cmocka_unit_test(test_what_has_no_blocks_to_choose_from_stays_whole),
        cmocka_unit_test(test_a_table_is_complete_when_all_its_pieces_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

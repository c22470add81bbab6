/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "store/rows/words.h"

static const int counts[WORDS_COUNT] = {
    [WORDS_MIGRATION_STATE] = STATE_COUNT,
    [WORDS_SUBSTATE] = SUB_COUNT,
    [WORDS_DATABASE_STATE] = DB_COUNT,
    [WORDS_TABLE_STATE] = TABLE_STATE_COUNT,
    [WORDS_MIGRATION_MODE] = MODE_COUNT,
    [WORDS_MIGRATION_OPTION] = MIGRATION_OPTION_COUNT,
    [WORDS_SERVER_KIND] = SERVER_KIND_COUNT,
    [WORDS_SERVER_STATE] = SERVER_STATE_COUNT,
    [WORDS_OPERATION_STATUS] = OPERATION_STATUS_COUNT,
    [WORDS_OPERATION_KIND] = OPERATION_KIND_COUNT,
    [WORDS_SERVER_CHILD] = SERVER_CHILD_COUNT,
};

static void every_word_leads_back_to_its_value(void **state)
{
    (void)state;
    for (int v = 0; v < WORDS_COUNT; v++) {
        assert_true(counts[v] > 0);
        for (int i = 0; i < counts[v]; i++) {
            const char *word = word_of((enum vocabulary)v, i);
            assert_non_null(word);
            assert_int_equal(word_to_value((enum vocabulary)v, word), i);
        }
    }
}

static void a_value_outside_its_list_has_no_word(void **state)
{
    (void)state;
    for (int v = 0; v < WORDS_COUNT; v++) {
        assert_null(word_of((enum vocabulary)v, -1));
        assert_null(word_of((enum vocabulary)v, counts[v]));
    }
}

static void words_are_compared_without_case(void **state)
{
    (void)state;
    assert_int_equal(word_to_value(WORDS_SUBSTATE, "MIGRATINGDATA"), SUB_MIGRATING_DATA);
    assert_int_equal(word_to_value(WORDS_SUBSTATE, "MigratingDat"), -1);
    assert_int_equal(word_to_value(WORDS_SUBSTATE, ""), -1);
    assert_int_equal(word_to_value(WORDS_SUBSTATE, NULL), -1);
}

static void four_states_are_terminal(void **state)
{
    (void)state;
    int terminal = 0;
    for (int i = 0; i < STATE_COUNT; i++) {
        terminal += migration_state_is_terminal((enum migration_state)i);
    }
    assert_int_equal(terminal, 4);
    assert_false(migration_state_is_terminal(STATE_CLEANING_UP));
    assert_true(migration_state_is_terminal(STATE_VALIDATION_FAILED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_leads_back_to_its_value),
        cmocka_unit_test(a_value_outside_its_list_has_no_word),
        cmocka_unit_test(words_are_compared_without_case),
        cmocka_unit_test(four_states_are_terminal),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}

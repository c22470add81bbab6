/* SPDX-License-Identifier: MIT */
#include "store/rows/words.h"

#include <stddef.h>
#include <strings.h>

#include "core/attr.h"

#define WORD_TEXT(id, text) [id] = text,
static const char *const migration_states[] = {MIGRATION_STATE_LIST(WORD_TEXT)};
static const char *const substates[] = {SUBSTATE_LIST(WORD_TEXT)};
static const char *const database_states[] = {DATABASE_STATE_LIST(WORD_TEXT)};
static const char *const table_states[] = {TABLE_STATE_LIST(WORD_TEXT)};
static const char *const migration_modes[] = {MIGRATION_MODE_LIST(WORD_TEXT)};
static const char *const migration_options[] = {MIGRATION_OPTION_LIST(WORD_TEXT)};
static const char *const server_kinds[] = {SERVER_KIND_LIST(WORD_TEXT)};
static const char *const server_states[] = {SERVER_STATE_LIST(WORD_TEXT)};
static const char *const operation_statuses[] = {OPERATION_STATUS_LIST(WORD_TEXT)};
static const char *const operation_kinds[] = {OPERATION_KIND_LIST(WORD_TEXT)};
static const char *const server_children[] = {SERVER_CHILD_LIST(WORD_TEXT)};
#undef WORD_TEXT

static const struct {
    const char *const *words;
    int count;
} vocabularies[] = {
    [WORDS_MIGRATION_STATE] = {migration_states, STATE_COUNT},
    [WORDS_SUBSTATE] = {substates, SUB_COUNT},
    [WORDS_DATABASE_STATE] = {database_states, DB_COUNT},
    [WORDS_TABLE_STATE] = {table_states, TABLE_STATE_COUNT},
    [WORDS_MIGRATION_MODE] = {migration_modes, MODE_COUNT},
    [WORDS_MIGRATION_OPTION] = {migration_options, MIGRATION_OPTION_COUNT},
    [WORDS_SERVER_KIND] = {server_kinds, SERVER_KIND_COUNT},
    [WORDS_SERVER_STATE] = {server_states, SERVER_STATE_COUNT},
    [WORDS_OPERATION_STATUS] = {operation_statuses, OPERATION_STATUS_COUNT},
    [WORDS_OPERATION_KIND] = {operation_kinds, OPERATION_KIND_COUNT},
    [WORDS_SERVER_CHILD] = {server_children, SERVER_CHILD_COUNT},
};
_Static_assert(ARRAY_LEN(vocabularies) == WORDS_COUNT, "a vocabulary is missing");

const char *word_of(enum vocabulary vocabulary, int value)
{
    if (value < 0 || value >= vocabularies[vocabulary].count) {
        return NULL;
    }
    return vocabularies[vocabulary].words[value];
}

int word_to_value(enum vocabulary vocabulary, const char *text)
{
    for (int i = 0; text != NULL && i < vocabularies[vocabulary].count; i++) {
        if (strcasecmp(vocabularies[vocabulary].words[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

bool migration_state_is_terminal(enum migration_state state)
{
    switch (state) {
    case STATE_SUCCEEDED:
    case STATE_FAILED:
    case STATE_CANCELED:
    case STATE_VALIDATION_FAILED:
        return true;
    case STATE_IN_PROGRESS:
    case STATE_WAITING_FOR_USER_ACTION:
    case STATE_CLEANING_UP:
    case STATE_COUNT:
        return false;
    }
    return false;
}

/* SPDX-License-Identifier: MIT */
/* Whether a recording can be played back: errors name the path of the entry. */
#include "handlers/own/seeing/recording_check.h"

#include "core/str.h"
#include "executor/fsm/migration_fsm.h"
#include "store/rows/words.h"

enum { ENTRIES_MAX = 20000, DATABASES_MAX = 200 };

static const double at_max = 3650.0 * 24 * 3600;

static int refuse(struct err *err, size_t index, const char *member, const char *rule)
{
    err_set(err, ERR_BAD_CONTENT, "The recording's 'timeline[%zu].%s' %s.", index, member, rule);
    return err_target(err, "timeline[%zu].%s", index, member);
}

static int check_names(const json_t *names, struct err *err)
{
    size_t count = json_array_size(names);
    bool good = json_is_array(names) && count > 0 && count <= DATABASES_MAX;
    for (size_t i = 0; i < count && good; i++) {
        good = json_is_string(json_array_get(names, i));
    }
    if (good) {
        return 0;
    }
    err_set(err, ERR_BAD_CONTENT, "The recording's 'databases' must be a list of 1 to %d names.",
            DATABASES_MAX);
    return err_target(err, "databases");
}

static int check_word(const json_t *entry, size_t index, const char *member, enum vocabulary vocabulary,
                      struct err *err, int *ret_value)
{
    *ret_value = word_to_value(vocabulary, json_string_value(json_object_get(entry, member)));
    return *ret_value < 0 ? refuse(err, index, member, "is not one of the service's words") : 0;
}

static int check_text(const json_t *entry, size_t index, const char *member, struct err *err)
{
    const json_t *value = json_object_get(entry, member);
    return value == NULL || json_is_null(value) || json_is_string(value)
               ? 0
               : refuse(err, index, member, "must be a string, or null");
}

static int check_database(const json_t *entry, size_t index, const json_t *names, struct err *err)
{
    static const char *const figures[] = {
        "tablesQueued",   "tablesLoading", "tablesCompleted", "tablesErrored", "rowsCopied",
        "bytesCopied",    "bytesTotal",    "inserts",         "updates",       "deletes",
        "appliedChanges", "pendingBytes",  "latencySeconds"};
    const char *name = json_string_value(json_object_get(entry, "database"));
    bool known = false;
    int state = 0;
    for (size_t i = 0; i < json_array_size(names); i++) {
        known = known || str_equals(json_string_value(json_array_get(names, i)), name);
    }
    if (name == NULL || !known) {
        return refuse(err, index, "database", "is not in the list 'databases'");
    }
    for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
        const json_t *value = json_object_get(entry, figures[i]);
        if (value != NULL && (!json_is_integer(value) || json_integer_value(value) < 0)) {
            return refuse(err, index, figures[i], "must be a number from 0");
        }
    }
    return check_word(entry, index, "state", WORDS_DATABASE_STATE, err, &state) < 0 ||
                   check_text(entry, index, "operation", err) < 0 ||
                   check_text(entry, index, "message", err) < 0
               ? -1
               : 0;
}

/* *substate: that of the entry before, -1: there is none. */
static int check_migration(const json_t *entry, size_t index, struct err *err, int *substate)
{
    int state = 0;
    int to = 0;
    if (check_word(entry, index, "state", WORDS_MIGRATION_STATE, err, &state) < 0 ||
        check_word(entry, index, "substate", WORDS_SUBSTATE, err, &to) < 0 ||
        check_text(entry, index, "error", err) < 0) {
        return -1;
    }
    int from = *substate < 0 ? SUB_PERFORMING_PREREQUISITE_STEPS : *substate;
    if (to != from && !migration_may_move((enum migration_substate)from, (enum migration_substate)to)) {
        return refuse(err, index, "substate", "cannot follow the one before");
    }
    bool ended = state == STATE_SUCCEEDED || state == STATE_FAILED || state == STATE_CANCELED ||
                 state == STATE_VALIDATION_FAILED;
    if (ended != (to == SUB_COMPLETED)) {
        return refuse(err, index, "state", "does not belong to its substate");
    }
    *substate = to;
    return 0;
}

int recording_check(const json_t *recording, struct err *err)
{
    const json_t *names = json_object_get(recording, "databases");
    const json_t *timeline = json_object_get(recording, "timeline");
    size_t count = json_array_size(timeline);
    int substate = -1;
    double before = 0;
    if (check_names(names, err) < 0) {
        return -1;
    }
    if (!json_is_array(timeline) || count == 0 || count > ENTRIES_MAX) {
        err_set(err, ERR_BAD_CONTENT, "The recording's 'timeline' must be a list of 1 to %d entries.",
                ENTRIES_MAX);
        return err_target(err, "timeline");
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(timeline, i);
        const json_t *at = json_object_get(entry, "at");
        if (!json_is_number(at) || json_number_value(at) < before || json_number_value(at) > at_max) {
            return refuse(err, i, "at",
                          "must be a number of seconds, not less than that of the previous entry");
        }
        before = json_number_value(at);
        bool of_database = json_object_get(entry, "database") != NULL;
        if ((of_database ? check_database(entry, i, names, err) : check_migration(entry, i, err, &substate)) <
            0) {
            return -1;
        }
    }
    return 0;
}

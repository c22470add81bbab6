/* SPDX-License-Identifier: MIT */
/* A long poll for a migration: it ends as soon as a commit of the store makes the condition true. */
#include "core/str.h"
#include "handlers/arm/app.h"
#include "handlers/own/own.h"
#include "handlers/own/seeing/seeing.h"
#include "handlers/own/seeing/wait_timeout.h"
#include "server/reply.h"

/* What to wait for; members that are not given do not restrict. */
struct condition {
    int state;    /* enum migration_state, or -1 */
    int substate; /* enum migration_substate, or -1 */
    const char *database;
    int64_t pending_max; /* incomingChanges, or -1 */
};

static int read_word(const struct request *request, const char *name, enum vocabulary vocabulary, int count,
                     struct err *err, int *ret_value)
{
    const char *text = request_query(request, name);
    *ret_value = text == NULL ? -1 : word_to_value(vocabulary, text);
    if (text == NULL || *ret_value >= 0) {
        return 0;
    }
    err_set(err, ERR_BAD_PARAMETER, "The query parameter %s is '%.60s'; it must be one of: ", name, text);
    for (int i = 0; i < count; i++) {
        err_append(err, "%s%s", word_of(vocabulary, i), i + 1 < count ? ", " : ".");
    }
    return err_target(err, "%s", name);
}

static int read_condition(const struct request *request, struct err *err, struct condition *ret_condition)
{
    const char *changes = request_query(request, "incomingChanges");
    ret_condition->database = request_query(request, "database");
    ret_condition->pending_max = -1;
    if (read_word(request, "state", WORDS_MIGRATION_STATE, STATE_COUNT, err, &ret_condition->state) < 0 ||
        read_word(request, "substate", WORDS_SUBSTATE, SUB_COUNT, err, &ret_condition->substate) < 0) {
        return -1;
    }
    if (changes != NULL && (!str_to_int(changes, 0, INT64_MAX, &ret_condition->pending_max) ||
                            ret_condition->database == NULL)) {
        err_set(
            err, ERR_BAD_PARAMETER,
            "The query parameter incomingChanges is '%.60s'; it must be a number of bytes from 0, together "
            "with the parameter database.",
            changes);
        return err_target(err, "incomingChanges");
    }
    if (ret_condition->state < 0 && ret_condition->substate < 0 && ret_condition->pending_max < 0) {
        return err_set(
            err, ERR_BAD_PARAMETER,
            "There is nothing to wait for: give state, substate, or database and incomingChanges.");
    }
    return 0;
}

/* Whether the migration has been in this state and substate since the wait began: a short one is not missed.
 */
static int was_there(const struct request *request, int64_t id, const struct condition *condition,
                     struct err *err)
{
    struct migration_event *events = NULL;
    size_t count = 0;
    if (store_event_list(request->app->store, id, err, &events, &count) < 0) {
        return -1;
    }
    int found = 0;
    for (size_t i = 0; i < count; i++) {
        const struct migration_event *event = &events[i];
        found = found || (event->at_us >= request->started_us &&
                          (condition->state < 0 || (int)event->state == condition->state) &&
                          (condition->substate < 0 || (int)event->substate == condition->substate));
    }
    migration_events_free(events, count);
    return found;
}

static int has_caught_up(const struct request *request, int64_t id, const struct condition *condition,
                         struct err *err)
{
    struct migration_database *rows = NULL;
    size_t count = 0;
    if (store_database_list(request->app->store, id, err, &rows, &count) < 0) {
        return -1;
    }
    int found = 0;
    for (size_t i = 0; i < count; i++) {
        found = found || (str_equals(rows[i].name, condition->database) && rows[i].following &&
                          rows[i].figures.pending_bytes <= condition->pending_max);
    }
    migration_databases_free(rows, count);
    return found;
}

/* 1: fulfilled, 0: not yet. */
static int check(const struct request *request, const struct migration *migration,
                 const struct condition *condition, struct err *err)
{
    bool now = (condition->state < 0 || (int)migration->state == condition->state) &&
               (condition->substate < 0 || (int)migration->substate == condition->substate);
    int good = now ? 1 : was_there(request, migration->id, condition, err);
    if (good == 1 && condition->pending_max >= 0) {
        return has_caught_up(request, migration->id, condition, err);
    }
    return good;
}

void malachite_migration_wait(struct request *request)
{
    struct err err = {0};
    struct condition condition;
    int64_t timeout_ms = 0;
    auto_migration struct migration migration = {0};
    if (read_condition(request, &err, &condition) < 0 || wait_timeout(request, &err, &timeout_ms) < 0 ||
        own_migration_find(request, &err, &migration) < 0) {
        reply_error(request, &err);
        return;
    }
    int good = check(request, &migration, &condition, &err);
    if (good < 0) {
        reply_error(request, &err);
        return;
    }
    if (good == 0 && request_keep_waiting(request, timeout_ms)) {
        return;
    }
    own_migration_reply(request, good == 1 ? 200 : 408, &migration);
}

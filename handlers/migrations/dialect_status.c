/* SPDX-License-Identifier: MIT */
/* properties.currentStatus: state, error, substate, the databases' counters. */
#include "core/attr.h"
#include "core/clock.h"
#include "core/str.h"
#include "handlers/arm/fields.h"
#include "handlers/migrations/dialect.h"

static int32_t clamp_int32(int64_t value)
{
    return value > INT32_MAX ? INT32_MAX : value < 0 ? 0 : (int32_t)value;
}

/* Words that families before C2 do not have are told as the nearest they have. */
static enum migration_state known_state(const struct dialect *dialect, enum migration_state state)
{
    if ((dialect->features & DIALECT_DETAILS) != 0) {
        return state;
    }
    return state == STATE_VALIDATION_FAILED ? STATE_FAILED
           : state == STATE_CLEANING_UP     ? STATE_IN_PROGRESS
                                            : state;
}

static enum migration_substate known_substate(const struct dialect *dialect, enum migration_substate substate)
{
    if ((dialect->features & DIALECT_DETAILS) != 0) {
        return substate;
    }
    return substate == SUB_VALIDATION_IN_PROGRESS ? SUB_PERFORMING_PREREQUISITE_STEPS
           : substate == SUB_CANCELING            ? SUB_COMPLETING_MIGRATION
                                                  : substate;
}

const char *dialect_state_word(const struct dialect *dialect, enum migration_state state)
{
    return word_of(WORDS_MIGRATION_STATE, (int)known_state(dialect, state));
}

const char *dialect_substate_word(const struct dialect *dialect, enum migration_substate substate)
{
    return word_of(WORDS_SUBSTATE, (int)known_substate(dialect, substate));
}

static int set_time(json_t *object, const char *name, int64_t at_us)
{
    char text[CLOCK_TEXT_SIZE];
    return at_us == 0 ? 0 : json_set_text(object, name, clock_format(at_us, text));
}

/* Of a database that has ended: a cleanup that is still pending, then what there is to say of its data. */
static int set_message(json_t *object, const struct migration_database *row, bool ended)
{
    if (!ended || row->operation == NULL) {
        return json_set_text(object, "message", row->message);
    }
    auto_free char *text = str_format("%s%s%s", row->operation, row->message != NULL ? " " : "",
                                      row->message != NULL ? row->message : "");
    return text == NULL ? -1 : json_set_text(object, "message", text);
}

static json_t *write_database(const struct migration_database *row)
{
    const struct {
        const char *name;
        int64_t value;
    } counters[] = {
        {"fullLoadQueuedTables", row->tables_queued},    {"fullLoadErroredTables", row->tables_errored},
        {"fullLoadLoadingTables", row->tables_loading},  {"fullLoadCompletedTables", row->tables_completed},
        {"cdcUpdateCounter", row->figures.updates},      {"cdcDeleteCounter", row->figures.deletes},
        {"cdcInsertCounter", row->figures.inserts},      {"appliedChanges", row->figures.applied_changes},
        {"incomingChanges", row->figures.pending_bytes}, {"latency", row->figures.latency_seconds}};
    bool ended = row->state == DB_SUCCEEDED || row->state == DB_FAILED || row->state == DB_CANCELED;
    json_auto_t *object = json_object();
    int failed = json_set_text(object, "databaseName", row->name);
    failed |= json_set_text(object, "migrationState", word_of(WORDS_DATABASE_STATE, (int)row->state));
    failed |= json_set_text(object, "migrationOperation", ended ? NULL : row->operation);
    failed |= set_time(object, "startedOn", row->started_us);
    failed |= set_time(object, "endedOn", row->ended_us);
    for (size_t i = 0; i < ARRAY_LEN(counters); i++) {
        failed |= json_object_set_new_nocheck(object, counters[i].name,
                                              json_integer(clamp_int32(counters[i].value)));
    }
    failed |= set_message(object, row, ended);
    return failed != 0 ? NULL : TAKE(object);
}

/* Empty until there is something to tell of at least one database, as the real service does. */
static json_t *write_databases(const struct migration_view *view)
{
    json_auto_t *object = json_object();
    bool any = false;
    for (size_t i = 0; i < view->database_count; i++) {
        const struct migration_database *row = &view->databases[i];
        bool canceled = row->state == DB_CANCELED || row->state == DB_CANCELING;
        any = any || canceled || row->started_us != 0 || row->message != NULL;
    }
    for (size_t i = 0; any && i < view->database_count; i++) {
        if (json_object_set_new_nocheck(object, view->databases[i].name,
                                        write_database(&view->databases[i])) < 0) {
            return NULL;
        }
    }
    return TAKE(object);
}

/* A cutover that was asked for early is remembered; while the source has to be set up first, the text says
 * so. */
static int write_error(json_t *status, const struct migration *migration)
{
    bool remembered = migration->error != NULL && migration->spec.trigger_cutover == FLAG_TRUE &&
                      migration->substate == SUB_WAITING_FOR_LOGICAL_REPLICATION;
    if (!remembered) {
        return json_set_text(status, "error", migration->error);
    }
    auto_free char *text = str_format("%s " MIGRATION_CUTOVER_REMEMBERED, migration->error);
    return text == NULL ? -1 : json_set_text(status, "error", text);
}

json_t *dialect_write_status(const struct dialect *dialect, const struct migration_view *view)
{
    const struct migration *migration = view->migration;
    json_auto_t *status = json_object();
    int failed = json_set_text(status, "state", dialect_state_word(dialect, migration->state));
    if (view->detail == DETAIL_CREATED) {
        return failed != 0 ? NULL : TAKE(status);
    }
    failed |= write_error(status, migration);
    json_t *details = json_object();
    failed |= json_object_set_new_nocheck(status, "currentSubStateDetails", details);
    if (failed != 0) {
        return NULL;
    }
    failed |= json_set_text(details, "currentSubState", dialect_substate_word(dialect, migration->substate));
    if ((dialect->features & DIALECT_DETAILS) != 0) {
        failed |= json_object_set_new_nocheck(details, "dbDetails", write_databases(view));
        json_t *validation = json_from_text(migration->validation);
        failed |=
            validation == NULL ? 0 : json_object_set_new_nocheck(details, "validationDetails", validation);
    }
    return failed != 0 ? NULL : TAKE(status);
}

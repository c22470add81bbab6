/* SPDX-License-Identifier: MIT */
/* properties.currentStatus: state, error, substate, the databases' counters. */
#include "core/attr.h"
#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/migrations/dialect_private.h"

static int32_t clamp_int32(int64_t value)
{
    return value > INT32_MAX ? INT32_MAX : value < 0 ? 0 : (int32_t)value;
}

/* Families before C2 replace states that they lack by the closest that they have. */
static enum migration_state known_state(unsigned version, enum migration_state state)
{
    if (version >= FAMILY_C2) {
        return state;
    }
    return state == STATE_VALIDATION_FAILED ? STATE_FAILED
           : state == STATE_CLEANING_UP     ? STATE_IN_PROGRESS
                                            : state;
}

static enum migration_substate known_substate(unsigned version, enum migration_substate substate)
{
    if (version >= FAMILY_C2) {
        return substate;
    }
    return substate == SUB_VALIDATION_IN_PROGRESS ? SUB_PERFORMING_PREREQUISITE_STEPS
           : substate == SUB_CANCELING            ? SUB_COMPLETING_MIGRATION
                                                  : substate;
}

const char *dialect_state_word(unsigned version, enum migration_state state)
{
    return word_of(WORDS_MIGRATION_STATE, (int)known_state(version, state));
}

const char *dialect_substate_word(unsigned version, enum migration_substate substate)
{
    return word_of(WORDS_SUBSTATE, (int)known_substate(version, substate));
}

/* ---- a database ------------------------------------------------------------------------------------------
 */

static json_t *write_text(const struct property *row, const void *subject)
{
    return json_text(*(char *const *)property_value(row, subject));
}

static json_t *write_time(const struct property *row, const void *subject)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t at_us = *(const int64_t *)property_value(row, subject);
    return at_us == 0 ? NULL : json_string(clock_format(at_us, text));
}

static json_t *write_state(const struct property *row, const void *subject)
{
    (void)row;
    return json_string(
        word_of(WORDS_DATABASE_STATE, (int)((const struct migration_database *)subject)->state));
}

static bool is_ended(const struct migration_database *row)
{
    return row->state == DB_SUCCEEDED || row->state == DB_FAILED || row->state == DB_CANCELED;
}

static json_t *write_operation(const struct property *row, const void *subject)
{
    return is_ended(subject) ? NULL : write_text(row, subject);
}

/* For an ended database: a pending cleanup first, then the message about its data. */
static json_t *write_message(const struct property *row, const void *subject)
{
    const struct migration_database *database = subject;
    if (!is_ended(database) || database->operation == NULL) {
        return write_text(row, subject);
    }
    auto_free char *text = str_format("%s%s%s", database->operation, database->message != NULL ? " " : "",
                                      database->message != NULL ? database->message : "");
    return text == NULL ? NULL : json_text(text);
}

static json_t *write_count(const struct property *row, const void *subject)
{
    return json_integer(clamp_int32(*(const int *)property_value(row, subject)));
}

static json_t *write_figure(const struct property *row, const void *subject)
{
    return json_integer(clamp_int32(*(const int64_t *)property_value(row, subject)));
}

static json_t *describe_state(const struct property *row, unsigned version)
{
    (void)row;
    return dialect_describe_words(WORDS_DATABASE_STATE, DB_COUNT, NULL, version);
}

static json_t *describe_int32(const struct property *row, unsigned version)
{
    (void)row;
    (void)version;
    return json_pack("{s:s, s:s}", "type", "integer", "format", "int32");
}

static const struct property_type type_string = {.schema = "string", .write = write_text};
static const struct property_type type_operation = {.schema = "string", .write = write_operation};
static const struct property_type type_message = {.schema = "string", .write = write_message};
static const struct property_type type_moment = {.schema = "date-time", .write = write_time};
static const struct property_type type_database_state = {.describe = describe_state, .write = write_state};
static const struct property_type type_count = {.describe = describe_int32, .write = write_count};
static const struct property_type type_figure = {.describe = describe_int32, .write = write_figure};

/* clang-format off */
#define ROW(name, kind, member) \
    {name, NULL, ACCESS_SHOWN, NULL, .type = &type_##kind, .field = offsetof(struct migration_database, member)}
static const struct property database_rows[] = {
    ROW("databaseName", string, name),
    ROW("migrationState", database_state, state),
    ROW("migrationOperation", operation, operation),
    ROW("startedOn", moment, started_us),
    ROW("endedOn", moment, ended_us),
    ROW("fullLoadQueuedTables", count, tables_queued),
    ROW("fullLoadErroredTables", count, tables_errored),
    ROW("fullLoadLoadingTables", count, tables_loading),
    ROW("fullLoadCompletedTables", count, tables_completed),
    ROW("cdcUpdateCounter", figure, figures.updates),
    ROW("cdcDeleteCounter", figure, figures.deletes),
    ROW("cdcInsertCounter", figure, figures.inserts),
    ROW("appliedChanges", figure, figures.applied_changes),
    ROW("incomingChanges", figure, figures.pending_bytes),
    ROW("latency", count, figures.latency_seconds),
    ROW("message", message, message),
};
/* clang-format on */
const struct description migration_database_description =
    DESCRIPTION("MigrationDatabase", database_rows, "The progress of one database.");

/* ---- the status ------------------------------------------------------------------------------------------
 */

/* Empty until at least one database has something to show, like the real service. */
static json_t *write_databases(const struct dialect *dialect, const struct migration_view *view)
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
                                        properties_write(&migration_database_description, dialect->family,
                                                         &view->databases[i])) < 0) {
            return NULL;
        }
    }
    return TAKE(object);
}

/* A cutover requested early is stored; while the source has to be set up first, the text says
 * so. */
static int write_error(json_t *status, const struct migration_view *view)
{
    const struct migration *migration = view->migration;
    if (view->azure_errors && migration->state == STATE_FAILED) {
        auto_free char *text = str_format("DB002: Migration failed. Please reference MigrationId %s, when "
                                          "contacting Microsoft customer support.",
                                          migration->uuid);
        return text == NULL ? -1 : json_set_text(status, "error", text);
    }
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
    int failed = json_set_text(status, "state", dialect_state_word(dialect->family, migration->state));
    if (view->detail == DETAIL_CREATED) {
        return failed != 0 ? NULL : TAKE(status);
    }
    failed |= write_error(status, view);
    json_t *details = json_object();
    failed |= json_object_set_new_nocheck(status, "currentSubStateDetails", details);
    if (failed != 0) {
        return NULL;
    }
    failed |= json_set_text(details, "currentSubState",
                            dialect_substate_word(dialect->family, migration->substate));
    if ((dialect->features & DIALECT_DETAILS) != 0) {
        failed |= json_object_set_new_nocheck(details, "dbDetails", write_databases(dialect, view));
        json_t *validation = json_from_text(migration->validation);
        failed |=
            validation == NULL ? 0 : json_object_set_new_nocheck(details, "validationDetails", validation);
    }
    return failed != 0 ? NULL : TAKE(status);
}

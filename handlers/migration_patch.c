/* SPDX-License-Identifier: MIT */
/*
 * PATCH of a migration: the user's decisions. Each check says whether a decision makes sense at this point of
 * the workflow; what passes is written, and the executor is woken to act on it. Tags can always be changed.
 */
#include "core/str.h"
#include "handlers/handlers.h"
#include "handlers/migration.h"

struct decision {
    const struct dialect *dialect;
    const struct server *target;
    struct migration *migration; /* as stored; the decision is merged into it */
    struct dialect_request given;
    struct store *store;
    const char *event; /* for the migration's history, or NULL */
};

static int refuse_ended(const struct migration *migration, struct err *err)
{
    return err_set(
        err, ERR_MIGRATION_ENDED,
        "The migration '%s' has ended (state %s): it can no longer be changed, cut over (603113) or "
        "canceled; only its tags can. Make a new migration with another name.",
        migration->name, word_of(WORDS_MIGRATION_STATE, (int)migration->state));
}

static int check_cutover(struct decision *decision, struct err *err)
{
    struct migration *migration = decision->migration;
    const struct dialect_request *given = &decision->given;
    if (!dialect_gives(given, trigger_cutover) || given->spec.trigger_cutover != FLAG_TRUE) {
        return 0;
    }
    if (migration->spec.mode == MODE_OFFLINE) {
        err_set(err, ERR_OPERATION_NOT_ALLOWED,
                "603114: Cutover cannot be triggered on the offline migration '%s'; it cuts over by itself "
                "when all "
                "data has arrived.",
                migration->name);
        err->service_code = 603114;
        return err_target(err, "properties.triggerCutover");
    }
    decision->event = "The user has asked for the cutover.";
    return check_subset(&given->spec.cutover_databases, &migration->spec.databases,
                        "properties.dbsToTriggerCutoverOn", err);
}

/* A wish to cancel is never withdrawn and only grows: databases are added to those named before, and naming
 * none means all. */
static int check_cancel(struct decision *decision, struct err *err)
{
    struct migration_spec *stored = &decision->migration->spec;
    struct dialect_request *given = &decision->given;
    if (!dialect_gives(given, cancel)) {
        return 0;
    }
    if (given->spec.cancel != FLAG_TRUE) {
        if (stored->cancel != FLAG_TRUE) {
            return 0;
        }
        err_set(err, ERR_OPERATION_NOT_ALLOWED,
                "The migration '%s' is being canceled; that cannot be taken back.",
                decision->migration->name);
        return err_target(err, "properties.cancel");
    }
    if (check_subset(&given->spec.cancel_databases, &stored->databases, "properties.dbsToCancelMigrationOn",
                     err) < 0) {
        return -1;
    }
    bool all_before = stored->cancel == FLAG_TRUE && stored->cancel_databases.count == 0;
    if (all_before || given->spec.cancel_databases.count == 0) {
        str_list_done(&stored->cancel_databases);
        str_list_done(&given->spec.cancel_databases);
    }
    for (size_t i = 0; i < stored->cancel_databases.count; i++) {
        const char *name = stored->cancel_databases.items[i];
        if (!str_list_has(&given->spec.cancel_databases, name) &&
            !str_list_add(&given->spec.cancel_databases, name)) {
            return err_no_memory(err);
        }
    }
    decision->event = "The user has asked to cancel.";
    return 0;
}

static int check_new_databases(struct decision *decision, struct err *err)
{
    const struct migration *migration = decision->migration;
    const struct str_list *names = &decision->given.spec.databases;
    bool same = names->count > 0 && str_list_equals(names, &migration->spec.databases);
    if (!dialect_gives(&decision->given, databases) || same) {
        return 0;
    }
    if (migration->spec.databases.count > 0) {
        err_set(err, ERR_OPERATION_NOT_ALLOWED,
                "The databases of the migration '%s' have been chosen already; make another migration for "
                "others.",
                migration->name);
        return err_target(err, "properties.dbsToMigrate");
    }
    decision->event = "The user has chosen the databases.";
    if (check_databases(names, err) < 0) {
        return -1;
    }
    return check_databases_free(decision->store, decision->target, names, migration->id, err);
}

/* Decisions about how data is moved come too late once it moves. */
static int check_before_data(struct decision *decision, struct err *err)
{
    static const struct {
        size_t field;
        const char *path;
        const char *event;
    } rows[] = {
        {offsetof(struct migration_spec, overwrite), "overwriteDbsInTarget",
         "The user has decided about overwriting databases of the target."},
        {offsetof(struct migration_spec, migrate_roles), "migrateRoles", NULL},
        {offsetof(struct migration_spec, start_data_migration), "startDataMigration",
         "The user has decided about the start of the data migration."},
        {offsetof(struct migration_spec, window_start_us), "migrationWindowStartTimeInUtc", NULL},
        {offsetof(struct migration_spec, setup_replication), "setupLogicalReplicationOnSourceDbIfNeeded",
         "The user has decided about setting up logical replication."},
    };
    const struct migration *migration = decision->migration;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!dialect_changes_field(&decision->given, &migration->spec, rows[i].field)) {
            continue;
        }
        if (migration->substate >= SUB_MIGRATING_DATA) {
            err_set(err, ERR_OPERATION_NOT_ALLOWED,
                    "The migration '%s' is moving data already (substate %s): it is too late for '%s'.",
                    migration->name, word_of(WORDS_SUBSTATE, (int)migration->substate), rows[i].path);
            return err_target(err, "properties.%s", rows[i].path);
        }
        decision->event = rows[i].event != NULL ? rows[i].event : decision->event;
    }
    return 0;
}

static int check_decision(struct decision *decision, struct err *err)
{
    const struct migration *migration = decision->migration;
    if (migration_state_is_terminal(migration->state) && dialect_gives_patchable(&decision->given)) {
        return refuse_ended(migration, err);
    }
    const struct property *fixed =
        dialect_first_difference(&decision->given, &migration->spec, ACCESS_PUT, ACCESS_PATCH);
    if (fixed != NULL) {
        const char *path = dialect_spelling(decision->dialect, fixed);
        err_set(
            err, ERR_BAD_PARAMETER,
            "The property 'properties.%s' cannot be changed after the migration '%s' was created. Make a new "
            "migration with another name.",
            path, migration->name);
        return err_target(err, "properties.%s", path);
    }
    if (check_cutover(decision, err) < 0 || check_cancel(decision, err) < 0 ||
        check_new_databases(decision, err) < 0) {
        return -1;
    }
    return check_before_data(decision, err);
}

/* Reads, decides and writes in one transaction, so that nothing the executor does comes in between. */
static int store_decision(struct decision *decision, char **tags, struct err *err)
{
    struct migration *migration = decision->migration;
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(decision->store, err, &tx) < 0) {
        return -1;
    }
    struct migration fresh = {0};
    int found = store_migration_get_by_id(decision->store, migration->id, err, &fresh);
    if (found <= 0) {
        return found == 0 ? err_set(err, ERR_RESOURCE_NOT_FOUND, "The migration was removed meanwhile.") : -1;
    }
    migration_done(migration);
    *migration = fresh;
    if (check_decision(decision, err) < 0 || dialect_merge(&decision->given, &migration->spec, err) < 0) {
        return -1;
    }
    if (*tags != NULL) {
        free_at_scope_end(&migration->tags);
        migration->tags = TAKE(*tags);
    }
    if (store_migration_update_spec(decision->store, migration, err) < 0 ||
        (decision->event != NULL &&
         store_event_add(decision->store, migration->id, decision->event, err) < 0)) {
        return -1;
    }
    return store_commit(&tx, err);
}

void migration_patch(struct request *request)
{
    struct err err;
    auto_server struct server target = {0};
    auto_migration struct migration migration = {0};
    if (!find_parent_server(request, SERVER_FLEXIBLE, "write", "migrations", &target) ||
        !find_migration(request, &target, &migration)) {
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    auto_free char *tags = NULL;
    struct decision decision = {.dialect = dialect_find(request->api_version),
                                .target = &target,
                                .migration = &migration,
                                .store = request->app->store};
    migration_spec_init(&decision.given.spec);
    int result = read_migration_body(request, body, &err, &decision.given, &tags);
    if (result == 0) {
        result = store_decision(&decision, &tags, &err);
    }
    dialect_request_done(&decision.given);
    if (result < 0) {
        reply_error(request, &err);
        return;
    }
    executor_wake(request->app->executor);
    reply_migration(request, 200, &target, &migration, DETAIL_FULL);
}

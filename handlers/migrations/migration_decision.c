/* SPDX-License-Identifier: MIT */
/*
 * The user's decisions about a migration. Each check says whether a decision makes sense at this point of the
 * workflow; what passes is written. Tags can always be changed.
 */
#include "handlers/migrations/migration_decision_private.h"

#include <string.h>

#include "core/str.h"
#include "handlers/migrations/migration.h"

/* The service's own numbers for a cutover that cannot be. */
enum { CUTOVER_ON_ENDED = 603113, CUTOVER_ON_OFFLINE = 603114 };

static bool asks_for_cutover(const struct dialect_request *given)
{
    return dialect_gives(given, trigger_cutover) && given->spec.trigger_cutover == FLAG_TRUE;
}

static int refuse_ended(const struct migration *migration, const struct dialect_request *given,
                        struct err *err)
{
    bool cutover = asks_for_cutover(given);
    err_set(err, ERR_MIGRATION_ENDED,
            "%sThe migration '%s' has ended (state %s): it can no longer be changed, cut over or canceled, "
            "except for its tags. Create a new migration with another name.",
            cutover ? "603113: " : "", migration->name,
            word_of(WORDS_MIGRATION_STATE, (int)migration->state));
    err->service_code = cutover ? CUTOVER_ON_ENDED : 0;
    return cutover ? err_target(err, "properties.triggerCutover") : -1;
}

/*
 * A request about databases (flag and list) is never withdrawn and only grows: databases are added to
 * those named before, and naming none means all. "requested": whether it was requested before.
 */
static int extend_request(bool requested, struct str_list *stored, struct str_list *given, struct err *err)
{
    bool all_before = requested && stored->count == 0;
    if (all_before || given->count == 0 || !requested) {
        str_list_done(stored);
    }
    if (all_before) {
        str_list_done(given);
    }
    for (size_t i = 0; i < stored->count; i++) {
        if (!str_list_has(given, stored->items[i]) && !str_list_add(given, stored->items[i])) {
            return err_no_memory(err);
        }
    }
    return 0;
}

/* A list says nothing without its flag; an empty one, as some clients always send it, changes nothing. */
static int refuse_list_alone(const struct str_list *stored, struct str_list *given, const char *path,
                             const char *flag, struct err *err)
{
    if (given->count == 0) {
        return str_list_copy(given, stored) ? 0 : err_no_memory(err);
    }
    err_set(err, ERR_BAD_PARAMETER, "'%s' has no effect unless '%s' is \"True\".", path, flag);
    return err_target(err, "%s", path);
}

static int refuse_withdrawal(const struct migration *migration, const char *path, const char *what,
                             struct err *err)
{
    err_set(err, ERR_OPERATION_NOT_ALLOWED,
            "%s of the migration '%s' was already requested and cannot be withdrawn.", what, migration->name);
    return err_target(err, "%s", path);
}

static int check_cutover(struct decision *decision, struct err *err)
{
    struct migration *migration = decision->migration;
    struct dialect_request *given = &decision->given;
    struct migration_spec *stored = &migration->spec;
    if (!dialect_gives(given, trigger_cutover)) {
        return refuse_list_alone(&stored->cutover_databases, &given->spec.cutover_databases,
                                 "properties.dbsToTriggerCutoverOn", "triggerCutover", err);
    }
    if (!asks_for_cutover(given)) {
        return stored->trigger_cutover == FLAG_TRUE
                   ? refuse_withdrawal(migration, "properties.triggerCutover", "The cutover", err)
                   : 0;
    }
    if (stored->mode == MODE_OFFLINE) {
        err_set(err, ERR_OPERATION_NOT_ALLOWED,
                "603114: Cutover cannot be triggered on the offline migration '%s'; an offline migration "
                "completes automatically when all data is copied.",
                migration->name);
        err->service_code = CUTOVER_ON_OFFLINE;
        return err_target(err, "properties.triggerCutover");
    }
    decision->early_cutover = migration->substate < SUB_WAITING_FOR_CUTOVER_TRIGGER;
    decision->event =
        decision->early_cutover ? "Cutover requested. " MIGRATION_CUTOVER_REMEMBERED : "Cutover requested.";
    if (check_subset(&given->spec.cutover_databases, &stored->databases, "properties.dbsToTriggerCutoverOn",
                     err) < 0) {
        return -1;
    }
    return extend_request(stored->trigger_cutover == FLAG_TRUE, &stored->cutover_databases,
                          &given->spec.cutover_databases, err);
}

static int check_cancel(struct decision *decision, struct err *err)
{
    struct migration_spec *stored = &decision->migration->spec;
    struct dialect_request *given = &decision->given;
    if (!dialect_gives(given, cancel)) {
        return refuse_list_alone(&stored->cancel_databases, &given->spec.cancel_databases,
                                 "properties.dbsToCancelMigrationOn", "cancel", err);
    }
    if (given->spec.cancel != FLAG_TRUE) {
        return stored->cancel == FLAG_TRUE
                   ? refuse_withdrawal(decision->migration, "properties.cancel", "The cancellation", err)
                   : 0;
    }
    if (check_subset(&given->spec.cancel_databases, &stored->databases, "properties.dbsToCancelMigrationOn",
                     err) < 0) {
        return -1;
    }
    decision->event = "Cancellation requested.";
    return extend_request(stored->cancel == FLAG_TRUE, &stored->cancel_databases,
                          &given->spec.cancel_databases, err);
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
                "The databases of the migration '%s' are already chosen. Create another migration for other "
                "databases.",
                migration->name);
        return err_target(err, "properties.dbsToMigrate");
    }
    decision->event = "Databases chosen.";
    if (check_databases(names, err) < 0) {
        return -1;
    }
    return migration->spec.option == MIGRATION_OPTION_VALIDATE
               ? 0
               : check_databases_free(decision->store, decision->target, names, migration->id, err);
}

/* The event of a decision that changes a flag of the request: "yes" when it sets the flag, "no" otherwise. */
static const char *flag_event(const struct migration_spec *given, size_t field, const char *yes,
                              const char *no)
{
    enum flag flag;
    memcpy(&flag, (const char *)given + field, sizeof(flag));
    return flag == FLAG_TRUE ? yes : no;
}

/* How the data migration runs can only be decided before it starts. */
static int check_before_data(struct decision *decision, struct err *err)
{
    static const struct {
        size_t field;
        const char *path;
        const char *yes, *no; /* events, or NULL for none */
    } rows[] = {
        {offsetof(struct migration_spec, overwrite), "overwriteDbsInTarget", "Overwrite confirmed.",
         "Overwrite declined."},
        {offsetof(struct migration_spec, migrate_roles), "migrateRoles", NULL, NULL},
        {offsetof(struct migration_spec, start_data_migration), "startDataMigration",
         "Start of the data migration requested.", "Data migration postponed."},
        {offsetof(struct migration_spec, window_start_us), "migrationWindowStartTimeInUtc", NULL, NULL},
        {offsetof(struct migration_spec, setup_replication), "setupLogicalReplicationOnSourceDbIfNeeded",
         "Setup of logical replication requested.", "Setup of logical replication declined."},
    };
    const struct migration *migration = decision->migration;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!dialect_changes_field(&decision->given, &migration->spec, rows[i].field)) {
            continue;
        }
        if (migration->substate >= SUB_MIGRATING_DATA) {
            err_set(
                err, ERR_OPERATION_NOT_ALLOWED,
                "The property '%s' of the migration '%s' can no longer be changed: the data migration has "
                "started (substate %s).",
                rows[i].path, migration->name, word_of(WORDS_SUBSTATE, (int)migration->substate));
            return err_target(err, "properties.%s", rows[i].path);
        }
        if (rows[i].yes != NULL) {
            decision->event = flag_event(&decision->given.spec, rows[i].field, rows[i].yes, rows[i].no);
        }
    }
    return 0;
}

/* The servers and their settings: only while the migration waits before it has touched them, and no worker
 * uses the old ones. */
static int check_sides(const struct decision *decision, struct err *err)
{
    static const struct {
        size_t field;
        const char *path;
    } rows[] = {
        {offsetof(struct migration_spec, source_server_id), "sourceDbServerResourceId"},
        {offsetof(struct migration_spec, source_fqdn), "sourceDbServerFullyQualifiedDomainName"},
        {offsetof(struct migration_spec, target_fqdn), "targetDbServerFullyQualifiedDomainName"},
        {offsetof(struct migration_spec, mode), "migrationMode"},
    };
    static const unsigned early = 1U << SUB_WAITING_FOR_LOGICAL_REPLICATION |
                                  1U << SUB_WAITING_FOR_DATABASES | 1U << SUB_WAITING_FOR_SCHEDULING |
                                  1U << SUB_WAITING_FOR_WINDOW;
    const struct migration *migration = decision->migration;
    bool allowed = (early & 1U << migration->substate) != 0 && migration->lease_owner == NULL &&
                   migration->validation == NULL;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (allowed || !dialect_changes_field(&decision->given, &migration->spec, rows[i].field)) {
            continue;
        }
        err_set(
            err, ERR_OPERATION_NOT_ALLOWED,
            "The property '%s' of the migration '%s' cannot be changed now (substate %s). Change it while "
            "the migration waits for its databases, its schedule or logical replication, or create a new "
            "migration.",
            rows[i].path, migration->name, word_of(WORDS_SUBSTATE, (int)migration->substate));
        return err_target(err, "properties.%s", rows[i].path);
    }
    return 0;
}

static int check_decision(struct decision *decision, struct err *err)
{
    const struct migration *migration = decision->migration;
    if (migration_state_is_terminal(migration->state) && dialect_gives_patchable(&decision->given)) {
        return refuse_ended(migration, &decision->given, err);
    }
    const struct property *fixed =
        dialect_first_difference(&decision->given, &migration->spec, ACCESS_PUT, ACCESS_PATCH);
    if (fixed != NULL) {
        const char *path = dialect_spelling(decision->dialect, fixed);
        err_set(err, ERR_BAD_PARAMETER,
                "The property '%s' cannot be changed after the migration '%s' was created. Create "
                "a new migration with another name.",
                path, migration->name);
        return err_target(err, "%s", path);
    }
    if (check_sides(decision, err) < 0 || check_cutover(decision, err) < 0 ||
        check_cancel(decision, err) < 0 || check_new_databases(decision, err) < 0) {
        return -1;
    }
    return check_before_data(decision, err);
}

/* The wait for the permission to set up logical replication has its question in the error: it is answered
 * now. */
static int clear_answered(struct decision *decision, struct err *err)
{
    struct migration *migration = decision->migration;
    if (!decision->allows_setup || migration->substate != SUB_WAITING_FOR_LOGICAL_REPLICATION) {
        return 0;
    }
    free(migration->error);
    migration->error = NULL;
    return store_migration_clear_error(decision->store, migration->id, err);
}

int decision_store(struct decision *decision, struct err *err)
{
    char **tags = &decision->given.tags;
    struct migration *migration = decision->migration;
    bool allowed = migration->spec.setup_replication == FLAG_TRUE;
    int mode = migration->spec.mode;
    bool gives_secret = dialect_gives(&decision->given, aad_secret);
    if (check_decision(decision, err) < 0 || dialect_merge(&decision->given, &migration->spec, err) < 0 ||
        (gives_secret && check_application_secret(decision->options, &migration->spec, err) < 0)) {
        return -1;
    }
    if (migration->spec.mode != mode) {
        migration->spec.trigger_cutover = migration->spec.mode == MODE_OFFLINE ? FLAG_TRUE : FLAG_UNSET;
        str_list_done(&migration->spec.cutover_databases);
    }
    if (decision->new_source) {
        migration->source_id = decision->source_id;
    }
    decision->allows_setup = !allowed && migration->spec.setup_replication == FLAG_TRUE;
    if (*tags != NULL) {
        free_at_scope_end(&migration->tags);
        migration->tags = TAKE(*tags);
    }
    if (store_migration_update_spec(decision->store, migration, err) < 0 ||
        clear_answered(decision, err) < 0) {
        return -1;
    }
    return decision->event == NULL ? 0
                                   : store_event_add(decision->store, migration->id, decision->event, err);
}

/* SPDX-License-Identifier: MIT */
/*
 * PUT of a migration. Never a long-running operation: 201 with the resource at once; the executor does the
 * rest. The same PUT again returns 200. One that adds properties which PATCH may decide counts as that
 * decision; any other on a name in use is 409.
 */
#include "core/clock.h"
#include "core/parse/json_fields.h"
#include "core/points/rules.h"
#include "core/str.h"
#include "handlers/arm/naming/names.h"
#include "handlers/arm/server_reference.h"
#include "handlers/migrations/migration.h"
#include "handlers/migrations/migration_decision_private.h"
#include "handlers/migrations/migrations.h"
#include "handlers/rules/tags/migration_tags.h"

static const char source_path[] = "properties.sourceDbServerResourceId";

struct creation {
    struct request *request;
    const struct dialect *dialect;
    struct server target;
    struct server source; /* id 0: host:port@user */
    struct dialect_request given;
    bool early_cutover;
};

static void creation_done(struct creation *creation)
{
    server_done(&creation->target);
    server_done(&creation->source);
    dialect_request_done(&creation->given);
}

/* If the dialect allows a PUT without secrets, the stored administrators of both servers are used, as far
 * as they are Malachite's. */
static int fill_credentials(struct creation *creation, json_t *body, bool source_is_resource, struct err *err)
{
    struct migration_spec *spec = &creation->given.spec;
    json_t *properties = field_get(body, "properties");
    bool none = (creation->dialect->features & DIALECT_SECRETS_OPTIONAL) != 0 &&
                (properties == NULL || field_get(properties, "secretParameters") == NULL);
    if (none && source_is_resource &&
        (!str_replace(&spec->source_password, creation->source.password) ||
         !str_replace(&spec->target_password, creation->target.password))) {
        return err_no_memory(err);
    }
    return check_credentials(spec, err);
}

static int fill_defaults(struct creation *creation, bool source_is_resource, struct err *err)
{
    struct migration_spec *spec = &creation->given.spec;
    const char *type = !source_is_resource                        ? "OnPremises"
                       : creation->source.kind == SERVER_FLEXIBLE ? "PostgreSQLFlexibleServer"
                                                                  : "PostgreSQLSingleServer";
    if (spec->source_type == NULL && !str_replace(&spec->source_type, type)) {
        return err_no_memory(err);
    }
    if (spec->migration_group_id == NULL) {
        spec->migration_group_id = armid_group(creation->target.subscription_id, creation->target.group);
        if (spec->migration_group_id == NULL) {
            return err_no_memory(err);
        }
    }
    if (spec->option < 0) {
        spec->option = MIGRATION_OPTION_MIGRATE;
    }
    if (spec->window_start_us == 0) {
        spec->window_start_us = clock_now_us();
    }
    return 0;
}

/* Offline means that the cutover was requested from the start. */
static void fill_mode(const struct dialect *dialect, struct migration_spec *spec)
{
    if (spec->mode < 0) {
        bool online =
            (dialect->features & DIALECT_MODE_FROM_CUTOVER) != 0 && spec->trigger_cutover != FLAG_TRUE;
        spec->mode = online ? MODE_ONLINE : MODE_OFFLINE;
    }
    if (spec->mode == MODE_OFFLINE) {
        spec->trigger_cutover = FLAG_TRUE;
    }
}

static int read_source(struct creation *creation, struct err *err, bool *ret_is_resource)
{
    if (server_reference_read(creation->request, "source", creation->given.spec.source_server_id, err,
                              &creation->source, ret_is_resource) < 0) {
        return err_target(err, "%s", source_path);
    }
    if (creation->source.id != 0 && creation->source.id == creation->target.id) {
        err_set(err, ERR_BAD_INPUT, "Source and target are the same server, '%s'.", creation->target.name);
        return err_target(err, "%s", source_path);
    }
    return 0;
}

static int read_creation(struct creation *creation, json_t *body, struct err *err)
{
    struct migration_spec *spec = &creation->given.spec;
    if (dialect_read(body, err, &creation->given) < 0) {
        return -1;
    }
    if (creation->given.location == NULL && (creation->dialect->features & DIALECT_LOCATION_REQUIRED) != 0) {
        return err_set(err, ERR_LOCATION_REQUIRED, "The location property is required for this definition.");
    }
    fill_mode(creation->dialect, spec);
    bool source_is_resource = false;
    bool none = dialect_gives(&creation->given, databases) && spec->databases.count == 0;
    if ((none && check_databases(&spec->databases, err) < 0) ||
        check_spec(creation->request, spec, err) < 0 || read_source(creation, err, &source_is_resource) < 0 ||
        fill_credentials(creation, body, source_is_resource, err) < 0) {
        return -1;
    }
    return fill_defaults(creation, source_is_resource, err);
}

/*
 * The name is in use, which is fine for the same PUT. Clients that only PUT (Terraform's azapi) add
 * decisions to it: cutover, cancel, and answers to an active migration's question are not a difference.
 */
static int check_same(const struct creation *creation, const struct migration *existing, struct err *err)
{
    const struct property *other =
        migration_state_is_terminal(existing->state)
            ? dialect_first_difference(&creation->given, &existing->spec, ACCESS_PUT, 0)
            : dialect_first_undecided(&creation->given, &existing->spec, existing->substate);
    if (other != NULL) {
        const char *path = dialect_spelling(creation->dialect, other);
        err_set(err, ERR_MIGRATION_EXISTS,
                "The migration '%s' of the server '%s' already exists (state %s) with another value of "
                "'%s'. Choose another name, or change the running migration with PATCH.",
                existing->name, creation->target.name, word_of(WORDS_MIGRATION_STATE, (int)existing->state),
                path);
        return err_target(err, "%s", path);
    }
    return 0;
}

static int check_limit(const struct creation *creation, struct err *err)
{
    int active = 0;
    const struct options *options = creation->request->app->options;
    int limit = options->strict_service ? 1 : options->max_active_per_target;
    if (limit == 0) {
        return 0;
    }
    if (store_migration_count_active(creation->request->app->store, creation->target.id, err, &active) < 0) {
        return -1;
    }
    if (active < limit) {
        return 0;
    }
    return err_set(err, ERR_MIGRATION_LIMIT,
                   "The server '%s' has %d active migrations, and at most %d are allowed "
                   "(%s). Wait until one ends, or cancel one.",
                   creation->target.name, active, limit,
                   options->strict_service ? "--strict-service" : "--max-active-per-target");
}

static int check_target_state(const struct server *target, struct err *err)
{
    bool usable = target->state == SERVER_STATE_READY || target->state == SERVER_STATE_UPDATING ||
                  target->state == SERVER_STATE_INACCESSIBLE;
    return usable ? 0
                  : err_set(err, ERR_SERVER_NOT_READY,
                            "The target server '%s' is not ready: its state is %s. Wait until it is Ready.",
                            target->name, word_of(WORDS_SERVER_STATE, (int)target->state));
}

/* Both servers may have been deleted since they were read for the checks. */
static int check_servers_again(struct creation *creation, struct err *err)
{
    struct store *store = creation->request->app->store;
    auto_server struct server target = {0};
    auto_server struct server source = {0};
    if (server_read_again(store, &creation->target, err, &target) < 0 ||
        check_target_state(&target, err) < 0) {
        return -1;
    }
    return creation->source.id == 0 ? 0 : server_read_again(store, &creation->source, err, &source);
}

/* Moves the parsed values to the row. */
static int make_row(struct creation *creation, struct migration *ret_migration, struct err *err)
{
    const char *location =
        creation->given.location != NULL ? creation->given.location : creation->target.location;
    ret_migration->name = str_dup(request_param(creation->request, "migrationName"));
    ret_migration->location = str_dup(location);
    if (ret_migration->name == NULL || ret_migration->location == NULL) {
        return err_no_memory(err);
    }
    id_new(ret_migration->uuid);
    ret_migration->target_id = creation->target.id;
    ret_migration->source_id = creation->source.id;
    ret_migration->tags = TAKE(creation->given.tags);
    ret_migration->spec = creation->given.spec;
    migration_spec_init(&creation->given.spec);
    ret_migration->state = STATE_IN_PROGRESS;
    ret_migration->substate = SUB_PERFORMING_PREREQUISITE_STEPS;
    ret_migration->attention = true;
    ret_migration->created_us = clock_now_us();
    return 0;
}

/* A PUT again of an existing migration: stores new tags, and new decisions as a PATCH would. */
static int replace_stored(struct creation *creation, struct err *err, struct migration *migration)
{
    struct store *store = creation->request->app->store;
    struct dialect_request *given = &creation->given;
    if (check_same(creation, migration, err) < 0) {
        return -1;
    }
    if (dialect_first_difference(given, &migration->spec, ACCESS_PUT | ACCESS_PATCH, 0) != NULL) {
        struct decision decision = {.dialect = creation->dialect,
                                    .target = &creation->target,
                                    .migration = migration,
                                    .given = *given,
                                    .store = store,
                                    .options = creation->request->app->options};
        dialect_forget_decided(&decision.given, &migration->spec);
        int result = decision_store(&decision, err);
        *given = decision.given;
        creation->early_cutover = result == 0 && decision.early_cutover;
        return result;
    }
    bool new_tags = given->tags != NULL && !str_equals(given->tags, migration->tags);
    return new_tags && (!str_replace(&migration->tags, given->tags) ||
                        store_migration_update_spec(store, migration, err) < 0)
               ? -1
               : 0;
}

static int store_new(struct creation *creation, struct err *err, struct migration *ret_migration)
{
    struct store *store = creation->request->app->store;
    const struct migration_spec *spec = &creation->given.spec;
    bool writes = spec->option != MIGRATION_OPTION_VALIDATE;
    if (check_servers_again(creation, err) < 0 || check_limit(creation, err) < 0 ||
        (writes && check_databases_free(store, &creation->target, &spec->databases, 0, err) < 0) ||
        make_row(creation, ret_migration, err) < 0) {
        return -1;
    }
    return store_migration_insert(store, ret_migration, err) < 0 ||
                   replay_begin(store, ret_migration, err) < 0
               ? -1
               : 0;
}

/* In one transaction: looks up the name, then stores the new migration. 1: it exists already, 0: it is
 * new. */
static int store_creation(struct creation *creation, struct err *err, struct migration *ret_migration)
{
    struct store *store = creation->request->app->store;
    auto_store_tx struct store_tx tx = {0};
    if (store_begin(store, err, &tx) < 0) {
        return -1;
    }
    int found = store_migration_get(store, creation->target.id,
                                    request_param(creation->request, "migrationName"), err, ret_migration);
    if (found > 0 && ret_migration->deleting) {
        found = store_migration_hide(store, ret_migration->id, err);
        migration_done(ret_migration);
        *ret_migration = (struct migration){0};
    }
    if (found < 0 || (found > 0 ? replace_stored(creation, err, ret_migration)
                                : store_new(creation, err, ret_migration)) < 0) {
        return -1;
    }
    migration_tags_apply(ret_migration); /* before a worker can claim it */
    if (store_commit(&tx, err) < 0) {
        rules_delete(NULL, NULL, ret_migration->uuid);
        return -1;
    }
    return found;
}

static bool prerequisites_are_met(struct request *request, const struct dialect *dialect)
{
    bool data_migration = (dialect->features & DIALECT_NEEDS_DATA_MIGRATION) != 0 ||
                          request->app->options->strict_prerequisites;
    return provider_is_registered(request, POSTGRESQL_NAMESPACE) &&
           (!data_migration || provider_is_registered(request, DATA_MIGRATION_NAMESPACE));
}

/* Repeating the PUT of an ended migration starts nothing: the response says so, and that its error is the
 * old one. */
static int note_ended(struct request *request, struct migration *migration)
{
    if (!migration_state_is_terminal(migration->state)) {
        return 0;
    }
    auto_free char *note =
        str_format("This PUT started nothing: the migration '%s' already ended in the state %s. To retry, "
                   "send the PUT with another name%s.",
                   migration->name, word_of(WORDS_MIGRATION_STATE, (int)migration->state),
                   migration->state == STATE_FAILED
                       ? ", with overwriteDbsInTarget set to True if data was already copied"
                       : "");
    if (note == NULL) {
        return -1;
    }
    reply_warning(request, note);
    if (migration->error == NULL) {
        return 0;
    }
    char *text = str_format("%s (This error is from that earlier run. %s)", migration->error, note);
    free(migration->error);
    migration->error = text;
    return text == NULL ? -1 : 0;
}

void migration_put(struct request *request)
{
    struct err err = {0};
    auto_resource_group struct resource_group group = {0};
    __attribute__((cleanup(creation_done))) struct creation creation = {
        .request = request, .dialect = dialect_find(request->api_version)};
    migration_spec_init(&creation.given.spec);
    if (!prerequisites_are_met(request, creation.dialect) || !find_living_group(request, &group) ||
        !find_parent_server(request, "migrations", &creation.target)) {
        return;
    }
    const char *name = request_param(request, "migrationName");
    if (name_check(NAME_MIGRATION, name, &err) < 0) {
        reply_error(request, &err);
        return;
    }
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    auto_migration struct migration migration = {0};
    int stored = read_creation(&creation, body, &err) < 0 ? -1 : store_creation(&creation, &err, &migration);
    if (stored < 0) {
        reply_error(request, &err);
        return;
    }
    executor_wake(request->app->executor);
    if (creation.early_cutover) {
        reply_warning(request, MIGRATION_CUTOVER_REMEMBERED);
    }
    if (stored > 0) {
        if (note_ended(request, &migration) < 0) {
            reply_json(request, 200, NULL);
            return;
        }
        reply_migration(request, 200, &creation.target, &migration, DETAIL_FULL);
    } else {
        reply_migration(request, 201, &creation.target, &migration, DETAIL_CREATED);
    }
}

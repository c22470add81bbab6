/* SPDX-License-Identifier: MIT */
/* The rules for a client's request for a migration. */
#include <ctype.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "handlers/arm/naming/names.h"
#include "handlers/arm/subnet.h"
#include "handlers/migrations/migration.h"

enum { DATABASE_NAME_MAX = 63 };

static int check_database_name(const char *name, size_t index, struct err *err)
{
    if (name[0] == '\0' || strlen(name) > DATABASE_NAME_MAX) {
        err_set(err, ERR_BAD_PARAMETER,
                "'%.80s' is not a valid database name: names in PostgreSQL have 1 to %d bytes.", name,
                DATABASE_NAME_MAX);
        return err_target(err, "properties.dbsToMigrate[%zu]", index);
    }
    if (database_name_is_reserved(name)) {
        err_set(err, ERR_BAD_PARAMETER,
                "The system database '%s' cannot be migrated. Remove it from the list.", name);
        return err_target(err, "properties.dbsToMigrate[%zu]", index);
    }
    return 0;
}

int check_databases(const struct str_list *databases, struct err *err)
{
    if (databases->count == 0) {
        err_set(err, ERR_BAD_PARAMETER,
                "The list of databases is empty. A migration needs 1 to %d databases. Omit the list from the "
                "PUT to choose the databases later.",
                MIGRATION_DATABASES_MAX);
        return err_target(err, "properties.dbsToMigrate");
    }
    if (databases->count > MIGRATION_DATABASES_MAX) {
        err_set(err, ERR_BAD_PARAMETER,
                "The list has %zu databases, but a migration can have only 1 to %d. Create more migrations "
                "for the others.",
                databases->count, MIGRATION_DATABASES_MAX);
        return err_target(err, "properties.dbsToMigrate");
    }
    for (size_t i = 0; i < databases->count; i++) {
        if (check_database_name(databases->items[i], i, err) < 0) {
            return -1;
        }
        for (size_t j = 0; j < i; j++) {
            if (str_equals(databases->items[i], databases->items[j])) {
                err_set(err, ERR_BAD_PARAMETER, "The database '%s' is listed twice.", databases->items[i]);
                return err_target(err, "properties.dbsToMigrate[%zu]", i);
            }
        }
    }
    return 0;
}

int check_databases_free(struct store *store, const struct server *target, const struct str_list *databases,
                         int64_t except_id, struct err *err)
{
    for (size_t i = 0; i < databases->count; i++) {
        auto_migration struct migration other = {0};
        int found = store_migration_writing(store, target->id, databases->items[i], except_id, err, &other);
        if (found < 0) {
            return -1;
        }
        if (found > 0) {
            err_set(err, ERR_DATABASE_BUSY,
                    "The database '%s' of the target server '%s' is in use by the active migration '%s'. "
                    "Wait until that migration ends, or cancel it.",
                    databases->items[i], target->name, other.name);
            return err_target(err, "properties.dbsToMigrate[%zu]", i);
        }
        found = store_operation_drops(store, target->id, databases->items[i], err);
        if (found < 0) {
            return -1;
        }
        if (found > 0) {
            err_set(err, ERR_DATABASE_BUSY,
                    "The database '%s' of the target server '%s' is being deleted. Retry when that has "
                    "ended.",
                    databases->items[i], target->name);
            return err_target(err, "properties.dbsToMigrate[%zu]", i);
        }
    }
    return 0;
}

int check_subset(const struct str_list *names, const struct str_list *databases, const char *path,
                 struct err *err)
{
    for (size_t i = 0; i < names->count; i++) {
        if (!str_list_has(databases, names->items[i])) {
            err_set(err, ERR_BAD_PARAMETER, "'%.80s' is not one of the databases of this migration.",
                    names->items[i]);
            return err_target(err, "%s[%zu]", path, i);
        }
    }
    return 0;
}

static int check_required(const char *value, const char *path, const char *what, struct err *err)
{
    if (value != NULL) {
        return 0;
    }
    err_set(err, ERR_BAD_PARAMETER, "The property '%s' is required: %s.", path, what);
    return err_target(err, "%s", path);
}

/* The published examples contain ids such as "tttttttt-tttt-...", so only the format is checked. */
static bool is_id(const char *text)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    size_t i = 0;
    for (; shape[i] != '\0'; i++) {
        if (shape[i] == '-' ? text[i] != '-' : isalnum((unsigned char)text[i]) == 0) {
            return false;
        }
    }
    return text[i] == '\0';
}

/* Secrets of other applications are unknown here. */
int check_application_secret(const struct options *options, const struct migration_spec *spec,
                             struct err *err)
{
    static const char path[] = "properties.secretParameters.aadApp.aadSecret";
    bool ours = spec->aad_client_id != NULL && str_iequals(spec->aad_client_id, options->client_id);
    if (!ours || spec->aad_secret == NULL || !str_equals(options->auth, "strict") ||
        str_equals(spec->aad_secret, options->client_secret)) {
        return 0;
    }
    err_set(
        err, ERR_BAD_PARAMETER,
        "The property '%s' is not the client secret of the application '%s'. Use the secret that Malachite "
        "was started with (--client-secret-file).",
        path, options->client_id);
    return err_target(err, "%s", path);
}

static int check_application(const struct migration_spec *spec, struct err *err)
{
    const char *const ids[][2] = {{spec->aad_client_id, "properties.secretParameters.aadApp.clientId"},
                                  {spec->aad_tenant_id, "properties.secretParameters.aadApp.tenantId"}};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        if (ids[i][0] != NULL && !is_id(ids[i][0])) {
            err_set(err, ERR_BAD_PARAMETER, "The property '%s' must be a UUID.", ids[i][1]);
            return err_target(err, "%s", ids[i][1]);
        }
    }
    return 0;
}

static int check_resource_id(const char *text, const char *path, struct err *err)
{
    auto_armid struct armid id = {0};
    if (text != NULL && !armid_parse(text, &id)) {
        err_set(err, ERR_BAD_PARAMETER, "The property '%s' is not a resource id ('/subscriptions/...').",
                path);
        return err_target(err, "%s", path);
    }
    return 0;
}

/* A flexible server that does the work: it has to exist, as on the real service; Malachite works itself. */
static int check_runtime_server(struct request *request, const char *text, struct err *err)
{
    static const char path[] = "properties.migrationInstanceResourceId";
    auto_armid struct armid id = {0};
    auto_server struct server server = {0};
    if (text == NULL) {
        return 0;
    }
    if (check_resource_id(text, path, err) < 0) {
        return -1;
    }
    bool flexible = armid_parse(text, &id) && id.group != NULL && id.depth == 1 &&
                    str_iequals(id.provider, POSTGRESQL_NAMESPACE) &&
                    str_iequals(id.types[0], "flexibleServers");
    if (!flexible) {
        err_set(err, ERR_BAD_PARAMETER, "The property '%s' is not the id of a flexible server.", path);
        return err_target(err, "%s", path);
    }
    int found = store_server_get(request->app->store, SERVER_FLEXIBLE, id.subscription_id, id.group,
                                 id.names[0], err, &server);
    if (found < 0) {
        return -1;
    }
    if (found == 0) {
        err_set(err, ERR_BAD_PARAMETER,
                "The runtime server '%s' does not exist. Create it, or leave the property '%s' out.",
                id.names[0], path);
        return err_target(err, "%s", path);
    }
    return 0;
}

/* The group is where the real service puts its helpers; here it only has to exist. */
static int check_migration_group(struct request *request, const char *text, struct err *err)
{
    static const char path[] = "properties.migrationResourceGroup.resourceId";
    auto_armid struct armid id = {0};
    if (text == NULL) {
        return 0;
    }
    if (!armid_parse(text, &id) || id.group == NULL || id.depth > 0) {
        err_set(err, ERR_BAD_PARAMETER, "The property '%s' is not the id of a resource group.", path);
        return err_target(err, "%s", path);
    }
    auto_resource_group struct resource_group group = {0};
    int found = store_group_get(request->app->store, id.subscription_id, id.group, err, &group);
    if (found == 0) {
        err_set(err, ERR_GROUP_NOT_FOUND, "Resource group '%s' could not be found.", id.group);
        return err_target(err, "%s", path);
    }
    return found < 0 ? -1 : 0;
}

int check_credentials(const struct migration_spec *spec, struct err *err)
{
    static const char source_path[] = "properties.secretParameters.adminCredentials.sourceServerPassword";
    static const char target_path[] = "properties.secretParameters.adminCredentials.targetServerPassword";
    if (check_required(spec->source_password, source_path, "the password to sign in to the source server",
                       err) < 0) {
        return -1;
    }
    return check_required(spec->target_password, target_path, "the password to sign in to the target server",
                          err);
}

int check_spec(struct request *request, const struct migration_spec *spec, struct err *err)
{
    if (check_required(spec->source_server_id, "properties.sourceDbServerResourceId",
                       "the resource id of the source server, or host:port@user", err) < 0 ||
        check_application(spec, err) < 0 || check_application_secret(request->app->options, spec, err) < 0 ||
        subnet_check(request->app, spec->migration_subnet_id,
                     "properties.migrationResourceGroup.subnetResourceId", err) < 0 ||
        check_runtime_server(request, spec->runtime_server_id, err) < 0 ||
        check_resource_id(spec->identity_id, "properties.userAssignedIdentityResourceId", err) < 0 ||
        check_migration_group(request, spec->migration_group_id, err) < 0) {
        return -1;
    }
    if (spec->databases.count > 0 && (check_databases(&spec->databases, err) < 0 ||
                                      check_subset(&spec->cutover_databases, &spec->databases,
                                                   "properties.dbsToTriggerCutoverOn", err) < 0 ||
                                      check_subset(&spec->cancel_databases, &spec->databases,
                                                   "properties.dbsToCancelMigrationOn", err) < 0)) {
        return -1;
    }
    return 0;
}

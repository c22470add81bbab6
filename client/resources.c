/* SPDX-License-Identifier: MIT */
#include "client/resources_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/server/name_hash.h"
#include "core/parse/ssl_mode.h"
#include "core/str.h"

#define API        "api-version=2025-08-01"
#define GROUPS_API "api-version=2022-12-01"
#define GROUP      "malachite-migrate"
#define PROVIDER   "Microsoft.DBforPostgreSQL"
#define SSL_TAG    "malachite.sslmode"

/* The service requires a password, even for a server that admits the user without one. */
static const char *password_of(const struct server_uri *uri)
{
    return uri->password == NULL || uri->password[0] == '\0' ? "unused" : uri->password;
}

int resources_probe(struct rest *rest, const struct server_uri *uri, struct err *err, json_t **ret_databases)
{
    auto_free char *address = server_uri_address(uri);
    auto_free char *label = server_uri_label(uri);
    json_auto_t *answer = NULL;
    json_auto_t *body = json_pack("{s:s*, s:s, s:s*}", "server", address, "password", password_of(uri),
                                  "sslMode", ssl_mode_of_libpq(uri->sslmode));
    if (body == NULL || label == NULL) {
        return err_no_memory(err);
    }
    if (rest_call(rest, "POST", "/_malachite/connection", body, err, &answer) < 0) {
        return err->code == ERR_CANCELED ? -1 : err_prefix(err, "The %s server: ", uri->role);
    }
    json_t *names = json_array();
    json_t *row = NULL;
    size_t i = 0;
    json_array_foreach (json_object_get(answer, "databases"), i, row) {
        json_array_append(names, json_object_get(row, "name"));
    }
    const char *version = json_string_value(json_object_get(answer, "version"));
    fprintf(stderr, "%s: %s, PostgreSQL %s\n", uri->role, label, version == NULL ? "?" : version);
    *ret_databases = names;
    return names == NULL ? err_no_memory(err) : 0;
}

static int put(struct rest *rest, const char *path, const char *api, json_t *body, struct err *err)
{
    json_auto_t *sent = body;
    json_auto_t *answer = NULL;
    auto_free char *full = str_format("%s?%s", path, api);
    if (sent == NULL || full == NULL) {
        return err_no_memory(err);
    }
    return rest_call(rest, "PUT", full, sent, err, &answer) < 0 ? -1 : rest_wait(rest, err);
}

int resources_put_target(struct rest *rest, const struct client_options *options,
                         const struct server_uri *target, struct err *err, char **ret_path)
{
    char port[16];
    snprintf(port, sizeof(port), "%d", target->port);
    auto_free char *address = server_uri_address(target);
    auto_free char *group = str_format("/subscriptions/%s/resourceGroups/" GROUP, options->subscription_id);
    auto_free char *path = address == NULL || group == NULL
                               ? NULL
                               : str_format("%s/providers/" PROVIDER "/flexibleServers/pg-%016" PRIx64, group,
                                            name_hash(address));
    if (path == NULL) {
        return err_no_memory(err);
    }
    json_t *server =
        json_pack("{s:s, s:{s:s, s:s, s:s*}, s:{s:s, s:s}}", "location", "eastus", "tags", "malachite.host",
                  target->host, "malachite.port", port, SSL_TAG, target->sslmode, "properties",
                  "administratorLogin", target->user, "administratorLoginPassword", password_of(target));
    if (put(rest, group, GROUPS_API, json_pack("{s:s}", "location", "eastus"), err) < 0) {
        json_decref(server);
        return -1;
    }
    if (put(rest, path, API, server, err) < 0) {
        return err->code == ERR_CANCELED ? -1 : err_prefix(err, "The target server: ");
    }
    *ret_path = TAKE(path);
    return 0;
}

void created_done(struct created *created)
{
    free(created->path);
    free(created->id);
    *created = (struct created){0};
}

static const char *text_at(json_t *object, const char *outer, const char *inner)
{
    return json_string_value(json_object_get(json_object_get(object, outer), inner));
}

bool resources_same_names(json_t *a, json_t *b)
{
    size_t found = 0;
    size_t i = 0;
    size_t j = 0;
    json_t *left = NULL;
    json_t *right = NULL;
    json_array_foreach (a, i, left) {
        json_array_foreach (b, j, right) {
            found += json_equal(left, right) ? 1 : 0;
        }
    }
    return json_array_size(a) == json_array_size(b) && found == json_array_size(a);
}

static int remember(json_t *resource, const char *target_path, struct err *err, struct created *ret_created)
{
    const char *name = json_string_value(json_object_get(resource, "name"));
    const char *id = text_at(resource, "properties", "migrationId");
    if (name == NULL || id == NULL) {
        return err_set(err, ERR_UNAVAILABLE, "The answer does not describe a migration: is this Malachite?");
    }
    ret_created->path = str_format("%s/migrations/%s", target_path, name);
    ret_created->id = str_dup(id);
    return ret_created->path == NULL || ret_created->id == NULL ? err_no_memory(err) : 0;
}

/* Migrations with another mode are included: an active one of them is in the way. */
static int list(struct rest *rest, const struct migration_plan *migration_plan, const char *filter,
                struct err *err, json_t **ret_rows)
{
    auto_free char *source = server_uri_address(migration_plan->source);
    auto_free char *path =
        str_format("%s/migrations?migrationListFilter=%s&" API, migration_plan->target_path, filter);
    json_auto_t *answer = NULL;
    json_auto_t *rows = json_array();
    json_t *row = NULL;
    size_t i = 0;
    if (source == NULL || path == NULL || rows == NULL) {
        return err_no_memory(err);
    }
    if (rest_call(rest, "GET", path, NULL, err, &answer) < 0) {
        return -1;
    }
    json_array_foreach (json_object_get(answer, "value"), i, row) {
        if (str_equals(text_at(row, "properties", "sourceDbServerResourceId"), source)) {
            json_array_append(rows, row);
        }
    }
    *ret_rows = TAKE(rows);
    return 0;
}

static bool is_of_mode(json_t *row, bool online)
{
    return str_equals(text_at(row, "properties", "migrationMode"), "Online") == online;
}

int resources_list_migrations(struct rest *rest, const struct migration_plan *migration_plan,
                              const char *filter, struct err *err, json_t **ret_rows)
{
    json_auto_t *rows = NULL;
    json_t *row = NULL;
    size_t i = 0;
    if (list(rest, migration_plan, filter, err, &rows) < 0) {
        return -1;
    }
    *ret_rows = json_array();
    json_array_foreach (rows, i, row) {
        if (is_of_mode(row, migration_plan->options->online)) {
            json_array_append(*ret_rows, row);
        }
    }
    return *ret_rows == NULL ? err_no_memory(err) : 0;
}

/* A migration of an earlier run that was killed, or of a shared Malachite. 1: found. */
static int find_active(struct rest *rest, const struct migration_plan *migration_plan, struct err *err,
                       struct created *ret_created)
{
    json_auto_t *rows = NULL;
    if (list(rest, migration_plan, "Active", err, &rows) < 0) {
        return -1;
    }
    json_t *row = json_array_get(rows, 0);
    if (row == NULL) {
        return 0;
    }
    json_t *databases = json_object_get(json_object_get(row, "properties"), "dbsToMigrate");
    const char *name = json_string_value(json_object_get(row, "name"));
    if (!is_of_mode(row, migration_plan->options->online) ||
        !resources_same_names(databases, migration_plan->databases)) {
        auto_free char *names = json_dumps(databases, JSON_COMPACT);
        return err_set(
            err, ERR_CONFLICT,
            "The migration '%s' of %s between these servers, %s, is still active. Run its own command "
            "again to finish it, or to cancel it with Ctrl-C.",
            name, names, is_of_mode(row, true) ? "online" : "offline");
    }
    fprintf(stderr, "Resuming the migration %s, which an earlier run started.\n", name);
    ret_created->resumed = true;
    return remember(row, migration_plan->target_path, err, ret_created) < 0 ? -1 : 1;
}

static json_t *body_of(const struct migration_plan *migration_plan, const char *address)
{
    const struct client_options *options = migration_plan->options;
    return json_pack("{s:s, s:{s:s, s:O, s:s, s:s, s:s*, s:s*, s:s*, s:s*, s:{s:{s:s, s:s}}}}", "location",
                     "eastus", "properties", "sourceDbServerResourceId", address, "dbsToMigrate",
                     migration_plan->databases, "migrationMode", options->online ? "Online" : "Offline",
                     "migrationOption", "Migrate", "migrateRoles", migration_plan->roles ? "True" : NULL,
                     "overwriteDbsInTarget", options->overwrite ? "True" : NULL,
                     "setupLogicalReplicationOnSourceDbIfNeeded",
                     options->online && options->setup_replication ? "True" : NULL, "sslMode",
                     ssl_mode_of_libpq(migration_plan->source->sslmode), "secretParameters",
                     "adminCredentials", "sourceServerPassword", password_of(migration_plan->source),
                     "targetServerPassword", password_of(migration_plan->target));
}

int resources_put_migration(struct rest *rest, const struct migration_plan *migration_plan, struct err *err,
                            struct created *ret_created)
{
    *ret_created = (struct created){0};
    auto_free char *address = server_uri_address(migration_plan->source);
    auto_free char *path =
        str_format("%s/migrations/%s?" API, migration_plan->target_path, migration_plan->name);
    if (address == NULL || path == NULL) {
        return err_no_memory(err);
    }
    int found = find_active(rest, migration_plan, err, ret_created);
    if (found != 0) {
        return found < 0 ? -1 : 0;
    }
    json_auto_t *body = body_of(migration_plan, address);
    json_auto_t *answer = NULL;
    if (body == NULL) {
        return err_no_memory(err);
    }
    return rest_call(rest, "PUT", path, body, err, &answer) < 0
               ? -1
               : remember(answer, migration_plan->target_path, err, ret_created);
}

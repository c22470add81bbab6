/* SPDX-License-Identifier: MIT */
/*
 * {scope}/providers/Microsoft.Resources/tags/default of groups, servers and migrations: only the tags,
 * read and written without the resource's api-version or its body.
 */
#include <string.h>
#include <strings.h>

#include "core/parse/json_fields.h"
#include "core/str.h"
#include "handlers/arm/resource.h"
#include "handlers/arm/resource_fields.h"
#include "handlers/resources/resources.h"
#include "handlers/rules/tags/migration_tags.h"

/* Reads and writes tags for one kind of scope, inside a transaction of the caller. get: the id and tags in
 * new memory (tags may be NULL), or -1 and the error of a missing scope. */
struct scope {
    int (*get)(struct request *request, struct err *err, char **ret_id, char **ret_tags);
    int (*set)(struct request *request, const char *tags, struct err *err);
};

/* ---- groups ----------------------------------------------------------------------------------------------
 */

static int get_group_row(struct request *request, struct err *err, struct resource_group *ret_group)
{
    const char *name = request_param(request, "resourceGroupName");
    int found =
        store_group_get(request->app->store, request_param(request, "subscriptionId"), name, err, ret_group);
    return found != 0 ? found
                      : err_set(err, ERR_GROUP_NOT_FOUND, "Resource group '%s' could not be found.", name);
}

static int get_group(struct request *request, struct err *err, char **ret_id, char **ret_tags)
{
    auto_resource_group struct resource_group group = {0};
    if (get_group_row(request, err, &group) < 0) {
        return -1;
    }
    *ret_id = armid_group(group.subscription_id, group.name);
    *ret_tags = TAKE(group.tags);
    return 0;
}

static int set_group(struct request *request, const char *tags, struct err *err)
{
    auto_resource_group struct resource_group group = {0};
    if (get_group_row(request, err, &group) < 0) {
        return -1;
    }
    return str_replace(&group.tags, tags) ? store_group_put(request->app->store, &group, err)
                                          : err_no_memory(err);
}

/* ---- servers ---------------------------------------------------------------------------------------------
 */

static int get_server_row(struct request *request, struct err *err, struct server *ret_server)
{
    enum server_kind kind = server_kind_of(request);
    const char *group = request_param(request, "resourceGroupName");
    const char *name = request_param(request, "serverName");
    auto_resource_group struct resource_group ignored = {0};
    int found = store_server_get(request->app->store, kind, request_param(request, "subscriptionId"), group,
                                 name, err, ret_server);
    if (found != 0) {
        return found;
    }
    if (get_group_row(request, err, &ignored) < 0) {
        return -1;
    }
    auto_free char *full = str_format("%s/%s", word_of(WORDS_SERVER_KIND, (int)kind), name);
    return resource_not_found(err, group, full);
}

static int get_server(struct request *request, struct err *err, char **ret_id, char **ret_tags)
{
    auto_server struct server server = {0};
    if (get_server_row(request, err, &server) < 0) {
        return -1;
    }
    *ret_id = server_resource_id(&server);
    *ret_tags = TAKE(server.tags);
    return 0;
}

static int set_server(struct request *request, const char *tags, struct err *err)
{
    auto_server struct server server = {0};
    if (get_server_row(request, err, &server) < 0) {
        return -1;
    }
    return str_replace(&server.tags, tags) ? store_server_update(request->app->store, &server, err)
                                           : err_no_memory(err);
}

/* ---- migrations ------------------------------------------------------------------------------------------
 */

static int get_migration_row(struct request *request, struct err *err, struct server *ret_target,
                             struct migration *ret_migration)
{
    const char *name = request_param(request, "migrationName");
    if (get_server_row(request, err, ret_target) < 0) {
        return -1;
    }
    int found = store_migration_get(request->app->store, ret_target->id, name, err, ret_migration);
    if (found < 0 || (found > 0 && !ret_migration->hidden)) {
        return found;
    }
    auto_free char *full = str_format("flexibleServers/%s/migrations/%s", ret_target->name, name);
    return resource_not_found(err, ret_target->group, full);
}

static int get_migration(struct request *request, struct err *err, char **ret_id, char **ret_tags)
{
    auto_server struct server target = {0};
    auto_migration struct migration migration = {0};
    if (get_migration_row(request, err, &target, &migration) < 0) {
        return -1;
    }
    *ret_id = migration_resource_id(&target, migration.name);
    *ret_tags = TAKE(migration.tags);
    return 0;
}

static int set_migration(struct request *request, const char *tags, struct err *err)
{
    auto_server struct server target = {0};
    auto_migration struct migration migration = {0};
    if (get_migration_row(request, err, &target, &migration) < 0) {
        return -1;
    }
    if (migration_tags_check(tags, err) < 0) {
        return -1;
    }
    if (!str_replace(&migration.tags, tags)) {
        return err_no_memory(err);
    }
    migration_tags_apply(&migration);
    return store_migration_update_spec(request->app->store, &migration, err);
}

static const struct scope group_scope = {get_group, set_group};
static const struct scope server_scope = {get_server, set_server};
static const struct scope migration_scope = {get_migration, set_migration};

static const struct scope *scope_of(const struct request *request)
{
    if (request_param(request, "migrationName") != NULL) {
        return &migration_scope;
    }
    return request_param(request, "serverName") != NULL ? &server_scope : &group_scope;
}

/* ---- the calls -------------------------------------------------------------------------------------------
 */

/* Takes over the reference to tags. */
static void reply_tags(struct request *request, const char *scope_id, json_t *tags)
{
    auto_free char *id = str_format("%s/providers/%s/tags/default", scope_id, RESOURCES_NAMESPACE);
    if (id == NULL || tags == NULL) {
        json_decref(tags);
        reply_json(request, 500, NULL);
        return;
    }
    reply_json(request, 200,
               json_pack("{s:s, s:s, s:s, s:{s:o}}", "id", id, "name", "default", "type",
                         RESOURCES_NAMESPACE "/tags", "properties", "tags", tags));
}

static json_t *parse_tags(const char *text)
{
    json_t *tags = json_from_text(text);
    return tags == NULL ? json_object() : tags;
}

void tags_get(struct request *request)
{
    struct err err = {0};
    auto_free char *id = NULL;
    auto_free char *tags = NULL;
    if (scope_of(request)->get(request, &err, &id, &tags) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_tags(request, id, parse_tags(tags));
}

enum change { CHANGE_REPLACE, CHANGE_MERGE, CHANGE_DELETE };

/* The new one replaces a name that differs only in case. */
static void remove_tag(json_t *tags, const char *name)
{
    const char *other;
    json_t *value;
    json_object_foreach (tags, other, value) {
        if (str_iequals(other, name)) {
            json_object_del(tags, other);
            return;
        }
    }
}

static void apply(enum change change, json_t *wanted, json_t *tags)
{
    const char *name;
    json_t *value;
    if (change == CHANGE_REPLACE) {
        json_object_clear(tags);
    }
    json_object_foreach (wanted, name, value) {
        remove_tag(tags, name);
        if (change != CHANGE_DELETE) {
            json_object_set(tags, name, value);
        }
    }
}

/* Reads, changes, checks and writes in one transaction. */
static int change_tags(struct request *request, enum change change, json_t *wanted, struct err *err,
                       char **ret_id, json_t **ret_tags)
{
    const struct scope *scope = scope_of(request);
    auto_store_tx struct store_tx tx = {0};
    auto_free char *id = NULL;
    auto_free char *before = NULL;
    auto_free char *after = NULL;
    if (store_begin(request->app->store, err, &tx) < 0 || scope->get(request, err, &id, &before) < 0) {
        return -1;
    }
    json_auto_t *tags = parse_tags(before);
    apply(change, wanted, tags);
    json_auto_t *body = json_pack("{s:O}", "tags", tags);
    if (body == NULL || id == NULL) {
        return err_no_memory(err);
    }
    if (field_tags(body, err, &after) < 0 || scope->set(request, after, err) < 0 ||
        store_commit(&tx, err) < 0) {
        return -1;
    }
    *ret_id = TAKE(id);
    *ret_tags = TAKE(tags);
    return 0;
}

static void reply_change(struct request *request, enum change change, json_t *wanted)
{
    struct err err = {0};
    auto_free char *id = NULL;
    json_t *tags = NULL;
    if (change_tags(request, change, wanted, &err, &id, &tags) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_tags(request, id, tags);
}

/* properties.tags, an object of strings. */
static int read_tags(json_t *body, struct err *err, json_t **ret_tags)
{
    json_t *properties = NULL;
    json_t *tags = NULL;
    auto_free char *checked = NULL;
    if (field_object(body, "", "properties", err, &properties) < 0 ||
        (properties != NULL && field_tags(properties, err, &checked) < 0)) {
        return -1;
    }
    tags = properties == NULL ? NULL : field_get(properties, "tags");
    if (tags == NULL) {
        err_set(err, ERR_BAD_PARAMETER, "The property 'properties.tags' is required.");
        return err_target(err, "properties.tags");
    }
    *ret_tags = tags;
    return 0;
}

void tags_put(struct request *request)
{
    struct err err = {0};
    json_t *tags = NULL;
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    if (read_tags(body, &err, &tags) < 0) {
        reply_error(request, &err);
        return;
    }
    reply_change(request, CHANGE_REPLACE, tags);
}

void tags_patch(struct request *request)
{
    static const char *const words[] = {
        [CHANGE_REPLACE] = "Replace", [CHANGE_MERGE] = "Merge", [CHANGE_DELETE] = "Delete"};
    struct err err = {0};
    json_t *tags = NULL;
    const char *word = NULL;
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    if (field_string(body, "", "operation", &err, &word) < 0 || read_tags(body, &err, &tags) < 0) {
        reply_error(request, &err);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_iequals(word, words[i])) {
            reply_change(request, (enum change)i, tags);
            return;
        }
    }
    reply_fail(request, ERR_BAD_PARAMETER,
               "The property 'operation' must be 'Replace', 'Merge' or 'Delete'.");
}

void tags_delete(struct request *request)
{
    struct err err = {0};
    auto_free char *id = NULL;
    json_auto_t *none = json_object();
    json_t *tags = NULL;
    if (change_tags(request, CHANGE_REPLACE, none, &err, &id, &tags) < 0) {
        reply_error(request, &err);
        return;
    }
    json_decref(tags);
    reply_empty(request, 200);
}

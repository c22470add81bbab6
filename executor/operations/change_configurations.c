/* SPDX-License-Identifier: MIT */
#include "executor/operations/change_configurations.h"

#include <jansson.h>

#include "core/memory.h"
#include "core/str.h"
#include "engine/admin/settings.h"
#include "executor/operations/operation_server.h"
#include "executor/servers/sides.h"
#include "executor/spelling/configuration_spelling.h"
#include "executor/spelling/configuration_words.h"
#include "executor/spelling/kept_parameters.h"

enum { CHANGES_MAX = 1000 };

struct changes {
    struct setting_change rows[CHANGES_MAX];
    size_t count;
    struct setting_change kept[CHANGES_MAX]; /* of the service's own parameters */
    size_t kept_count;
};

static int add_change(struct changes *changes, const char *name, const char *value, struct err *err)
{
    if (changes->count == CHANGES_MAX) {
        return err_set(err, ERR_BAD_PARAMETER, "At most %d parameters can be changed in one call.",
                       CHANGES_MAX);
    }
    changes->rows[changes->count++] = (struct setting_change){name, value};
    return 0;
}

/* PostgreSQL refuses to start with wal_level minimal if it may send WAL. */
static int add_replication_change(struct changes *changes, const char *value, struct err *err)
{
    const char *wal_level = value == NULL ? NULL : replication_wal_level(value);
    return add_change(changes, "wal_level", wal_level, err) < 0 ||
                   add_change(changes, "max_wal_senders", str_equals(wal_level, "minimal") ? "0" : NULL,
                              err) < 0
               ? -1
               : 0;
}

static int keep_text(struct executor *executor, const struct server *server, const char *name,
                     const char *value, struct err *err)
{
    if (value == NULL) {
        return store_child_delete(executor->store, server->id, CHILD_CONFIGURATION, name, err);
    }
    json_auto_t *properties = json_pack("{s:s}", "value", value);
    auto_server_child struct server_child child = {
        .server_id = server->id, .kind = CHILD_CONFIGURATION, .name = str_dup(name)};
    child.properties = properties == NULL ? NULL : json_dumps(properties, JSON_COMPACT);
    return child.name == NULL || child.properties == NULL ? err_no_memory(err)
                                                          : store_child_put(executor->store, &child, err);
}

/* Whether the store keeps it: one of the service's own that the live server does not have itself. */
static int is_kept(struct executor *executor, const struct server *server, const struct endpoint *login,
                   const char *name, struct err *err, bool *ret_kept)
{
    struct server_setting *settings = NULL;
    size_t count = 0;
    *ret_kept = server->kind == SERVER_FLEXIBLE && str_iequals(name, allowed_extensions);
    if (*ret_kept || service_parameter_find(server->kind, name) == NULL) {
        return 0;
    }
    if (settings_list(login, name, &executor->stop, err, &settings, &count) < 0) {
        return -1;
    }
    settings_free(settings, count);
    *ret_kept = count == 0;
    return 0;
}

static int store_spellings(struct executor *executor, const struct server *server,
                           const struct setting_change *change, struct err *err)
{
    const struct service_parameter *parameter = service_parameter_find(server->kind, change->name);
    if (parameter == NULL) {
        return keep_text(executor, server, change->name, change->value, err);
    }
    if (str_equals(parameter->name, secure_transport) && !server->attached) {
        const struct instance_spec spec = server_instance(server);
        const char *value = change->value == NULL ? parameter->standard : change->value;
        if (instance_require_tls(&executor->instances, &spec, kept_parameter_is_on(value), &executor->stop,
                                 err) < 0) {
            return -1;
        }
    }
    return kept_parameter_put(executor->store, server, parameter, change->value, err);
}

static int add_kept(struct changes *changes, const char *name, const char *value, struct err *err)
{
    if (changes->kept_count == CHANGES_MAX) {
        return err_set(err, ERR_BAD_PARAMETER, "At most %d parameters can be changed in one call.",
                       CHANGES_MAX);
    }
    changes->kept[changes->kept_count++] = (struct setting_change){name, value};
    return 0;
}

static int collect(struct executor *executor, const struct server *server, const struct endpoint *login,
                   const json_t *all_wanted, struct changes *changes, struct err *err)
{
    size_t i;
    const json_t *wanted;
    json_array_foreach (all_wanted, i, wanted) {
        const char *name = json_string_value(json_object_get(wanted, "name"));
        const char *value = json_string_value(json_object_get(wanted, "value"));
        bool kept = false;
        int result = 0;
        if (name == NULL) {
            result = err_set(err, ERR_INTERNAL, "The operation names no parameter.");
        } else if (is_kept(executor, server, login, name, err, &kept) < 0) {
            result = -1;
        } else if (server->kind == SERVER_SINGLE && str_iequals(name, replication_support)) {
            result = add_replication_change(changes, value, err) < 0
                         ? -1
                         : add_kept(changes, replication_support, value, err);
        } else if (kept) {
            result = add_kept(changes, name, value, err);
        } else {
            result = add_change(changes, name, value, err);
        }
        if (result < 0) {
            return -1;
        }
    }
    return 0;
}

/* Applies the changes, and stores the client's spelling of the values. */
static int apply(struct executor *executor, const struct server *server, const struct endpoint *login,
                 const struct changes *changes, struct err *err)
{
    struct server_setting *settings = NULL;
    size_t count = 0;
    if (settings_change(login, changes->rows, changes->count, &executor->stop, err) < 0 ||
        settings_list(login, NULL, &executor->stop, err, &settings, &count) < 0) {
        return -1;
    }
    int result = configuration_spellings_keep(executor->store, server, changes->rows, changes->count,
                                              settings, count, err);
    settings_free(settings, count);
    return result;
}

int change_configurations(struct executor *executor, const struct operation *operation, struct err *err)
{
    auto_server struct server server = {0};
    auto_endpoint struct endpoint login = {0};
    auto_free struct changes *changes = calloc(1, sizeof(*changes));
    json_auto_t *argument = memory_parse_text(operation->argument, 0);
    if (changes == NULL) {
        return err_no_memory(err);
    }
    if (operation_find_server(executor, operation, err, &server) < 0 ||
        server_superuser_login(executor, &server, err, &login) < 0 ||
        collect(executor, &server, &login, json_object_get(argument, "configurations"), changes, err) < 0) {
        return -1;
    }
    if (changes->count > 0 && apply(executor, &server, &login, changes, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < changes->kept_count; i++) {
        if (store_spellings(executor, &server, &changes->kept[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

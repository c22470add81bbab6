/* SPDX-License-Identifier: MIT */
/* New servers that begin as a copy of another one: fixtures for tests. */
#include "executor/operations/clone_server.h"

#include "core/parse/json_fields.h"
#include "engine/instance/instance_copy.h"
#include "executor/servers/sides.h"

static int clone_instance(struct executor *executor, const struct server *server, const char *name,
                          struct err *err)
{
    auto_server struct server original = {0};
    int found = store_server_get_by_name(executor->store, server->subscription_id, name, err, &original);
    if (found < 0) {
        return -1;
    }
    if (found == 0 || original.attached || original.major != server->major) {
        return err_set(
            err, ERR_RESOURCE_NOT_FOUND,
            "The server '%s', which '%s' was to be a copy of, was deleted or replaced in the meantime.", name,
            server->name);
    }
    const struct instance_spec spec = server_instance(server);
    const struct instance_spec original_spec = server_instance(&original);
    return instance_clone(&executor->instances, &spec, &original_spec, &executor->stop, err);
}

int create_or_clone_instance(struct executor *executor, const struct server *server, struct err *err)
{
    const struct instance_spec spec = server_instance(server);
    json_auto_t *tags = json_from_text(server->tags);
    json_t *original = tags == NULL ? NULL : field_get(tags, "malachite.cloneOf");
    return json_is_string(original) ? clone_instance(executor, server, json_string_value(original), err)
                                    : instance_create(&executor->instances, &spec, &executor->stop, err);
}

/* SPDX-License-Identifier: MIT */
#include "executor/servers/sides.h"

#include "core/str.h"
#include "engine/admin/databases.h"
#include "executor/executor_parts.h"
#include "executor/spelling/kept_parameters.h"

int server_superuser_login(const struct executor *executor, const struct server *server, struct err *err,
                           struct endpoint *ret_login)
{
    if (server->attached) {
        return server_login(executor, server, err, ret_login);
    }
    const struct instance_spec spec = server_instance(server);
    auto_free char *label = str_format("server '%s'", server->name);
    return label == NULL ? err_no_memory(err)
                         : instance_superuser_endpoint(&executor->instances, &spec, label, err, ret_login);
}

int server_parameter_is_on(const struct executor *executor, const struct server *server, const char *name,
                           struct err *err, bool *ret_on)
{
    auto_free char *value = NULL;
    if (kept_parameter_get(executor->store, server, name, err, &value) < 0) {
        return -1;
    }
    *ret_on = kept_parameter_is_on(value);
    return 0;
}

int server_parameter_number(const struct executor *executor, const struct server *server, const char *name,
                            struct err *err, int64_t *ret_number)
{
    auto_free char *value = NULL;
    if (kept_parameter_get(executor->store, server, name, err, &value) < 0) {
        return -1;
    }
    return str_to_int(value, INT64_MIN, INT64_MAX, ret_number)
               ? 0
               : err_set(err, ERR_INTERNAL, "The parameter %s is not a number.", name);
}

/* 150018 is 15.18, 90624 is 9.6.24. */
int server_minor_version(int version)
{
    return version >= 100000 ? version % 10000 : version % 100;
}

void server_note_version(struct executor *executor, const struct server *server)
{
    struct err ignored = {0};
    struct server_info info = {0};
    auto_endpoint struct endpoint login = {0};
    if (server_superuser_login(executor, server, &ignored, &login) == 0 &&
        server_inspect(&login, &executor->stop, &ignored, &info) == 0) {
        (void)store_server_set_version(executor->store, server->id, info.version / 10000,
                                       server_minor_version(info.version), &ignored);
        server_info_done(&info);
    }
}

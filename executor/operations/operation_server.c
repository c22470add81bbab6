/* SPDX-License-Identifier: MIT */
#include "executor/operations/operation_server.h"

#include "executor/servers/servers.h"
#include "executor/servers/sides.h"

int operation_find_server(struct executor *executor, const struct operation *operation, struct err *err,
                          struct server *ret_server)
{
    int found = store_server_get_by_id(executor->store, operation->server_id, err, ret_server);
    return found == 0  ? err_set(err, ERR_RESOURCE_NOT_FOUND, "The server was deleted in the meantime.")
           : found < 0 ? -1
                       : 0;
}

/* An attached server may be unreachable: it is a resource nevertheless, and migrations with it fail with
 * the reason. */
int attach_server(struct executor *executor, const struct server *server, struct err *err)
{
    int version = 0;
    if (executor_probe_version(executor, server, err, &version) < 0) {
        struct err ignored = {0};
        (void)store_server_set_state(executor->store, server->id, SERVER_STATE_INACCESSIBLE, err->message,
                                     &ignored);
        return -1;
    }
    /* Not the whole row: the user may have changed it in the meantime. */
    int minor = server_minor_version(version);
    return store_server_set_version(executor->store, server->id, version / 10000, minor, err) < 0
               ? -1
               : store_server_set_state(executor->store, server->id, SERVER_STATE_READY, NULL, err);
}

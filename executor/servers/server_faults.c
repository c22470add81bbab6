/* SPDX-License-Identifier: MIT */
#include "executor/servers/server_faults.h"

#include "core/buf.h"
#include "core/log.h"
#include "core/str.h"
#include "engine/instance/fault.h"
#include "executor/executor_parts.h"
#include "executor/gate.h"
#include "executor/servers/sides.h"

enum { LIST_MAX_BYTES = 800 };

const char *server_fault_names(void)
{
    return fault_names();
}

bool server_fault_is_known(const char *action)
{
    return fault_is_known(action);
}

/* 400 that lists the servers on which faults can be injected. */
static int unknown_server(struct executor *executor, const char *subscription_id, const char *name,
                          struct err *err)
{
    struct server *servers = NULL;
    size_t count = 0;
    auto_buf struct buf names = BUF_MAX(LIST_MAX_BYTES);
    if (store_server_list_all(executor->store, err, &servers, &count) < 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        bool suits = !servers[i].attached && str_iequals(servers[i].subscription_id, subscription_id);
        if (suits && names.len + 70 < LIST_MAX_BYTES) {
            buf_addf(&names, "%s%s", names.len == 0 ? "" : ", ", servers[i].name);
        }
    }
    servers_free(servers, count);
    return err_set(err, ERR_BAD_PARAMETER,
                   "There is no server '%s' in subscription '%s'. Provisioned servers there: %s.", name,
                   subscription_id, names.len == 0 ? "none" : buf_text(&names));
}

static int find_provisioned(struct executor *executor, const char *subscription_id, const char *name,
                            struct err *err, struct server *ret_server)
{
    int found = store_server_get_by_name(executor->store, subscription_id, name, err, ret_server);
    if (found == 0) {
        return unknown_server(executor, subscription_id, name, err);
    }
    if (found == 1 && ret_server->attached) {
        return err_set(err, ERR_CONFLICT,
                       "Server '%s' is attached: Malachite makes faults only on servers that it provisioned.",
                       ret_server->name);
    }
    return found < 0 ? -1 : 0;
}

int server_fault_check(struct executor *executor, const char *subscription_id, const char *server,
                       const char *action, struct err *err)
{
    auto_server struct server row = {0};
    if (!fault_is_known(action)) {
        return err_set(err, ERR_BAD_PARAMETER, "There is no fault '%s'. Faults of servers: %s.", action,
                       fault_names());
    }
    return find_provisioned(executor, subscription_id, server, err, &row);
}

int server_fault_begin(struct executor *executor, const char *subscription_id, const char *server,
                       const char *action, const struct stop *stop, struct err *err)
{
    auto_server struct server row = {0};
    if (server_fault_check(executor, subscription_id, server, action, err) < 0 ||
        find_provisioned(executor, subscription_id, server, err, &row) < 0) {
        return -1;
    }
    const struct instance_spec spec = server_instance(&row);
    auto_gate_visit struct gate_visit visit = {0};
    if (gate_enter(executor, subscription_id, stop, err, &visit) < 0 ||
        fault_begin(&executor->instances, &spec, action, stop, err) < 0) {
        return -1;
    }
    log_event(LOG_INFO, "fault begins", "server", row.name, "fault", action, NULL);
    return 0;
}

int server_fault_end(struct executor *executor, const char *subscription_id, const char *server,
                     const char *action, struct err *err)
{
    auto_server struct server row = {0};
    int found = store_server_get_by_name(executor->store, subscription_id, server, err, &row);
    if (found <= 0 || row.attached) {
        return found < 0 ? -1 : 0;
    }
    const struct instance_spec spec = server_instance(&row);
    auto_gate_visit struct gate_visit visit = {0};
    if (gate_enter(executor, subscription_id, NULL, err, &visit) < 0 ||
        fault_end(&executor->instances, &spec, action, &executor->stop, err) < 0) {
        return -1;
    }
    log_event(LOG_INFO, "fault ends", "server", row.name, "fault", action, NULL);
    return 0;
}

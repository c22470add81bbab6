/* SPDX-License-Identifier: MIT */
#include "executor/power_operation.h"

#include "core/clock.h"
#include "core/str.h"

int operation_init_power(const struct server *server, enum operation_kind kind, struct err *err,
                         struct operation *ret_operation)
{
    struct operation operation = {
        .kind = kind, .status = OPERATION_IN_PROGRESS, .server_id = server->id, .started_us = clock_now_us()};
    id_new(operation.id);
    operation.subscription_id = str_dup(server->subscription_id);
    operation.location = str_dup(server->location);
    operation.resource_id = str_format(
        "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.DBforPostgreSQL/%s/%s",
        server->subscription_id, server->group, word_of(WORDS_SERVER_KIND, (int)server->kind), server->name);
    *ret_operation = operation;
    return operation.subscription_id == NULL || operation.location == NULL || operation.resource_id == NULL
               ? err_no_memory(err)
               : 0;
}

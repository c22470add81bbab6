/* SPDX-License-Identifier: MIT */
/* Lists the route table. Not in handlers/, which does not see the table. */
#include <jansson.h>

#include "app/routes_private.h"
#include "handlers/resources/resources.h"
#include "server/reply.h"

void malachite_routes(struct request *request)
{
    json_t *body = json_object();
    json_t *value = json_array();
    json_object_set_new(body, "value", value);
    for (size_t i = 0; i < route_count; i++) {
        json_array_append_new(
            value,
            json_pack("{s:s, s:s, s:s, s:s*, s:b, s:b, s:s*}", "method", method_name(routes[i].method),
                      "pattern", routes[i].pattern, "operationId", routes[i].operation_id, "action",
                      routes[i].action, "implemented", routes[i].handler != not_implemented, "list",
                      routes[i].answer != NULL && routes[i].answer[0] == '[', "query", routes[i].query));
    }
    reply_json(request, 200, body);
}

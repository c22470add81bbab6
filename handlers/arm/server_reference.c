/* SPDX-License-Identifier: MIT */
#include "handlers/arm/server_reference.h"

#include "core/options/subscriptions.h"
#include "core/parse/server_address.h"
#include "core/str.h"

/* The message does not repeat the text: users may paste a connection string with a password here. */
static int read_address(const char *role, const char *text, struct err *err, struct server *ret_server)
{
    auto_server_address struct server_address address = {0};
    if (!server_address_parse(text, &address)) {
        return err_set(err, ERR_BAD_INPUT,
                       "The %s is neither the resource id of a server "
                       "('/subscriptions/.../providers/%s/servers/NAME') nor "
                       "of the form host:port@user, with one host name or address.",
                       role, POSTGRESQL_NAMESPACE);
    }
    ret_server->attached = true;
    ret_server->port = address.port;
    bool copied = str_replace(&ret_server->host, address.host) &&
                  str_replace(&ret_server->administrator, address.user) &&
                  str_replace(&ret_server->name, address.host);
    return copied ? 0 : err_no_memory(err);
}

static int look_up(struct request *request, const char *role, const struct armid *id, struct err *err,
                   struct server *ret_server)
{
    int kind = id->depth == 1 ? word_to_value(WORDS_SERVER_KIND, id->types[0]) : -1;
    if (kind < 0 || id->group == NULL || !str_iequals(id->provider, POSTGRESQL_NAMESPACE)) {
        return err_set(err, ERR_BAD_INPUT,
                       "The %s is the id of another kind of resource. Give the id of a server: %s", role,
                       "'/subscriptions/{id}/resourceGroups/{group}/providers/" POSTGRESQL_NAMESPACE
                       "/servers/{name}'.");
    }
    const char *own_id = request_param(request, "subscriptionId");
    if (own_id != NULL ? !str_iequals(id->subscription_id, own_id)
                       : !subscriptions_admit(request->app->options, id->subscription_id)) {
        return err_set(err, ERR_SUBSCRIPTION_NOT_FOUND,
                       "The %s server's subscription '%s' could not be found.", role, id->subscription_id);
    }
    auto_free char *type = str_format(POSTGRESQL_NAMESPACE "/%s/read", word_of(WORDS_SERVER_KIND, kind));
    auto_free char *server_id =
        armid_resource(id->subscription_id, id->group, POSTGRESQL_NAMESPACE, id->types[0], id->names[0]);
    if (type == NULL || server_id == NULL) {
        return err_no_memory(err);
    }
    if (request->app->authorize_linked != NULL &&
        request->app->authorize_linked(request, type, server_id, err) < 0) {
        return -1;
    }
    int found = store_server_get(request->app->store, (enum server_kind)kind, id->subscription_id, id->group,
                                 id->names[0], err, ret_server);
    if (found == 0) {
        auto_free char *name = str_format("%s/%s", word_of(WORDS_SERVER_KIND, kind), id->names[0]);
        auto_free char *what = str_format("The %s server does not exist. ", role);
        resource_not_found(err, id->group, name);
        return what == NULL ? err_no_memory(err) : err_prefix(err, "%s", what);
    }
    return found < 0 ? -1 : 0;
}

int server_reference_read(struct request *request, const char *role, const char *text, struct err *err,
                          struct server *ret_server, bool *ret_is_resource)
{
    auto_armid struct armid id = {0};
    *ret_is_resource = armid_parse(text, &id);
    return *ret_is_resource ? look_up(request, role, &id, err, ret_server)
                            : read_address(role, text, err, ret_server);
}

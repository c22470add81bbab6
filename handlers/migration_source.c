/* SPDX-License-Identifier: MIT */
/* The source of a migration: a server of ours by its resource id, or any PostgreSQL as host:port@user. */
#include <string.h>

#include "core/str.h"
#include "handlers/migration.h"

static const char source_path[] = "properties.sourceDbServerResourceId";

/* host:port@user; the host may be an IPv6 address in brackets. The text is not repeated in the message: what
 * people paste here may be a connection string with a password. */
static int check_address(const char *text, struct err *err)
{
    const char *at = strchr(text, '@');
    const char *colon = at == NULL ? NULL : memrchr(text, ':', (size_t)(at - text));
    auto_free char *port = colon == NULL ? NULL : strndup(colon + 1, (size_t)(at - colon - 1));
    int64_t number;
    bool bare_ipv6 = colon != NULL && text[0] != '[' && memchr(text, ':', (size_t)(colon - text)) != NULL;
    if (port == NULL || colon == text || at[1] == '\0' || bare_ipv6 || strpbrk(text, "/ \t\r\n") != NULL ||
        !str_to_int(port, 1, 65535, &number)) {
        err_set(err, ERR_BAD_INPUT,
                "The source is neither the resource id of a server "
                "('/subscriptions/.../providers/%s/servers/NAME') nor "
                "of the form host:port@user.",
                POSTGRESQL_NAMESPACE);
        return err_target(err, "%s", source_path);
    }
    return 0;
}

static int look_up(struct request *request, const struct armid *id, struct err *err,
                   struct server *ret_source)
{
    int kind = id->depth == 1 ? word_to_value(WORDS_SERVER_KIND, id->types[0]) : -1;
    if (kind < 0 || id->group == NULL || !str_iequals(id->provider, POSTGRESQL_NAMESPACE)) {
        err_set(err, ERR_BAD_INPUT,
                "The source is the id of another kind of resource; it must be one of a server: %s",
                "'/subscriptions/{id}/resourceGroups/{group}/providers/" POSTGRESQL_NAMESPACE
                "/servers/{name}'.");
        return err_target(err, "%s", source_path);
    }
    if (!str_iequals(id->subscription_id, request->app->options->subscription_id)) {
        err_set(err, ERR_SUBSCRIPTION_NOT_FOUND, "The source server's subscription '%s' could not be found.",
                id->subscription_id);
        return err_target(err, "%s", source_path);
    }
    int found = store_server_get(request->app->store, (enum server_kind)kind, id->subscription_id, id->group,
                                 id->names[0], err, ret_source);
    if (found == 0) {
        auto_free char *name = str_format("%s/%s", word_of(WORDS_SERVER_KIND, kind), id->names[0]);
        resource_not_found(err, id->group, name);
        err_prefix(err, "The source server does not exist. ");
        return err_target(err, "%s", source_path);
    }
    return found < 0 ? -1 : 0;
}

int find_source(struct request *request, const struct migration_spec *spec, struct err *err,
                struct server *ret_source, bool *ret_is_resource)
{
    auto_armid struct armid id = {0};
    bool is_resource = armid_parse(spec->source_server_id, &id);
    if (is_resource ? look_up(request, &id, err, ret_source) < 0
                    : check_address(spec->source_server_id, err) < 0) {
        return -1;
    }
    *ret_is_resource = is_resource;
    return 0;
}

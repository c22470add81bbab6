/* SPDX-License-Identifier: MIT */
#include "executor/servers/sides.h"

#include <stdlib.h>
#include <string.h>

#include "core/parse/json_fields.h"
#include "core/parse/server_address.h"
#include "core/parse/ssl_mode.h"
#include "core/str.h"

static bool fill(struct endpoint *endpoint, const struct executor *executor, const char *host, int port)
{
    endpoint->port = port;
    endpoint->connect_timeout_s = executor->options->connect_timeout;
    return str_replace(&endpoint->host, host);
}

/* Clients of single servers sign in as "user@server"; PostgreSQL itself knows only the user. */
static char *plain_user(const char *user, const char *server_name)
{
    const char *at = strrchr(user, '@');
    if (at != NULL && at > user && server_name != NULL) {
        size_t len = strlen(server_name);
        bool own_name =
            strncasecmp(at + 1, server_name, len) == 0 && (at[1 + len] == '\0' || at[1 + len] == '.');
        if (own_name) {
            return strndup(user, (size_t)(at - user));
        }
    }
    return str_dup(user);
}

/* The tag's words are libpq's. A server of Malachite's own is reached over a Unix socket and loopback. */
static bool use_sslmode_tag(struct endpoint *endpoint, const struct server *server)
{
    json_auto_t *tags = server->attached ? json_from_text(server->tags) : NULL;
    json_t *sslmode = tags == NULL ? NULL : field_get(tags, "malachite.sslmode");
    return !json_is_string(sslmode) || str_replace(&endpoint->sslmode, json_string_value(sslmode));
}

struct instance_spec server_instance(const struct server *server)
{
    return (struct instance_spec){.name = server->instance,
                                  .major = server->major,
                                  .administrator = server->administrator,
                                  .password = server->password,
                                  .address = server->host,
                                  .port = server->port};
}

int server_login(const struct executor *executor, const struct server *server, struct err *err,
                 struct endpoint *ret_login)
{
    struct endpoint login = {0};
    login.label = str_format("server '%s' (%s:%d)", server->name, server->host, server->port);
    login.user = plain_user(server->administrator, server->name);
    if (login.label == NULL || login.user == NULL || !fill(&login, executor, server->host, server->port) ||
        !use_sslmode_tag(&login, server) || !str_replace(&login.password, server->password)) {
        endpoint_done(&login);
        return err_no_memory(err);
    }
    *ret_login = login;
    return 0;
}

/* A server whose restart an earlier process accepted stays Ready until the restart resumes. */
static int check_no_restart(const struct executor *executor, const struct server *server, struct err *err)
{
    int pending = server->attached ? 0 : store_operation_power_pending(executor->store, server->id, err);
    if (pending > 0) {
        err_set(err, ERR_SERVER_NOT_READY, "The server '%s' is about to start, stop or restart.",
                server->name);
        err->lasting = false;
    }
    return pending == 0 ? 0 : -1;
}

/* Finds a server that is a resource of Malachite. "role" is "source" or "target", for messages. */
static int find_registered(const struct executor *executor, struct side *side, const char *role,
                           const char *user, const char *password, struct err *err)
{
    const struct server *server = &side->server;
    if (!server->attached && server->state != SERVER_STATE_READY) {
        err_set(err, ERR_SERVER_NOT_READY, "The %s server '%s' is not ready: its state is %s%s%s.", role,
                server->name, word_of(WORDS_SERVER_STATE, (int)server->state),
                server->message == NULL ? "" : ": ", server->message == NULL ? "" : server->message);
        err->lasting = server->state != SERVER_STATE_STARTING && server->state != SERVER_STATE_PROVISIONING &&
                       server->state != SERVER_STATE_UPDATING;
        return -1;
    }
    if (check_no_restart(executor, server, err) < 0) {
        return -1;
    }
    side->login.label = str_format("%s server '%s' (%s:%d)", role, server->name, server->host, server->port);
    side->login.user = plain_user(user != NULL ? user : server->administrator, server->name);
    if (side->login.label == NULL || side->login.user == NULL ||
        !fill(&side->login, executor, server->host, server->port) || !use_sslmode_tag(&side->login, server) ||
        !str_replace(&side->login.password, password)) {
        return err_no_memory(err);
    }
    if (server->attached) {
        return endpoint_copy(&side->work, &side->login) ? 0 : err_no_memory(err);
    }
    const struct instance_spec spec = server_instance(server);
    return instance_superuser_endpoint(&executor->instances, &spec, side->login.label, err, &side->work);
}

/* A source given as host:port@user. */
static int find_unregistered(const struct executor *executor, struct side *side,
                             const struct migration_spec *spec, struct err *err)
{
    auto_server_address struct server_address address = {0};
    if (!server_address_parse(spec->source_server_id, &address)) {
        return err_set(err, ERR_BAD_INPUT,
                       "The source is neither the resource id of a server nor of the form host:port@user.");
    }
    side->login.label = str_format("source server '%s:%d'", address.host, address.port);
    side->login.user = str_dup(spec->source_user != NULL ? spec->source_user : address.user);
    if (side->login.label == NULL || side->login.user == NULL ||
        !fill(&side->login, executor, address.host, address.port) ||
        !str_replace(&side->login.password, spec->source_password)) {
        return err_no_memory(err);
    }
    return endpoint_copy(&side->work, &side->login) ? 0 : err_no_memory(err);
}

/* Applies the client's own name for an attached server, and its TLS mode. */
static int apply_wishes(struct side *side, const char *fqdn, const char *ssl_mode, struct err *err)
{
    bool ours = side->server.id != 0 && !side->server.attached;
    if (ours) {
        return 0; /* reached over a Unix socket and loopback: nothing to override */
    }
    if ((fqdn != NULL && (!str_replace(&side->login.host, fqdn) || !str_replace(&side->work.host, fqdn))) ||
        (ssl_mode != NULL && (!str_replace(&side->login.sslmode, ssl_mode_to_libpq(ssl_mode)) ||
                              !str_replace(&side->work.sslmode, ssl_mode_to_libpq(ssl_mode))))) {
        return err_no_memory(err);
    }
    return 0;
}

static int find_source(struct executor *executor, const struct migration *migration, struct side *side,
                       struct err *err)
{
    const struct migration_spec *spec = &migration->spec;
    if (migration->source_id == 0) {
        return find_unregistered(executor, side, spec, err);
    }
    int found = store_server_get_by_id(executor->store, migration->source_id, err, &side->server);
    if (found < 0) {
        return -1;
    }
    if (found == 0) {
        return err_set(err, ERR_RESOURCE_NOT_FOUND, "The source server '%s' no longer exists.",
                       spec->source_server_id);
    }
    return find_registered(executor, side, "source", spec->source_user, spec->source_password, err);
}

static int find_target(struct executor *executor, const struct migration *migration, struct side *side,
                       struct err *err)
{
    int found = store_server_get_by_id(executor->store, migration->target_id, err, &side->server);
    if (found < 0) {
        return -1;
    }
    if (found == 0) {
        return err_set(err, ERR_RESOURCE_NOT_FOUND, "The target server no longer exists.");
    }
    return find_registered(executor, side, "target", migration->spec.target_user,
                           migration->spec.target_password, err);
}

/* The endpoints carry the name of the resource, for testers' rules. */
static int name_side(struct side *side, struct err *err)
{
    bool named = str_replace(&side->login.server, side->server.name) &&
                 str_replace(&side->work.server, side->server.name);
    return named ? 0 : err_no_memory(err);
}

/* may_lack_source: leaves out a source that no longer exists. */
static int find_sides(struct executor *executor, const struct migration *migration, bool may_lack_source,
                      struct err *err, struct sides *ret_sides)
{
    const struct migration_spec *spec = &migration->spec;
    struct sides sides = {0};
    bool has_source = find_source(executor, migration, &sides.source, err) == 0;
    bool goes_without = !has_source && may_lack_source && err->code == ERR_RESOURCE_NOT_FOUND;
    if ((!has_source && !goes_without) || find_target(executor, migration, &sides.target, err) < 0 ||
        (has_source && apply_wishes(&sides.source, spec->source_fqdn, spec->ssl_mode, err) < 0) ||
        apply_wishes(&sides.target, spec->target_fqdn, NULL, err) < 0 || name_side(&sides.source, err) < 0 ||
        name_side(&sides.target, err) < 0) {
        sides_done(&sides);
        return -1;
    }
    *ret_sides = sides;
    return 0;
}

int sides_find(struct executor *executor, const struct migration *migration, struct err *err,
               struct sides *ret_sides)
{
    return find_sides(executor, migration, false, err, ret_sides);
}

int sides_find_left(struct executor *executor, const struct migration *migration, struct err *err,
                    struct sides *ret_sides)
{
    return find_sides(executor, migration, true, err, ret_sides);
}

static void side_done(struct side *side)
{
    server_done(&side->server);
    endpoint_done(&side->login);
    endpoint_done(&side->work);
}

void sides_done(struct sides *sides)
{
    side_done(&sides->source);
    side_done(&sides->target);
}

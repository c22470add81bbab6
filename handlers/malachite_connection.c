/* SPDX-License-Identifier: MIT */
/*
 * What somebody who fills in a form needs to know before a migration is created: as which application one
 * signs in, and whether a server takes a password and which databases it has. Not part of Azure's interface.
 */
#include <string.h>

#include "core/str.h"
#include "handlers/fields.h"
#include "handlers/handlers.h"
#include "handlers/migration.h"

void malachite_application_list(struct request *request)
{
    const struct options *options = request->app->options;
    reply_json(request, 200,
               json_pack("{s:[{s:s, s:s, s:s, s:s}]}", "value", "displayName", "Malachite", "appId",
                         options->client_id, "tenantId", options->tenant_id, "auth", options->auth));
}

/* host:port@user, which find_source() has found to be well-formed. */
static int read_address(const char *text, struct err *err, struct server *ret_server)
{
    const char *at = strchr(text, '@');
    const char *colon = memrchr(text, ':', (size_t)(at - text));
    bool brackets = text[0] == '[';
    int64_t port = 0;
    auto_free char *port_text = strndup(colon + 1, (size_t)(at - colon - 1));
    ret_server->host = strndup(text + (brackets ? 1 : 0), (size_t)(colon - text) - (brackets ? 2 : 0));
    ret_server->administrator = strdup(at + 1);
    ret_server->attached = true;
    if (port_text == NULL || ret_server->host == NULL || ret_server->administrator == NULL ||
        !str_replace(&ret_server->name, ret_server->host)) {
        return err_no_memory(err);
    }
    (void)str_to_int(port_text, 1, 65535, &port);
    ret_server->port = (int)port;
    return 0;
}

/* The server that the body names, with the login and password that it gives instead of the stored ones. */
static int read_connection(struct request *request, json_t *body, struct err *err, struct server *ret_server)
{
    const char *text = NULL;
    const char *login = NULL;
    const char *password = NULL;
    bool is_resource = false;
    if (field_string(body, "", "server", err, &text) < 0 ||
        field_string(body, "", "login", err, &login) < 0 ||
        field_string(body, "", "password", err, &password) < 0) {
        return -1;
    }
    if (text == NULL || password == NULL) {
        err_set(err, ERR_BAD_PARAMETER, "The property '%s' is required.",
                text == NULL ? "server" : "password");
        return err_target(err, text == NULL ? "server" : "password");
    }
    auto_free char *copy = str_dup(text);
    const struct migration_spec spec = {.source_server_id = copy};
    if (copy == NULL) {
        return err_no_memory(err);
    }
    if (find_source(request, &spec, err, ret_server, &is_resource) < 0 ||
        (!is_resource && read_address(text, err, ret_server) < 0)) {
        return err_target(err, "server");
    }
    if (!str_replace(&ret_server->password, password) ||
        (login != NULL && !str_replace(&ret_server->administrator, login))) {
        return err_no_memory(err);
    }
    return is_resource ? server_check_ready(ret_server, err) : 0;
}

/* 150018 is 15.18, 90624 is 9.6.24. */
static char *format_version(int version)
{
    return version >= 100000 ? str_format("%d.%d", version / 10000, version % 10000)
                             : str_format("%d.%d.%d", version / 10000, version / 100 % 100, version % 100);
}

void malachite_connection_test(struct request *request)
{
    struct err err;
    int version = 0;
    auto_server struct server server = {0};
    json_auto_t *databases = NULL;
    struct executor *executor = request->app->executor;
    json_t *body = request_body(request);
    if (body == NULL) {
        return;
    }
    if (read_connection(request, body, &err, &server) < 0 ||
        executor_probe_version(executor, &server, &err, &version) < 0 ||
        executor_list_databases(executor, &server, &err, &databases) < 0) {
        reply_error(request, &err);
        return;
    }
    auto_free char *text = format_version(version);
    reply_json(request, 200,
               json_pack("{s:s*, s:s*, s:O}", "version", text, "login", server.administrator, "databases",
                         databases));
}

/* SPDX-License-Identifier: MIT */
/*
 * Answers the portal's form before a migration is created: the application to sign in as, whether a server
 * accepts a password, and its databases. Not part of Azure's interface.
 */
#include "core/parse/json_fields.h"
#include "core/parse/ssl_mode.h"
#include "core/str.h"
#include "executor/servers/servers.h"
#include "handlers/arm/server_reference.h"
#include "handlers/own/own.h"

void malachite_application_list(struct request *request)
{
    const struct options *options = request->app->options;
    reply_json(request, 200,
               json_pack("{s:[{s:s, s:s, s:s, s:s}]}", "value", "displayName", "Malachite", "appId",
                         options->client_id, "tenantId", options->tenant_id, "auth", options->auth));
}

/* As the server's tag would say it. */
static int use_ssl_mode(struct server *server, const char *ssl_mode, struct err *err)
{
    const char *sslmode = ssl_mode_to_libpq(ssl_mode);
    if (ssl_mode == NULL) {
        return 0;
    }
    if (sslmode != NULL) {
        free(server->tags);
        server->tags = str_format("{\"malachite.sslmode\":\"%s\"}", sslmode);
        return server->tags == NULL ? err_no_memory(err) : 0;
    }
    err_set(err, ERR_BAD_PARAMETER,
            "The sslMode is '%.60s'; it must be Prefer, Require, VerifyCA or VerifyFull.", ssl_mode);
    return err_target(err, "sslMode");
}

/* The server in the body, with the body's login and password instead of the stored ones. */
static int read_connection(struct request *request, json_t *body, struct err *err, struct server *ret_server)
{
    const char *text = NULL;
    const char *login = NULL;
    const char *password = NULL;
    const char *ssl_mode = NULL;
    bool is_resource = false;
    if (field_string(body, "", "server", err, &text) < 0 ||
        field_string(body, "", "sslMode", err, &ssl_mode) < 0 ||
        field_string(body, "", "login", err, &login) < 0 ||
        field_string(body, "", "password", err, &password) < 0) {
        return -1;
    }
    if (text == NULL || password == NULL) {
        err_set(err, ERR_BAD_PARAMETER, "The property '%s' is required.",
                text == NULL ? "server" : "password");
        return err_target(err, text == NULL ? "server" : "password");
    }
    if (server_reference_read(request, "server", text, err, ret_server, &is_resource) < 0) {
        return err_target(err, "server");
    }
    if (!str_replace(&ret_server->password, password) ||
        (login != NULL && !str_replace(&ret_server->administrator, login))) {
        return err_no_memory(err);
    }
    if (use_ssl_mode(ret_server, ssl_mode, err) < 0) {
        return -1;
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
    struct err err = {0};
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

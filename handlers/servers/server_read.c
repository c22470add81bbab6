/* SPDX-License-Identifier: MIT */
#include "handlers/servers/server_read_private.h"

#include <string.h>

#include "core/parse/json_fields.h"
#include "core/parse/server_address.h"
#include "core/parse/ssl_mode.h"
#include "core/str.h"
#include "handlers/arm/naming/names.h"
#include "handlers/servers/values/server_rules.h"
#include "handlers/servers/values/server_values.h"

enum { PASSWORD_MAX = 128, POSTGRESQL_PORT = 5432 };

static int bad_tag(const char *name, const char *value, const char *rule, struct err *err)
{
    err_set(err, ERR_BAD_PARAMETER, "The tag '%s' is '%.100s'; it must be %s.", name, value, rule);
    return err_target(err, "tags.%s", name);
}

/* Tags that name the existing PostgreSQL behind the resource, because any client can set tags. */
static int read_attachment(struct server_request *request, json_t *body, struct err *err)
{
    json_t *tags = field_get(body, "tags");
    const char *host = json_string_value(tags == NULL ? NULL : field_get(tags, "malachite.host"));
    const char *port = json_string_value(tags == NULL ? NULL : field_get(tags, "malachite.port"));
    const char *sslmode = json_string_value(tags == NULL ? NULL : field_get(tags, "malachite.sslmode"));
    int64_t number = POSTGRESQL_PORT;
    if (host == NULL) {
        return port == NULL ? 0
                            : bad_tag("malachite.port", port, "accompanied by the tag 'malachite.host'", err);
    }
    if (!server_address_host_is_valid(host)) {
        return bad_tag("malachite.host", host, "a host name or an IP address", err);
    }
    if (port != NULL && !str_to_int(port, 1, 65535, &number)) {
        return bad_tag("malachite.port", port, "a port from 1 to 65535", err);
    }
    if (sslmode != NULL && ssl_mode_of_libpq(sslmode) == NULL) {
        return bad_tag("malachite.sslmode", sslmode, "prefer, require, verify-ca or verify-full", err);
    }
    request->host = str_dup(host);
    request->port = (int)number;
    return request->host == NULL ? err_no_memory(err) : 0;
}

static int check_create_mode(const char *mode, struct err *err)
{
    static const char *const known[] = {"Default",    "Create",  "Update",       "PointInTimeRestore",
                                        "GeoRestore", "Replica", "ReviveDropped"};
    enum { SUPPORTED = 3 };
    size_t i = 0;
    while (mode != NULL && i < ARRAY_LEN(known) && !str_iequals(mode, known[i])) {
        i++;
    }
    if (i < SUPPORTED) {
        return 0;
    }
    if (i == ARRAY_LEN(known)) {
        err_set(err, ERR_BAD_PARAMETER, "The value '%.60s' is not a createMode; use 'Default'.", mode);
    } else {
        err_set(err, ERR_NOT_IMPLEMENTED,
                "The createMode '%.60s' is not implemented by Malachite; use 'Default'.", mode);
    }
    return err_target(err, "properties.createMode");
}

static int check_version(const char *version, struct err *err)
{
    if (version == NULL || server_version_major(version) > 0) {
        return 0;
    }
    err_set(err, ERR_BAD_PARAMETER, "The version '%.60s' is not a version of PostgreSQL such as '16'.",
            version);
    return err_target(err, "properties.version");
}

static int check_password(const char *password, struct err *err)
{
    if (password == NULL || (password[0] != '\0' && strlen(password) <= PASSWORD_MAX)) {
        return 0;
    }
    err_set(err, ERR_BAD_PARAMETER, "The administrator's password must have 1 to %d characters.",
            PASSWORD_MAX);
    return err_target(err, "properties.administratorLoginPassword");
}

int server_request_read(enum server_kind kind, json_t *body, struct err *err,
                        struct server_request *ret_request)
{
    auto_server_request struct server_request request = {.kind = kind};
    if (properties_read(server_description(kind), body, err, &request, NULL) < 0) {
        return -1;
    }
    if (check_create_mode(request.mode, err) < 0 || check_version(request.version, err) < 0 ||
        check_password(request.password, err) < 0 || read_attachment(&request, body, err) < 0) {
        return -1;
    }
    *ret_request = request;
    request = (struct server_request){0};
    return 0;
}

void server_request_done(struct server_request *request)
{
    free_at_scope_end(&request->tags);
    free_at_scope_end(&request->host);
    json_decref(request->sku);
    json_decref(request->settings);
}

static int check_login(const char *login, struct err *err)
{
    static const char *const reserved[] = {
        "azuresu", "azure_superuser", "azure_pg_admin", "admin", "administrator", "root", "guest", "public"};
    if (name_check(NAME_LOGIN, login, err) < 0) {
        return err_target(err, "properties.administratorLogin");
    }
    bool taken = str_istarts(login, "pg_");
    for (size_t i = 0; i < ARRAY_LEN(reserved); i++) {
        taken = taken || str_iequals(login, reserved[i]);
    }
    if (taken) {
        err_set(err, ERR_BAD_PARAMETER, "The administrator login '%s' is reserved. Choose another one.",
                login);
        return err_target(err, "properties.administratorLogin");
    }
    return 0;
}

int server_request_check_new(const struct server_request *request, struct err *err)
{
    if (request->location == NULL) {
        return err_set(err, ERR_LOCATION_REQUIRED, "The location property is required for this definition.");
    }
    const char *missing = request->login == NULL || request->login[0] == '\0' ? "administratorLogin"
                          : request->password == NULL                         ? "administratorLoginPassword"
                                                                              : NULL;
    if (missing != NULL) {
        err_set(err, ERR_BAD_PARAMETER, "The property 'properties.%s' is required to create a server.",
                missing);
        return err_target(err, "properties.%s", missing);
    }
    /* An attached server has its roles and their passwords already. */
    return request->host != NULL || (check_login(request->login, err) == 0 &&
                                     server_password_check(request->login, request->password, err) == 0)
               ? 0
               : -1;
}

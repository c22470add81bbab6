/* SPDX-License-Identifier: MIT */
/* The token endpoint, the start of the device code flow, and managed identities. */
#include <ctype.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/str.h"
#include "handlers/signin/signin.h"
#include "server/reply.h"

static const char default_audience[] = "https://management.azure.com/";

static int64_t now_seconds(void)
{
    return clock_now_us() / 1000000;
}

static bool is_secret(const char *given, const char *expected)
{
    size_t len = strlen(expected);
    return strlen(given) == len && CRYPTO_memcmp(given, expected, len) == 0;
}

/* True if it has replied. */
static bool lacks_field(struct request *request, const char *name)
{
    if (request_form(request, name) != NULL) {
        return false;
    }
    signin_refuse(request, 400, "invalid_request", 900144,
                  "The request body must contain the following parameter: '%s'.", name);
    return true;
}

/* Grants fill the principal and return true, or have replied. Claims that a principal points into live as
 * long as the request. */
typedef bool grant_fn(struct request *request, struct principal *principal, json_t **claims);

static bool grant_to_application(struct request *request, struct principal *principal, json_t **claims)
{
    (void)claims;
    const struct options *options = request->app->options;
    const char *secret = request_form(request, "client_secret");
    if (lacks_field(request, "client_id")) {
        return false;
    }
    const char *client_id = request_form(request, "client_id");
    if (!str_iequals(client_id, options->client_id)) {
        signin_refuse(request, 400, "unauthorized_client", 700016,
                      "Application with identifier '%s' was not found in the directory '%s'.", client_id,
                      principal->tenant_id);
    } else if (request_form(request, "client_assertion") != NULL) {
        signin_refuse(request, 401, "invalid_client", 700027,
                      "The certificate or federated credential behind the client assertion is not registered "
                      "on application '%s': Malachite knows its application by the client secret only.",
                      client_id);
    } else if (secret == NULL) {
        signin_refuse(request, 401, "invalid_client", 7000218,
                      "The request body must contain the following parameter: 'client_assertion' or "
                      "'client_secret'.");
    } else if (!is_secret(secret, options->client_secret)) {
        signin_refuse(request, 401, "invalid_client", 7000215,
                      "Invalid client secret provided. Ensure the secret being sent in the request is the "
                      "client secret value, not the client secret ID, for a secret added to app '%s'.",
                      client_id);
    } else {
        principal->client_id = client_id;
        return true;
    }
    return false;
}

static bool grant_by_password(struct request *request, struct principal *principal, json_t **claims)
{
    (void)claims;
    principal->user = request_form(request, "username");
    if (lacks_field(request, "client_id") || lacks_field(request, "username")) {
        return false;
    }
    if (request_form(request, "password") == NULL) {
        signin_refuse(request, 400, "invalid_grant", 50126,
                      "Error validating credentials due to invalid username or password.");
        return false;
    }
    return true;
}

static bool grant_by_token(struct request *request, struct principal *principal, json_t **claims,
                           const char *field, const char *use)
{
    if (lacks_field(request, field)) {
        return false;
    }
    *claims = signin_redeem(request, request_form(request, field), use, now_seconds());
    const char *owner = json_string_value(json_object_get(*claims, "client_id"));
    const char *user = json_string_value(json_object_get(*claims, "user"));
    bool mine = owner != NULL && user != NULL &&
                (principal->client_id == NULL || str_iequals(principal->client_id, owner));
    if (!mine) {
        signin_refuse(request, 400, "invalid_grant", 70008,
                      "The provided authorization code or refresh token is not valid for this client, or has "
                      "expired.");
        return false;
    }
    principal->client_id = owner;
    principal->user = user;
    return true;
}

/* No user has to confirm: a device code is valid from the start. */
static bool grant_by_device_code(struct request *request, struct principal *principal, json_t **claims)
{
    const char *field = request_form(request, "device_code") == NULL ? "code" : "device_code";
    return grant_by_token(request, principal, claims, field, "device");
}

static bool grant_by_refresh_token(struct request *request, struct principal *principal, json_t **claims)
{
    return grant_by_token(request, principal, claims, "refresh_token", "refresh");
}

static const struct grant {
    const char *type;
    grant_fn *run;
} grants[] = {
    {"client_credentials", grant_to_application},
    {"password", grant_by_password},
    {"refresh_token", grant_by_refresh_token},
    {"urn:ietf:params:oauth:grant-type:device_code", grant_by_device_code},
    {"device_code", grant_by_device_code},
};

/* OpenID's own scopes request claims about the user and name no audience. */
static bool names_audience(const char *scope)
{
    static const char *const others[] = {"openid", "profile", "email", "offline_access"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (str_iequals(scope, others[i])) {
            return false;
        }
    }
    return scope[0] != '\0';
}

/* "https://management.azure.com/.default" means https://management.azure.com; version 1's resource is the
 * audience itself. New memory. */
static char *requested_audience(const struct request *request)
{
    const char *resource = request_form(request, "resource");
    const char *scope = request_form(request, "scope");
    auto_free char *scopes = str_dup(scope == NULL ? "" : scope);
    if (resource != NULL || scopes == NULL) {
        return str_dup(resource);
    }
    for (char *rest = scopes; rest != NULL;) {
        char *one = strsep(&rest, " ");
        if (names_audience(one)) {
            char *slash = strrchr(one, '/');
            if (slash != NULL && slash > one && slash[1] != '\0') {
                *slash = '\0';
            }
            return str_dup(one);
        }
    }
    return str_dup(default_audience);
}

static void set_or_drop(json_t **body, const char *name, char *text)
{
    if (text == NULL || json_object_set_new(*body, name, json_string(text)) < 0) {
        json_decref(*body);
        *body = NULL;
    }
    free(text);
}

/* Additional members of version 1 of the endpoint. */
static void add_version_1(json_t *body, const char *audience, int64_t now, int64_t lifetime)
{
    char text[32];
    snprintf(text, sizeof(text), "%" PRId64, now + lifetime);
    json_object_set_new(body, "expires_on", json_string(text));
    snprintf(text, sizeof(text), "%" PRId64, now);
    json_object_set_new(body, "not_before", json_string(text));
    json_object_set_new(body, "resource", json_string(audience));
}

static void reply_tokens(struct request *request, const struct principal *principal)
{
    int64_t now = now_seconds();
    auto_free char *audience = requested_audience(request);
    json_t *body =
        audience == NULL
            ? NULL
            : json_pack("{s:s, s:i, s:i, s:s*}", "token_type", "Bearer", "expires_in", SIGNIN_ACCESS_SECONDS,
                        "ext_expires_in", SIGNIN_ACCESS_SECONDS, "scope", request_form(request, "scope"));
    if (body != NULL && request_form(request, "resource") != NULL) {
        add_version_1(body, audience, now, SIGNIN_ACCESS_SECONDS);
    }
    if (body != NULL) {
        set_or_drop(&body, "access_token",
                    signin_access_token(request, principal, audience, now, SIGNIN_ACCESS_SECONDS));
    }
    if (body != NULL && principal->user != NULL) {
        set_or_drop(&body, "refresh_token", signin_refresh_token(request, principal, now));
    }
    if (body != NULL && principal->user != NULL) {
        set_or_drop(&body, "id_token", signin_id_token(request, principal, now));
    }
    if (body != NULL && principal->user != NULL) {
        set_or_drop(&body, "client_info", signin_client_info(principal));
    }
    reply_json(request, 200, body);
}

void signin_token_post(struct request *request)
{
    if (lacks_field(request, "grant_type")) {
        return;
    }
    const char *type = request_form(request, "grant_type");
    struct principal principal = {.tenant_id = signin_tenant(request),
                                  .client_id = request_form(request, "client_id")};
    for (size_t i = 0; i < ARRAY_LEN(grants); i++) {
        if (str_equals(type, grants[i].type)) {
            json_auto_t *claims = NULL;
            if (grants[i].run(request, &principal, &claims)) {
                reply_tokens(request, &principal);
            }
            return;
        }
    }
    signin_refuse(request, 400, "unsupported_grant_type", 70003,
                  "The app requested an unsupported grant type '%s'.", type);
}

/* Every client displays the code that a user would type; eight characters are usual. */
static void make_user_code(char code[static ID_TEXT_SIZE])
{
    id_new(code);
    for (size_t i = 0; i < 8; i++) {
        int upper = toupper((unsigned char)code[i]);
        code[i] = (char)upper;
    }
    code[8] = '\0';
}

void signin_device_code_post(struct request *request)
{
    if (lacks_field(request, "client_id")) {
        return;
    }
    char user_code[ID_TEXT_SIZE];
    make_user_code(user_code);
    auto_free char *device_code =
        signin_device_code(request, request_form(request, "client_id"), now_seconds());
    auto_free char *url = reply_absolute_url(request, "/devicelogin");
    auto_free char *message =
        url == NULL
            ? NULL
            : str_format(
                  "Malachite signs you in automatically: you do not need to open %s and enter the code %s.",
                  url, user_code);
    reply_json(request, 200,
               device_code == NULL || message == NULL
                   ? NULL
                   : json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:s}", "user_code", user_code, "device_code",
                               device_code, "verification_uri", url, "verification_url", url, "expires_in",
                               SIGNIN_DEVICE_SECONDS, "interval", 1, "message", message));
}

void signin_device_page(struct request *request)
{
    static const char text[] =
        "Malachite signs in every device automatically. You do not need to enter anything here.\n";
    reply_text(request, 200, "text/plain; charset=utf-8", text, sizeof(text) - 1);
}

/* The instance metadata service, App Service (2019-08-01) and its older form (2017-09-01) differ in the
 * names of headers and in what they omit; every client finds its own here. Browsers never send such a
 * header unasked or follow a redirect with it, which keeps tokens from attackers who can only make others
 * send a GET. */
void signin_managed_identity(struct request *request)
{
    if (!request->has_metadata_header) {
        reply_json(
            request, 400,
            json_pack("{s:s, s:s}", "error", "invalid_request", "error_description",
                      "Required metadata header not specified or not correct: send 'Metadata: true'."));
        return;
    }
    const char *audience = request_query(request, "resource");
    const char *client_id = request_query(request, "client_id");
    if (client_id == NULL) {
        client_id = request_query(request, "clientid");
    }
    if (audience == NULL || audience[0] == '\0') {
        reply_json(request, 400,
                   json_pack("{s:s, s:s}", "error", "invalid_request", "error_description",
                             "Required query variable 'resource' is missing."));
        return;
    }
    const struct options *options = request->app->options;
    const struct principal principal = {
        .tenant_id = options->tenant_id,
        .client_id = client_id == NULL || client_id[0] == '\0' ? options->client_id : client_id};
    int64_t now = now_seconds();
    char seconds[16];
    snprintf(seconds, sizeof(seconds), "%d", SIGNIN_IDENTITY_SECONDS);
    json_t *body = json_pack("{s:s, s:s, s:s, s:s}", "token_type", "Bearer", "client_id", principal.client_id,
                             "expires_in", seconds, "ext_expires_in", seconds);
    if (body != NULL) {
        add_version_1(body, audience, now, SIGNIN_IDENTITY_SECONDS);
        set_or_drop(&body, "access_token",
                    signin_access_token(request, &principal, audience, now, SIGNIN_IDENTITY_SECONDS));
    }
    reply_json(request, 200, body);
}

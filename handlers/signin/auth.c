/* SPDX-License-Identifier: MIT */
/* Messages and order of the rejections are Resource Manager's. */
#include "handlers/signin/auth.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/clock.h"
#include "core/str.h"
#include "core/tokens/jwt.h"
#include "handlers/arm/app.h"
#include "server/reply.h"

#define MANAGEMENT_AUDIENCES                                                                                 \
    "'https://management.core.windows.net/','https://management.core.windows.net',"                          \
    "'https://management.azure.com/','https://management.azure.com'"

/* Without their trailing slash. */
static const char *const management_audiences[] = {"https://management.core.windows.net",
                                                   "https://management.azure.com"};

/* The token68 of RFC 6750; a signed token also has this format. */
static bool is_token(const char *text)
{
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");
    return len > 0 && text[len + strspn(text + len, "=")] == '\0';
}

static int find_token(const struct request *request, struct err *err, const char **ret_token)
{
    const char *header = request->authorization;
    if (header == NULL || header[0] == '\0') {
        return err_set(err, ERR_NO_AUTHORIZATION,
                       "Authentication failed. The 'Authorization' header is missing.");
    }
    static const char scheme[] = "Bearer ";
    const char *token = str_istarts(header, scheme) ? header + strlen(scheme) : "";
    token += strspn(token, " ");
    if (!is_token(token)) {
        return err_set(err, ERR_AUTHORIZATION_FORMAT,
                       "Authentication failed. The 'Authorization' header is provided in an invalid format.");
    }
    *ret_token = token;
    return 0;
}

static const char *text_claim(const json_t *claims, const char *name)
{
    const char *text = json_string_value(json_object_get(claims, name));
    return text == NULL ? "" : text;
}

/* "11/22/2026 9:05:01 AM", the real service's format for times here. */
static void format_time(time_t at, char text[static CLOCK_TEXT_SIZE])
{
    struct tm utc = {0};
    gmtime_r(&at, &utc);
    strftime(text, CLOCK_TEXT_SIZE, "%-m/%-d/%Y %-I:%M:%S %p", &utc);
}

static int check_time(const json_t *claims, struct err *err)
{
    time_t now = (time_t)(clock_now_us() / 1000000);
    time_t expiry = (time_t)json_integer_value(json_object_get(claims, "exp"));
    if (expiry <= now) {
        char expiry_text[CLOCK_TEXT_SIZE];
        char now_text[CLOCK_TEXT_SIZE];
        format_time(expiry, expiry_text);
        format_time(now, now_text);
        return err_set(err, ERR_TOKEN_EXPIRED,
                       "The access token expiry UTC time '%s' is earlier than current UTC time '%s'.",
                       expiry_text, now_text);
    }
    if ((time_t)json_integer_value(json_object_get(claims, "nbf")) > now) {
        return err_set(err, ERR_TOKEN_INVALID, "The access token is not valid yet.");
    }
    return 0;
}

static bool same_but_slashes(const char *audience, const char *known)
{
    size_t len = strlen(known);
    return strncasecmp(audience, known, len) == 0 && audience[len + strspn(audience + len, "/")] == '\0';
}

static int check_audience(const struct request *request, const json_t *claims, struct err *err)
{
    const char *audience = text_claim(claims, "aud");
    for (size_t i = 0; i < ARRAY_LEN(management_audiences); i++) {
        if (same_but_slashes(audience, management_audiences[i])) {
            return 0;
        }
    }
    auto_free char *base = reply_absolute_url(request, "");
    if (base == NULL) {
        return err_no_memory(err);
    }
    if (same_but_slashes(audience, base)) {
        return 0;
    }
    return err_set(
        err, ERR_TOKEN_AUDIENCE,
        "The access token has been obtained for wrong audience or resource '%s'. It should exactly "
        "match with one of the allowed audiences " MANAGEMENT_AUDIENCES ",'%s/','%s'.",
        audience, base, base);
}

static int check_tenant(const struct request *request, const json_t *claims, struct err *err)
{
    const char *tenant = request->app->options->tenant_id;
    if (str_iequals(text_claim(claims, "tid"), tenant)) {
        return 0;
    }
    return err_set(
        err, ERR_TOKEN_TENANT,
        "The access token is from the wrong issuer '%s'. It must match the tenant "
        "'https://sts.windows.net/%s/' associated with this subscription. Please use the authority "
        "(URL) 'https://login.windows.net/%s' to get the token.",
        text_claim(claims, "iss"), tenant, tenant);
}

/* Malachite's other tokens (refresh tokens, ID tokens) contain their purpose; access tokens do not. */
static int check_strictly(struct request *request, const char *token, struct err *err)
{
    json_auto_t *claims = jwt_verify(request->app->signing_key, token);
    if (claims == NULL || json_object_get(claims, "token_use") != NULL) {
        return err_set(err, ERR_TOKEN_INVALID, "The access token is invalid.");
    }
    if (check_time(claims, err) < 0 || check_audience(request, claims, err) < 0) {
        return -1;
    }
    if (check_tenant(request, claims, err) < 0) {
        return -1;
    }
    json_decref(request->claims);
    request->claims = json_incref(claims);
    return 0;
}

static void add_challenge(struct request *request, const struct err *err)
{
    auto_free char *tenant_path = str_format("/%s", request->app->options->tenant_id);
    auto_free char *authority = tenant_path == NULL ? NULL : reply_absolute_url(request, tenant_path);
    const char *why = err->code == ERR_NO_AUTHORIZATION
                          ? "The authentication failed because of missing 'Authorization' header."
                          : err->message;
    auto_free char *challenge =
        authority == NULL
            ? NULL
            : str_format("Bearer authorization_uri=\"%s\", error=\"invalid_token\", error_description=\"%s\"",
                         authority, why);
    if (challenge != NULL) {
        reply_header(request, "WWW-Authenticate", challenge);
    }
}

int auth_check(struct request *request, struct err *err)
{
    const char *wanted = request->app->options->auth;
    if (str_equals(wanted, "none")) {
        return 0;
    }
    const char *token = NULL;
    if (find_token(request, err, &token) < 0 ||
        (str_equals(wanted, "strict") && check_strictly(request, token, err) < 0)) {
        add_challenge(request, err);
        return -1;
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "handlers/signin/signin.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/str.h"
#include "core/tokens/base64.h"
#include "core/tokens/jwt.h"
#include "server/reply.h"

enum { REFRESH_SECONDS = 90 * 24 * 3600, MESSAGE_MAX = 4096 };

const char *signin_tenant(const struct request *request)
{
    for (size_t i = request->segment_count; i-- > 0;) {
        if (str_is_uuid(request->segments[i])) {
            return request->segments[i];
        }
    }
    return request->app->options->tenant_id;
}

/* Always the same id for the same name in the same tenant. */
static const char *object_id(const struct principal *principal, char text[static ID_TEXT_SIZE])
{
    auto_free char *name = str_format("%s/%s", principal->tenant_id,
                                      principal->user != NULL ? principal->user : principal->client_id);
    unsigned char h[EVP_MAX_MD_SIZE] = {0};
    if (name != NULL) {
        (void)EVP_Digest(name, strlen(name), h, NULL, EVP_sha256(), NULL);
    }
    h[6] = (unsigned char)((h[6] & 0x0F) | 0x50);
    h[8] = (unsigned char)((h[8] & 0x3F) | 0x80);
    snprintf(text, ID_TEXT_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", h[0],
             h[1], h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11], h[12], h[13], h[14], h[15]);
    return text;
}

/* Signs and releases the claims; NULL claims yield NULL. */
static char *sign_claims(const struct request *request, json_t *claims)
{
    char *token = claims == NULL ? NULL : jwt_sign(request->app->signing_key, claims);
    json_decref(claims);
    return token;
}

char *signin_access_token(const struct request *request, const struct principal *principal,
                          const char *audience, int64_t now, int64_t lifetime)
{
    char oid[ID_TEXT_SIZE];
    json_int_t expiry = now + lifetime;
    bool is_user = principal->user != NULL;
    auto_free char *issuer = str_format("https://sts.windows.net/%s/", principal->tenant_id);
    json_t *claims =
        issuer == NULL
            ? NULL
            : json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "aud", audience,
                        "iss", issuer, "idp", issuer, "iat", (json_int_t)now, "nbf", (json_int_t)now, "exp",
                        expiry, "appid", principal->client_id, "appidacr", is_user ? "0" : "1", "idtyp",
                        is_user ? "user" : "app", "oid", object_id(principal, oid), "sub", oid, "tid",
                        principal->tenant_id, "ver", "1.0");
    if (claims != NULL && is_user) {
        json_object_set_new(claims, "upn", json_string(principal->user));
        json_object_set_new(claims, "unique_name", json_string(principal->user));
        json_object_set_new(claims, "name", json_string(principal->user));
        json_object_set_new(claims, "scp", json_string("user_impersonation"));
    }
    return sign_claims(request, claims);
}

char *signin_id_token(const struct request *request, const struct principal *principal, int64_t now)
{
    char oid[ID_TEXT_SIZE];
    json_int_t expiry = now + SIGNIN_ACCESS_SECONDS;
    auto_free char *path = str_format("/%s/v2.0", principal->tenant_id);
    auto_free char *issuer = path == NULL ? NULL : reply_absolute_url(request, path);
    return sign_claims(request,
                       issuer == NULL
                           ? NULL
                           : json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
                                       "aud", principal->client_id, "iss", issuer, "token_use", "id", "iat",
                                       (json_int_t)now, "nbf", (json_int_t)now, "exp", expiry, "name",
                                       principal->user, "preferred_username", principal->user, "upn",
                                       principal->user, "oid", object_id(principal, oid), "sub", oid, "tid",
                                       principal->tenant_id, "ver", "2.0"));
}

char *signin_refresh_token(const struct request *request, const struct principal *principal, int64_t now)
{
    json_int_t expiry = now + REFRESH_SECONDS;
    return sign_claims(request, json_pack("{s:s, s:s, s:s, s:s, s:I}", "token_use", "refresh", "client_id",
                                          principal->client_id, "user", principal->user, "tid",
                                          principal->tenant_id, "exp", expiry));
}

char *signin_device_code(const struct request *request, const char *client_id, int64_t now)
{
    json_int_t expiry = now + SIGNIN_DEVICE_SECONDS;
    return sign_claims(request,
                       json_pack("{s:s, s:s, s:s, s:I}", "token_use", "device", "client_id", client_id,
                                 "user", "user@malachite.onmicrosoft.com", "exp", expiry));
}

char *signin_client_info(const struct principal *principal)
{
    char oid[ID_TEXT_SIZE];
    auto_free char *text =
        str_format("{\"uid\":\"%s\",\"utid\":\"%s\"}", object_id(principal, oid), principal->tenant_id);
    return text == NULL ? NULL : base64url_encode(text, strlen(text));
}

json_t *signin_redeem(const struct request *request, const char *token, const char *use, int64_t now)
{
    json_t *claims = jwt_verify(request->app->signing_key, token);
    if (claims != NULL && (!str_equals(json_string_value(json_object_get(claims, "token_use")), use) ||
                           json_integer_value(json_object_get(claims, "exp")) <= now)) {
        json_decref(claims);
        return NULL;
    }
    return claims;
}

void signin_refuse(struct request *request, int status, const char *error, int number, const char *format,
                   ...)
{
    time_t now = (time_t)(clock_now_us() / 1000000);
    struct tm utc = {0};
    char timestamp[32];
    gmtime_r(&now, &utc);
    strftime(timestamp, sizeof(timestamp), "%Y-%m-%d %H:%M:%SZ", &utc);
    auto_buf struct buf message = BUF_MAX(REQUEST_FORM_BYTES_MAX + MESSAGE_MAX);
    buf_addf(&message, "AADSTS%d: ", number);
    va_list args;
    va_start(args, format);
    buf_vaddf(&message, format, args);
    va_end(args);
    buf_addf(&message, " Trace ID: %s Correlation ID: %s Timestamp: %s", request->request_id,
             request->correlation_id, timestamp);
    reply_json(request, status,
               json_pack("{s:s, s:s, s:[i], s:s, s:s, s:s}", "error", error, "error_description",
                         buf_text(&message), "error_codes", number, "timestamp", timestamp, "trace_id",
                         request->request_id, "correlation_id", request->correlation_id));
}

/* SPDX-License-Identifier: MIT */
/* Discovery before the sign-in: endpoints, issuers, and keys. */
#include <string.h>

#include "core/memory.h"
#include "core/str.h"
#include "core/tokens/signing_key.h"
#include "handlers/signin/signin.h"
#include "server/reply.h"

enum { URL_MAX = 2 * REQUEST_URI_MAX };

/* base + the first count segments of the path. Segments are decoded, and one with a special character
 * (which no tenant has) could not be encoded again: it is left out. */
static void add_path(const struct request *request, size_t count, struct buf *url)
{
    for (size_t i = 0; i < count; i++) {
        const char *segment = request->segments[i];
        if (strspn(segment, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@") ==
            strlen(segment)) {
            buf_addf(url, "/%s", segment);
        }
    }
}

/* "https://host/{tenant}" + tail, as a JSON string; NULL when memory is out. */
static json_t *url_below(const struct buf *authority, const char *tail)
{
    auto_free char *url = buf_failed(authority) ? NULL : str_format("%s%s", buf_text(authority), tail);
    return url == NULL ? NULL : json_string(url);
}

/*
 * {authority}/.well-known/openid-configuration, {authority}/v2.0/.well-known/...: the authority is
 * everything before, so that any prefix that a client chooses leads to working endpoints.
 */
void signin_openid_configuration(struct request *request)
{
    size_t depth = request->segment_count - 2;
    bool v2 = depth > 0 && str_iequals(request->segments[depth - 1], "v2.0");
    auto_buf struct buf authority = BUF_MAX(URL_MAX);
    auto_free char *base = reply_absolute_url(request, "");
    buf_adds(&authority, base == NULL ? "" : base);
    add_path(request, v2 ? depth - 1 : depth, &authority);
    const char *endpoints = v2 ? "/oauth2/v2.0" : "/oauth2";
    static const struct {
        const char *name;
        const char *tail;
    } rows[] = {{"authorization_endpoint", "/authorize"},
                {"token_endpoint", "/token"},
                {"device_authorization_endpoint", "/devicecode"}};
    json_t *body = json_object();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_free char *tail = str_format("%s%s", endpoints, rows[i].tail);
        json_object_set_new(body, rows[i].name, tail == NULL ? NULL : url_below(&authority, tail));
    }
    json_object_set_new(body, "issuer", url_below(&authority, v2 ? "/v2.0" : ""));
    json_object_set_new(body, "jwks_uri",
                        url_below(&authority, v2 ? "/discovery/v2.0/keys" : "/discovery/keys"));
    json_t *rest = json_pack(
        "{s:[s], s:[s,s,s], s:[s,s,s], s:[s], s:[s], s:[s,s,s,s], s:[s,s,s,s,s,s,s,s], s:b, s:s, s:s}",
        "token_endpoint_auth_methods_supported", "client_secret_post", "response_modes_supported", "query",
        "fragment", "form_post", "response_types_supported", "code", "id_token", "code id_token",
        "subject_types_supported", "pairwise", "id_token_signing_alg_values_supported", "RS256",
        "scopes_supported", "openid", "profile", "email", "offline_access", "claims_supported", "sub", "iss",
        "aud", "exp", "iat", "tid", "oid", "preferred_username", "http_logout_supported", 0,
        "tenant_region_scope", "NA", "cloud_instance_name", "microsoftonline.com");
    if (rest == NULL || base == NULL || json_object_update_missing(body, rest) < 0) {
        json_decref(body);
        body = NULL;
    }
    json_decref(rest);
    reply_json(request, 200, body);
}

void signin_keys(struct request *request)
{
    json_t *key = signing_key_public(request->app->signing_key);
    reply_json(request, 200, key == NULL ? NULL : json_pack("{s:[o]}", "keys", key));
}

/* The first segment of the path in a URL, in new memory; "common" if none can be a tenant. */
static char *tenant_of_url(const char *url)
{
    const char *host = url == NULL ? NULL : strstr(url, "://");
    const char *path = host == NULL ? NULL : strchr(host + 3, '/');
    const char *tenant = path == NULL ? "" : path + 1;
    size_t len = strcspn(tenant, "/?#");
    size_t plain = strspn(tenant, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");
    return len == 0 || plain < len ? str_dup("common") : memory_checked(strndup(tenant, len));
}

/* Clients ask whether an authority is trusted, and for its aliases. */
void signin_instance_discovery(struct request *request)
{
    auto_free char *tenant = tenant_of_url(request_query(request, "authorization_endpoint"));
    auto_free char *path =
        tenant == NULL ? NULL : str_format("/%s/v2.0/.well-known/openid-configuration", tenant);
    auto_free char *url = path == NULL ? NULL : reply_absolute_url(request, path);
    json_t *body =
        url == NULL
            ? NULL
            : json_pack("{s:s, s:s, s:[{s:s, s:s, s:[s,s,s,s]}]}", "tenant_discovery_endpoint", url,
                        "api-version", "1.1", "metadata", "preferred_network", "login.microsoftonline.com",
                        "preferred_cache", "login.windows.net", "aliases", "login.microsoftonline.com",
                        "login.windows.net", "login.microsoft.com", "sts.windows.net");
    static const char microsoft[] = "login.microsoftonline.com";
    if (body != NULL && !str_iequals(request->host, microsoft)) {
        json_array_append_new(json_object_get(body, "metadata"),
                              json_pack("{s:s, s:s, s:[s]}", "preferred_network", request->host,
                                        "preferred_cache", request->host, "aliases", request->host));
    }
    reply_json(request, 200, body);
}

/* Every user is managed by the directory itself and has a password. */
void signin_user_realm(struct request *request)
{
    const char *user = request_param(request, "user");
    const char *at = strchr(user, '@');
    reply_json(request, 200,
               json_pack("{s:s, s:s, s:s, s:s, s:s}", "ver", "1.0", "account_type", "Managed", "domain_name",
                         at == NULL ? user : at + 1, "cloud_instance_name", "microsoftonline.com",
                         "cloud_audience_urn", "urn:federation:MicrosoftOnline"));
}
